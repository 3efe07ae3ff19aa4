/** Clients in a server's own process: each proposes anew when its last proposal is applied. */

import { COMMAND_BYTES, type LoadAnswer } from "./cluster-talk.ts";

export interface Load {
  readonly clients: number;
  readonly durationMs: number;
}

/** Resolves when the last proposal of each client has ended. */
export async function runLoops(
  propose: (command: Uint8Array) => Promise<unknown>,
  { clients, durationMs }: Load,
): Promise<LoadAnswer> {
  const command = new Uint8Array(COMMAND_BYTES).fill(0xa5);
  const latenciesMs: number[] = [];
  let failures = 0;
  let isOver = false;
  setTimeout(() => {
    isOver = true;
  }, durationMs);
  const begun = performance.now();
  const loops = Array.from({ length: clients }, async () => {
    while (!isOver) {
      const sentAt = performance.now();
      try {
        await propose(command);
        latenciesMs.push(performance.now() - sentAt);
      } catch {
        // A replica that is closed refuses at once: asking again would never let go of this thread.
        failures++;
        return;
      }
    }
  });
  await Promise.all(loops);
  return { kind: "loaded", latenciesMs, tookMs: performance.now() - begun, failures };
}
