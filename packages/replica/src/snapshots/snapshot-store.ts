/**
 * The snapshots of this replica: the two newest are kept, each put in force by a rename once it is
 * on disk (§7).
 */

import {
  assert,
  type Index,
  type SnapshotMeta,
  type SnapshotPiece,
  sometimes,
} from "@holdfast/raft";
import { SnapshotDamagedError, SnapshotMissingError, StoreIdentityError } from "../errors.ts";
import type { StoreIdentity } from "../identity.ts";
import { maybe } from "../maybe.ts";
import { type Disk, DiskError, type DiskFile } from "../ports.ts";
import { Arrivals } from "./arrivals.ts";
import { readImageHeader, readPayload, verifyImage, writeImage } from "./image.ts";
import { isAboutContent } from "./incoming.ts";
import { SAVING_NAME, snapshotIndexOf, snapshotName, TEMPORARY } from "./names.ts";

const KEPT = 2;

export interface SnapshotOptions {
  readonly identity: StoreIdentity;
  /** Size of the pieces that are read, and sent to peers, in bytes. */
  readonly chunkBytes: number;
}

/**
 * A file that looked like a snapshot and can't be used; it is left in place until two newer ones
 * are good.
 */
export interface DamagedSnapshot {
  readonly name: string;
  readonly error: Error;
}

interface Stored {
  readonly meta: SnapshotMeta;
  readonly name: string;
  readonly bytes: number;
}

/**
 * Opens the snapshots in `disk` and checks all bytes of those that may be used. Rejects with
 * `StoreIdentityError` when they belong to another cluster. May be interrupted at any moment and
 * called again.
 */
export async function openSnapshots(disk: Disk, options: SnapshotOptions): Promise<SnapshotStore> {
  assert(
    Number.isSafeInteger(options.chunkBytes) && options.chunkBytes > 0,
    "snapshots: chunkBytes",
  );
  const good: Stored[] = [];
  const damaged: DamagedSnapshot[] = [];
  for (const name of await disk.list()) {
    if (TEMPORARY.test(name)) await disk.remove(name);
    if (snapshotIndexOf(name) === undefined) continue;
    const found = await examine(disk, name, options);
    if ("error" in found) {
      sometimes("snapshots: a damaged one is set aside at the start");
      damaged.push(found);
    } else good.push(found);
  }
  // A rename that a crash interrupted may be visible and not yet durable; from here on it is relied
  // on.
  await disk.syncDirectory();
  return new SnapshotStore(disk, options, good, damaged);
}

export class SnapshotStore {
  /** What `openSnapshots` found unusable, for a warning. */
  readonly damaged: readonly DamagedSnapshot[];
  readonly #disk: Disk;
  readonly #options: SnapshotOptions;
  /** Oldest first. */
  #stored: readonly Stored[];
  readonly #arrivals: Arrivals;
  #saving: Promise<void> = Promise.resolve();

  /** @internal Use `openSnapshots`. */
  constructor(
    disk: Disk,
    options: SnapshotOptions,
    stored: readonly Stored[],
    damaged: readonly DamagedSnapshot[],
  ) {
    this.#disk = disk;
    this.#options = options;
    this.#stored = [...stored].sort((a, b) => a.meta.index - b.meta.index);
    this.damaged = damaged;
    this.#arrivals = new Arrivals(disk, options);
  }

  /** The newest usable one. */
  newest(): SnapshotMeta | undefined {
    return this.#stored.at(-1)?.meta;
  }

  /** Length of the file image, in bytes; 0 when that snapshot is not kept. */
  bytesOf(index: Index): number {
    return this.#find(index)?.bytes ?? 0;
  }

  /**
   * Keeps a snapshot of the application's state. When this resolves it is on disk, and older ones
   * than the newest two are gone. Rejects with a `DiskError`, or with what `chunks` throws; nothing
   * is in force then. Calls queue up.
   */
  save(
    meta: SnapshotMeta,
    chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const saved = this.#saving.then(() => this.#save(meta, chunks));
    this.#saving = saved.catch(() => undefined);
    return saved;
  }

