/** What a core would hand to the disk, said in few words, for the tests of stores. */

import type { Write } from "@holdfast/raft";
import type { StoreIdentity } from "@holdfast/replica";

/** Whose store it is in tests that have but one. */
export const IDENTITY: StoreIdentity = { clusterId: 7, nodeId: 3 };

/** A write with these parts and nothing else to do. */
export function write(parts: Partial<Write> = {}): Write {
  return {
    seq: 0,
    hardState: undefined,
    snapshot: undefined,
    truncateFrom: 0,
    entries: [],
    compactTo: 0,
    compactTerm: 0,
    thenSend: [],
    ...parts,
  };
}
