/** The second phase: a healed majority must answer, and soon (paper §5.6). */

import type { NodeId } from "@holdfast/raft";
import type { Broken } from "./broken.ts";
import type { Aim } from "./clients.ts";
import type { Answer, Door } from "./door.ts";

/** Bounds are in longest election timeouts, so that they fit every plan. */
export interface ProgressBounds {
  /** Each of these is asked. */
  readonly core: readonly NodeId[];
  readonly electionTimeoutMaxMs: number;
  /** Until the first operation has succeeded, from the call on. */
  readonly firstTimeouts: number;
  /** For each one after that. */
  readonly eachTimeouts: number;
  /**
   * And for each but the first so much more, in ms, for what this node must get before it can
   * answer; 0 unless told.
   */
  readonly graceMs?: (node: NodeId) => number;
  /** How often each node is asked. */
  readonly rounds: number;
}

/** How a demand for progress ended: `broken` says which operation was late. */
export interface Progress {
  readonly broken: Broken | undefined;
  /** How long the first operation took, and the slowest of the others; in ms. */
  readonly firstMs: number;
  readonly slowestMs: number;
}

/** Does one operation, sent once; `L` is what a client's state looks like. */
export interface Operator<L> {
  extraLane(name: string): L;
  operateOnce(lane: L, aim: Aim): Promise<Answer<unknown>>;
}

/** Returns as soon as one operation is late. */
export async function demandProgress<L>(
  operator: Operator<L>,
  door: Door<unknown>,
  bounds: ProgressBounds,
): Promise<Progress> {
  const { core, electionTimeoutMaxMs, firstTimeouts, eachTimeouts, rounds } = bounds;
  const lane = operator.extraLane("progress");
  let firstMs = 0;
  let slowestMs = 0;
  for (let nth = 0; nth < rounds * core.length; nth++) {
    const node = core[nth % core.length] ?? 0;
    const boundMs = electionTimeoutMaxMs * (nth === 0 ? firstTimeouts : eachTimeouts);
    const pauseMs = electionTimeoutMaxMs / 4;
    const graceMs = nth === 0 ? 0 : (bounds.graceMs?.(node) ?? 0);
    const demand = { lane, node, boundMs, graceMs, pauseMs };
    const { tookMs, broken } = await untilDone(operator, door, demand);
    if (nth === 0) firstMs = tookMs;
    else slowestMs = Math.max(slowestMs, tookMs);
    if (broken !== undefined) return { broken, firstMs, slowestMs };
  }
  return { broken: undefined, firstMs, slowestMs };
}

interface Demand<L> {
  readonly lane: L;
  readonly node: NodeId;
  readonly boundMs: number;
  /** After that there are only short tries. */
  readonly graceMs: number;
  /** Between two tries. */
  readonly pauseMs: number;
}

interface Took {
  readonly tookMs: number;
  readonly broken: Broken | undefined;
}

/**
 * One operation after the other until one succeeds: each is a new one for the history. A try gets
 * half of the time that is left, as it may be under way to a leader that was just lost.
 */
async function untilDone<L>(
  operator: Operator<L>,
  door: Door<unknown>,
  demand: Demand<L>,
): Promise<Took> {
  const { lane, node, boundMs, graceMs, pauseMs } = demand;
  const lastMs = boundMs + graceMs;
  const from = door.now();
  for (let tries = 1; ; tries++) {
    const leftMs = from + boundMs - door.now();
    const timeoutMs = Math.max(pauseMs, leftMs / 2);
    const answer = await operator.operateOnce(lane, { node, timeoutMs });
    const tookMs = door.now() - from;
    if (answer.kind === "ok" && tookMs <= lastMs) return { tookMs, broken: undefined };
    if (tookMs >= lastMs || answer.kind === "ok") {
      const message =
        `Node ${node} did nothing within ${lastMs} ms, after ${tries} tries ` +
        `(${answer.kind === "failed" ? answer.reason : answer.kind})`;
      return { tookMs, broken: { check: "progress: operation not done in time", message, node } };
    }
    await door.sleep(Math.min(pauseMs, Math.max(1, from + lastMs - door.now())));
  }
}
