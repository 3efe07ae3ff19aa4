/** A thread of the suite: takes one job after the other. */

import { parentPort } from "node:worker_threads";
import { checkPump, hostPump } from "@holdfast/sim";
import { play } from "./play.ts";
import type { Job } from "./pool.ts";

import { replicas } from "./replica-server.ts";
import { SUITE } from "./suite.ts";

const port = parentPort;
if (port === null)
  throw new Error("worker.js is a thread of the suite and can't be started by itself");
const isChecked = checkPump(hostPump);

port.on("message", ({ number, seed, isReal }: Job) => {
  const scenario = SUITE[number - 1];
  if (scenario === undefined) throw new RangeError(`No test ${number}`);
  // What rejects here ends the thread, and the pool says so.
  void isChecked
    .then(() => play(scenario, replicas, { seed, isReal }))
    .then((played) => port.postMessage(played));
});
