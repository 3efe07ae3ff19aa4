/** How virtual time lets Node finish all promise jobs between two events. */

import type { Pump } from "@holdfast/sim";

/** So often the event loop turns, so that a worker can be told to stop. */
const STEPS_PER_TURN = 20_000;

const settled: Promise<void> = Promise.resolve();

/**
 * Each step runs as a promise job that asks for a tick; Node runs a tick's callback only when no
 * promise job is left. A tick may not ask for the next one directly: promise jobs would starve.
 */
export const hostPump: Pump = (step) =>
  new Promise((resolve, reject) => {
    let steps = 0;
    const turn = (): void => {
      let goesOn: boolean;
      try {
        goesOn = step();
      } catch (error) {
        reject(error);
        return;
      }
      if (!goesOn) resolve();
      else if (++steps % STEPS_PER_TURN === 0) setImmediate(turn);
      else process.nextTick(next);
    };
    const next = (): void => {
      void settled.then(turn);
    };
    process.nextTick(next);
  });