  /**
   * The application's bytes again. Throws `SnapshotMissingError`, or `SnapshotDamagedError`
   * (possibly only after the last piece: until the end is reached nothing of it may be relied on).
   */
  async *stream(index: Index): AsyncGenerator<Uint8Array, void, undefined> {
    const stored = this.#find(index);
    if (stored === undefined) throw new SnapshotMissingError(index);
    const file = await this.#disk.open(stored.name);
    try {
      const header = await readImageHeader(file, this.#options.identity);
      yield* readPayload(file, header, this.#options.chunkBytes);
    } finally {
      await file.close();
    }
  }

  /**
   * A piece of the file image for a peer; `undefined` when that snapshot is gone or can't be read.
   */
  async piece(
    index: Index,
    offset: number,
  ): Promise<{ readonly data: Uint8Array; readonly done: boolean } | undefined> {
    const stored = this.#find(index);
    if (stored === undefined) return undefined;
    if (offset === 0 && maybe("snapshots: the first piece can't be read")) return undefined;
    const chunkBytes = maybe("snapshots: send a piece of one byte") ? 1 : this.#options.chunkBytes;
    try {
      const file = await this.#disk.open(stored.name);
      try {
        const data = await file.read(offset, chunkBytes);
        const done = offset + data.length >= stored.bytes;
        return data.length > 0 || done ? { data, done } : undefined;
      } finally {
        await file.close();
      }
    } catch (error) {
      if (error instanceof DiskError) return undefined;
      throw error;
    }
  }

  /**
   * Keeps a piece of an incoming snapshot. The piece at offset 0 begins anew; a piece that came
   * before, or of a snapshot that was checked already, changes nothing (E17). Calls queue up.
   */
  receive(piece: SnapshotPiece): Promise<void> {
    return this.#arrivals.receive(piece);
  }

  /** Whether what was received is all of this snapshot and undamaged. */
  check(meta: SnapshotMeta): Promise<boolean> {
    return this.#arrivals.check(meta);
  }

  /** It was checked, and will not be installed. */
  discard(meta: SnapshotMeta): Promise<void> {
    return this.#arrivals.discard(meta);
  }

  /**
   * Puts the received snapshot, checked before, in force. When it is in force already nothing
   * happens.
   */
  install(meta: SnapshotMeta): Promise<void> {
    return this.#arrivals.inTurn(async () => {
      const incoming = this.#arrivals.checked(meta);
      if (incoming === undefined) {
        assert(this.#find(meta.index) !== undefined, "snapshots.install: nothing was checked");
        return;
      }
      const bytes = incoming.size;
      await incoming.sync();
      await this.#arrivals.release(incoming);
      await this.#putInForce(meta, bytes, incoming.name);
      await this.#arrivals.forgetBefore(meta.index);
    });
  }

  /** Waits for what was begun and lets go of the files. */
  async close(): Promise<void> {
    await this.#saving;
    await this.#arrivals.close();
  }

  async #save(
    meta: SnapshotMeta,
    chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const file = await this.#disk.create(SAVING_NAME);
    try {
      await writeImage(file, this.#options.identity, meta, chunks);
    } catch (error) {
      await this.#abandon(file);
      throw error;
    }
    const bytes = file.size;
    await file.close();
    await this.#putInForce(meta, bytes, SAVING_NAME);
  }

  /**
   * A half-written file would only take space. It is cleared at the next start if this fails too.
   */
  async #abandon(file: DiskFile): Promise<void> {
    try {
      await file.close();
      await this.#disk.remove(SAVING_NAME);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
    }
  }

  /** The file is synced: now the name, then the directory, and only then is it the newest. */
  async #putInForce(meta: SnapshotMeta, bytes: number, from: string): Promise<void> {
    const name = snapshotName(meta.index);
    await this.#disk.rename(from, name);
    await this.#disk.syncDirectory();
    const others = this.#stored.filter((stored) => stored.meta.index !== meta.index);
    this.#stored = [...others, { meta, name, bytes }].sort((a, b) => a.meta.index - b.meta.index);
    await this.#dropOld();
  }

  /**
   * Removals need no sync: a snapshot that comes back after a crash is old, whole, and dropped
   * again.
   */
  async #dropOld(): Promise<void> {
    const kept = this.#stored.slice(-KEPT);
    const oldest = kept[0];
    if (oldest === undefined || kept.length < KEPT) return;
    this.#stored = kept;
    for (const name of await this.#disk.list()) {
      if ((snapshotIndexOf(name) ?? oldest.meta.index) < oldest.meta.index)
        await this.#disk.remove(name);
    }
  }

  #find(index: Index): Stored | undefined {
    return this.#stored.find((stored) => stored.meta.index === index);
  }
}

async function examine(
  disk: Disk,
  name: string,
  options: SnapshotOptions,
): Promise<Stored | DamagedSnapshot> {
  try {
    const file = await disk.open(name);
    try {
      const { meta } = await verifyImage(file, options.identity, options.chunkBytes);
      if (snapshotName(meta.index) === name) return { meta, name, bytes: file.size };
      return { name, error: new SnapshotDamagedError(name, "header belongs to another snapshot") };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof StoreIdentityError) throw error;
    const isUsable = isAboutContent(error) || (error instanceof DiskError && error.code === "io");
    if (isUsable) return { name, error };
    throw error;
  }
}
