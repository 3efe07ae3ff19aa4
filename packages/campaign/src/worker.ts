/** A worker thread of a campaign: takes one job after the other. */

import { parentPort, workerData } from "node:worker_threads";
import { checkPump, hostPump, type Profile } from "@holdfast/sim";
import type { Engine } from "./engine.ts";
import type { Job } from "./job.ts";
import { runJob } from "./run-job.ts";

/** What a thread is started with. */
export interface WorkerStart {
  /** Address of the module that has the engine. */
  readonly engine: string;
  readonly profile: Profile;
}

const port = parentPort;
if (port === null) throw new Error("worker.js is a thread of a campaign and can't start by itself");
const start = workerData as WorkerStart;
const { engine } = (await import(start.engine)) as { readonly engine: Engine };
await checkPump(hostPump);

// What rejects here ends the thread, and its lane says so.
port.on("message", (job: Job) => {
  void runJob(engine, start.profile, job).then((ran) => port.postMessage(ran));
});
