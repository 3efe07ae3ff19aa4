/** The state machines that the README of the simulator shows, as they stand there. */

import { defineMachine } from "holdfast";

// README: a right one
export const counter = defineMachine({
  initial: () => 0,
  apply: (total: number, { add }: { add: number }) => {
    const state = total + add;
    return { state, result: state };
  },
});
// README: end

// README: a clock in apply
export const tickets = defineMachine({
  initial: () => ({ next: 1 }),
  apply: ({ next }, { holder }: { holder: string }) => ({
    state: { next: next + 1 },
    result: { ticket: next, holder, at: Date.now() },
  }),
});
// README: end

// README: a snapshot that forgets
export const till = defineMachine({
  initial: () => ({ euros: 0, sales: 0 }),
  apply: (state, { paid }: { paid: number }) => {
    const next = { euros: state.euros + paid, sales: state.sales + 1 };
    return { state: next, result: next.euros };
  },
  snapshot: ({ euros }) => [new TextEncoder().encode(String(euros))],
  restore: async (chunks) => {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
    return { euros: Number(text), sales: 0 };
  },
});
// README: end
