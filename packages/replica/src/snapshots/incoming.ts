/** A snapshot that is arriving from a peer, piece by piece (§7, Fig. 13). */

import { assert, type SnapshotMeta, type SnapshotPiece } from "@holdfast/raft";
import { SnapshotDamagedError, StoreIdentityError, StoreVersionError } from "../errors.ts";
import type { StoreIdentity } from "../identity.ts";
import type { Disk, DiskFile } from "../ports.ts";
import { isSameMeta, verifyImage } from "./image.ts";
import { incomingName } from "./names.ts";

export class Incoming {
  readonly meta: SnapshotMeta;
  readonly #file: DiskFile;

  private constructor(meta: SnapshotMeta, file: DiskFile) {
    this.meta = meta;
    this.#file = file;
  }

  static async begin(disk: Disk, meta: SnapshotMeta): Promise<Incoming> {
    return new Incoming(meta, await disk.create(incomingName(meta.index)));
  }

  get name(): string {
    return this.#file.name;
  }

  get size(): number {
    return this.#file.size;
  }

  /** A piece that came before changes nothing (E17). */
  receive(piece: SnapshotPiece): void {
    assert(isSameMeta(piece.snapshot, this.meta), "snapshots.receive: piece of another snapshot");
    assert(piece.offset <= this.size, "snapshots.receive: gap");
    if (piece.offset + piece.data.length <= this.size) return;
    this.#file.write(piece.offset, piece.data);
  }

  /** Whether the image is whole and is the snapshot that was announced. */
  async check(identity: StoreIdentity, chunkBytes: number): Promise<boolean> {
    try {
      const header = await verifyImage(this.#file, identity, chunkBytes);
      return isSameMeta(header.meta, this.meta);
    } catch (error) {
      if (isAboutContent(error)) return false;
      throw error;
    }
  }

  async sync(): Promise<void> {
    await this.#file.sync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** True for errors that say the bytes are wrong; others say that the disk is. */
export function isAboutContent(error: unknown): error is Error {
  return (
    error instanceof SnapshotDamagedError ||
    error instanceof StoreVersionError ||
    error instanceof StoreIdentityError
  );
}
