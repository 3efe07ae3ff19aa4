/**
 * The replicated state machine of the demo: key-value commands in, results out, snapshots both ways
 * (paper §7).
 */

import type { Machine } from "@holdfast/replica";
import { decodeKvCommand, type KvCommand } from "./kv-command.ts";
import { decodeKvSnapshot, encodeKvSnapshot } from "./kv-snapshot.ts";
import { type KeyValue, KvStore, type RangeRequest, type RangeResult } from "./kv-store.ts";

/** What a command did; `revision` is the store's after it. */
export type KvResult =
  | { readonly kind: "put"; readonly revision: number; readonly before: KeyValue | undefined }
  | {
      readonly kind: "delete-range";
      readonly revision: number;
      readonly deleted: readonly KeyValue[];
    }
  | { readonly kind: "barrier"; readonly revision: number }
  /**
   * Not a command of this map. Nothing changed: an entry in the log must not stop the cluster for
   * ever.
   */
  | { readonly kind: "malformed"; readonly revision: number };

/** A pure function of the commands: no clock, no randomness, the same on every node. */
export class KvMachine implements Machine<KvResult> {
  #store = new KvStore();

  /** Store revision: 1 when nothing was ever written. */
  get revision(): number {
    return this.#store.revision;
  }

  /** How many keys there are. */
  get size(): number {
    return this.#store.size;
  }

  apply(bytes: Uint8Array): KvResult {
    const command = decodeKvCommand(bytes);
    if (command === undefined) return { kind: "malformed", revision: this.#store.revision };
    return this.#execute(command);
  }

  #execute(command: KvCommand): KvResult {
    const store = this.#store;
    switch (command.kind) {
      case "put": {
        // Copies: the command is a view into a larger buffer, which a small pair must not keep
        // alive.
        const before = store.put(command.key.slice(), command.value.slice());
        return { kind: "put", revision: store.revision, before };
      }
      case "delete-range": {
        const deleted = store.deleteRange(command);
        return { kind: "delete-range", revision: store.revision, deleted };
      }
      case "barrier":
        return { kind: "barrier", revision: store.revision };
    }
  }

  /** Reads what is applied here now; not linearizable by itself. */
  range(request: RangeRequest): RangeResult {
    return this.#store.range(request);
  }

  snapshot(): Iterable<Uint8Array> {
    return encodeKvSnapshot(this.#store);
  }

  /** The old state stays in force until the new one is whole. Rejects with `KvSnapshotError`. */
  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    this.#store = await decodeKvSnapshot(chunks);
  }
}
