/** One job after the other on one thread after the other: one that dies or hangs costs its job. */

import { Worker } from "node:worker_threads";
import type { Profile } from "@holdfast/sim";
import { type Job, type Ran, withoutEnd } from "./job.ts";
import type { WorkerStart } from "./worker.ts";

/** What a thread runs, and when it is given up or replaced. */
export interface LaneOptions {
  /** Address of the module that exports the engine. */
  readonly engine: string;
  readonly profile: Profile;
  /** A job that takes longer, in ms, is given up, and its thread with it. */
  readonly limitMs: number;
  /** A thread is replaced after so many jobs: what dead runs left behind goes with it. */
  readonly jobsPerThread: number;
}

/** More than this, and a thread ends instead of the machine. */
const HEAP_MAX_MB = 2048;

/** A worker thread that takes one job after the other, and a new one when that ends. */
export class Lane {
  readonly #options: LaneOptions;
  #worker: Worker | undefined;
  #jobs = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** One at a time. Never rejects: a thread that dies or hangs is the failure of its job. */
  async run(job: Job): Promise<Ran> {
    if (this.#jobs++ % this.#options.jobsPerThread === 0) await this.close();
    this.#worker ??= this.#start();
    const { ran, isUsable } = await ask(this.#worker, job, this.#options.limitMs);
    if (!isUsable) await this.close();
    return ran;
  }

  /** Ends the thread, whatever it does. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #start(): Worker {
    const { engine, profile } = this.#options;
    const workerData: WorkerStart = { engine, profile };
    const worker = new Worker(new URL("./worker.js", import.meta.url), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MAX_MB },
    });
    // One that is being ended may still fail, and nobody waits for that any more.
    return worker.on("error", () => {});
  }
}

interface Answer {
  readonly ran: Ran;
  readonly isUsable: boolean;
}

function ask(worker: Worker, job: Job, limitMs: number): Promise<Answer> {
  const begun = performance.now();
  return new Promise((resolve) => {
    const end = (answer: Answer): void => {
      clearTimeout(timer);
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      resolve(answer);
    };
    const broken = (check: string, message: string, stack?: string): void =>
      end({ ran: withoutEnd(check, message, performance.now() - begun, stack), isUsable: false });
    const onMessage = (ran: Ran): void => end({ ran, isUsable: true });
    const onError = (error: Error): void =>
      broken("campaign: thread died", String(error), error.stack);
    const onExit = (code: number): void => broken("campaign: thread died", `It ended with ${code}`);
    const timer = setTimeout(() => {
      broken("campaign: run took too long", `No end after ${limitMs} ms of real time`);
    }, limitMs);
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    worker.postMessage(job);
  });
}
