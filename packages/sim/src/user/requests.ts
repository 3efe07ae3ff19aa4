/** What a user's clients asked for and were told, held against the log that was chosen. */

import type { NodeId } from "@holdfast/raft";
import type { Broken } from "../load/broken.ts";
import type { Chosen } from "../load/check-log.ts";
import type { Answer } from "../load/door.ts";
import { latin } from "./canonical.ts";

export interface UserRequest {
  /** As the workload gave it, and as bytes. */
  readonly command: unknown;
  readonly bytes: Uint8Array;
  readonly node: NodeId;
  /** `result` is text, made when the answer came. Undefined while there is none. */
  answer: Answer<string> | undefined;
}

interface Fates {
  /** Requests with these bytes that were answered ok, and that may have been applied. */
  ok: number;
  open: number;
}

/** The first thing that doesn't fit: what was told as done must be there, as failed must not. */
export function checkRequests(
  requests: readonly UserRequest[],
  chosen: Chosen,
): Broken | undefined {
  const fates = new Map<string, Fates>();
  const places = new Map<number, UserRequest>();
  for (const request of requests) {
    const key = latin(request.bytes);
    const fate = fates.get(key) ?? { ok: 0, open: 0 };
    fates.set(key, fate);
    const { answer, node } = request;
    if (answer === undefined || answer.kind === "unknown") fate.open++;
    if (answer?.kind !== "ok") continue;
    fate.ok++;
    const { index, term } = answer;
    const entry = chosen.at(index);
    const isThere = entry?.kind === "command" && entry.term === term && latin(entry.data) === key;
    if (!isThere) {
      const message = `A command was answered as done at ${index}^${term}, where the log has another entry`;
      return { check: "answer: done and not in the log", message, node };
    }
    if (places.has(index)) {
      const message = `Two commands were both answered as done at index ${index}`;
      return { check: "answer: one place for two commands", message, node };
    }
    places.set(index, request);
  }
  return countedTooOften(fates, chosen);
}

function countedTooOften(fates: ReadonlyMap<string, Fates>, chosen: Chosen): Broken | undefined {
  const counts = new Map<string, number>();
  for (let index = 1; index <= chosen.last; index++) {
    const entry = chosen.at(index);
    if (entry?.kind !== "command") continue;
    const key = latin(entry.data);
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    const { ok, open } = fates.get(key) ?? { ok: 0, open: 0 };
    if (count <= ok + open) continue;
    const message =
      `The command at index ${index} is in the log ${count} times, but was asked for ` +
      `and not refused only ${ok + open} times`;
    return { check: "answer: refused and in the log", message, node: 0 };
  }
  return undefined;
}
