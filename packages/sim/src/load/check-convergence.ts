/** When all has come to rest: the machines of the healed core hold the same, byte for byte. */

import type { Index, NodeId } from "@holdfast/raft";
import type { Broken } from "./broken.ts";
import type { LoadMachine } from "./machine.ts";

/** A machine and how far the log was applied to it. */
export interface Standing {
  readonly node: NodeId;
  readonly applied: Index;
  readonly machine: LoadMachine;
}

/** The first difference; undefined when there is none. */
export function checkConvergence(standings: readonly Standing[]): Broken | undefined {
  const [first, ...others] = standings;
  if (first === undefined) {
    return { check: "state: nothing to compare", message: "There is no machine", node: 0 };
  }
  const bytes = first.machine.snapshotBytes();
  for (const other of others) {
    const difference = differ(first, bytes, other);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function differ(first: Standing, bytes: Uint8Array, other: Standing): Broken | undefined {
  const { node } = other;
  if (first.applied !== other.applied) {
    const message = `Node ${node} has applied up to ${other.applied}, node ${first.node} up to ${first.applied}`;
    return { check: "state: replicas have not converged", message, node };
  }
  const [hash, otherHash] = [first.machine.stateHash(), other.machine.stateHash()];
  if (hash !== otherHash) {
    const message =
      `At index ${other.applied} the state of node ${node} is ${otherHash.toString(16)}, ` +
      `that of node ${first.node} is ${hash.toString(16)}`;
    return { check: "state: replicas differ", message, node };
  }
  const at = firstDifference(bytes, other.machine.snapshotBytes());
  if (at === undefined) return undefined;
  const message = `Snapshots of nodes ${first.node} and ${node} differ from byte ${at} on`;
  return { check: "state: snapshots differ", message, node };
}

function firstDifference(one: Uint8Array, other: Uint8Array): number | undefined {
  const length = Math.max(one.length, other.length);
  for (let at = 0; at < length; at++) if (one[at] !== other[at]) return at;
  return undefined;
}
