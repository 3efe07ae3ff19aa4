/**
 * The file that will be the next segment, made ready while there is time. Writing into space that
 * was allocated before makes a sync half as long, because the file's length and extents stay as
 * they are.
 */

import { sometimes } from "@holdfast/raft";
import { maybe } from "../maybe.ts";
import { type Disk, DiskError } from "../ports.ts";

export const SPARE_NAME = "wal-spare.tmp";

/**
 * Zeros are written in pieces of this size, each synced: one large flush would delay the log's own.
 */
const PIECE_BYTES = 256 * 1024;

export class Spare {
  readonly #disk: Disk;
  readonly #segmentBytes: number;
  #state: "none" | "preparing" | "ready" | "taken" = "none";
  #recycled = false;
  #stopping = false;

  constructor(disk: Disk, segmentBytes: number) {
    this.#disk = disk;
    this.#segmentBytes = segmentBytes;
  }

  get isWanted(): boolean {
    return this.#state === "none" && !this.#stopping;
  }

  /** Hands the file over, if there is one, and says whether it has old data in it. */
  take(): { readonly recycled: boolean } | undefined {
    if (this.#state !== "ready" || maybe("wal: begin a segment without the spare"))
      return undefined;
    sometimes("wal: the spare becomes a segment");
    this.#state = "taken";
    return { recycled: this.#recycled };
  }

  /**
   * The file that was taken has its new name for good: until now the next spare would have been the
   * same file.
   */
  release(): void {
    if (this.#state === "taken") this.#state = "none";
  }

  stop(): void {
    this.#stopping = true;
  }

  /** A file left by an earlier run will do, whatever is in it, if it is long enough. */
  async adopt(): Promise<void> {
    // It may be a retired segment whose new name is not durable yet: see `recycle`.
    await this.#disk.syncDirectory();
    if ((await this.#lengthOf(SPARE_NAME)) < this.#segmentBytes) return;
    sometimes("recovery: a spare of an earlier run serves again");
    this.#offer(true);
  }

  /**
   * Writes zeros up to the length of a segment. A full disk is no failure: there will be no spare,
   * that is all.
   */
  async prepare(): Promise<void> {
    if (!this.isWanted) return;
    this.#state = "preparing";
    try {
      await this.#fill();
    } catch (error) {
      this.#state = "none";
      if (!(error instanceof DiskError) || error.code !== "no-space") throw error;
      sometimes("wal: no room for a spare");
      this.#stopping = true;
      await this.#disk.remove(SPARE_NAME);
    }
  }

  /**
   * Makes the retired segment `name` the spare if it is long enough, and says whether it did.
   * Renaming costs nothing; removing a large file can stall a disk.
   */
  async recycle(name: string): Promise<boolean> {
    if (!this.isWanted || (await this.#lengthOf(name)) < this.#segmentBytes) return false;
    this.#state = "preparing";
    await this.#disk.rename(name, SPARE_NAME);
    // The old name must be gone for good before anything is written over the old records.
    await this.#disk.syncDirectory();
    this.#offer(true);
    return true;
  }

  #offer(recycled: boolean): void {
    this.#state = "ready";
    this.#recycled = recycled;
  }

  async #lengthOf(name: string): Promise<number> {
    const file = await this.#disk.open(name);
    const length = file.size;
    await file.close();
    return length;
  }

  async #fill(): Promise<void> {
    const file = await this.#disk.create(SPARE_NAME);
    try {
      const zeros = new Uint8Array(Math.min(PIECE_BYTES, this.#segmentBytes));
      while (file.size < this.#segmentBytes && !this.#stopping) {
        file.write(file.size, zeros.subarray(0, this.#segmentBytes - file.size));
        await file.sync();
      }
      if (file.size >= this.#segmentBytes) this.#offer(false);
      else this.#state = "none";
    } finally {
      await file.close();
    }
  }
}
