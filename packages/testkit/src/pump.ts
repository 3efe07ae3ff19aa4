/** Drives a scheduler in tests: between two events every promise job that is ready has run. */

const settled = Promise.resolve();

/** Calls `step` until it returns false. Node runs a tick only when no promise job is left. */
export function pump(step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const turn = (): void => {
      try {
        if (step()) process.nextTick(() => void settled.then(turn));
        else resolve();
      } catch (error) {
        reject(error);
      }
    };
    process.nextTick(() => void settled.then(turn));
  });
}
