/**
 * Each operation that adds happened once on that replica, however often its command was sent
 * (thesis §6.3).
 */

import type { Broken } from "./broken.ts";
import type { Standing } from "./check-convergence.ts";
import type { Chosen } from "./check-log.ts";
import { decodeCommand } from "./command.ts";

/** Counts the operations in the log up to where the replica stands, without its machine. */
export function checkExactlyOnce(
  chosen: Chosen,
  { node, applied, machine }: Standing,
): Broken | undefined {
  for (const [key, adds] of countAdds(chosen, applied)) {
    const count = machine.countOf(key);
    if (count === adds) continue;
    return {
      check: "load: not exactly once",
      message:
        `Up to index ${applied} ${adds} operations add to key ${key}, ` +
        `the count on node ${node} is ${count}`,
      node,
    };
  }
  return undefined;
}

/** By key. */
function countAdds(chosen: Chosen, last: number): ReadonlyMap<number, number> {
  const adds = new Map<number, number>();
  const numbers = new Map<number, number>();
  for (let index = 1; index <= last; index++) {
    const entry = chosen.at(index);
    if (entry?.kind !== "command") continue;
    const { op, session, number, key } = decodeCommand(entry.data);
    // A session that has gone on has given the older operation up: it must not happen any more.
    if (op !== "add" || number <= (numbers.get(session) ?? 0)) continue;
    numbers.set(session, number);
    adds.set(key, (adds.get(key) ?? 0) + 1);
  }
  return adds;
}
