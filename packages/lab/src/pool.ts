/** Plays many runs on a few threads. */

import { Worker } from "node:worker_threads";
import type { Played } from "./play.ts";

/** One run to make. */
export interface Job {
  /** Of the scenario. */
  readonly number: number;
  readonly seed: number;
  readonly isReal: boolean;
}

/**
 * Plays all jobs, `threads` at a time, and calls `onPlayed` with each one's place, in order, as
 * soon as it and those before it are done. Rejects when a thread dies.
 */
export async function playAll(
  jobs: readonly Job[],
  threads: number,
  onPlayed: (at: number, played: Played) => void,
): Promise<void> {
  const results: (Played | undefined)[] = jobs.map(() => undefined);
  let next = 0;
  let reported = 0;
  const finished = (at: number, played: Played): void => {
    results[at] = played;
    for (;;) {
      const result = results[reported];
      if (result === undefined) return;
      onPlayed(reported++, result);
    }
  };
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL("./worker.js", import.meta.url));
    try {
      for (;;) {
        const at = next++;
        const job = jobs[at];
        if (job === undefined) return;
        finished(at, await ask(worker, job));
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(threads, jobs.length) }, work));
}

function ask(worker: Worker, job: Job): Promise<Played> {
  return new Promise((resolve, reject) => {
    const onMessage = (played: Played): void => {
      worker.off("error", reject);
      worker.off("exit", onExit);
      resolve(played);
    };
    const onExit = (): void => reject(new Error("A thread of the suite ended by itself"));
    worker.once("message", onMessage);
    worker.once("error", reject);
    worker.once("exit", onExit);
    worker.postMessage(job);
  });
}
