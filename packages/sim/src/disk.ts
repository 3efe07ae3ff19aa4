/**
 * A disk in memory that forgets what was not synced, fails on demand, and can be crashed at any
 * operation.
 */

import {
  type Clock,
  type Disk,
  DiskError,
  type DiskErrorCode,
  type DiskFile,
} from "@holdfast/replica";
import { DirectoryState } from "./disk-directory.ts";
import type { Inode, Keep } from "./disk-inode.ts";

export type DiskOperation =
  | "list"
  | "open"
  | "create"
  | "rename"
  | "remove"
  | "sync-directory"
  | "read"
  | "write"
  | "sync"
  | "truncate"
  | "close";

/**
 * Called before operation number `count` (from 1) takes effect. It may crash the disk, or return a
 * code: the operation then fails with it. A failed `sync` behaves as on common file systems: the
 * pages count as clean and a later sync succeeds without writing them. A `write` that fails may
 * leave a part of its bytes.
 */
export type OperationHook = (
  count: number,
  operation: DiskOperation,
  name: string,
) => DiskErrorCode | undefined;

export interface SimDiskOptions {
  /** In [0, 1), seeded: decides everything that a fault leaves to chance. */
  readonly random: () => number;
  /**
   * With `syncMs`: `sync` and `syncDirectory` take that long. Without, they end within a microtask.
   */
  readonly clock?: Clock;
  readonly syncMs?: () => number;
  /** Sum of file sizes at which writing fails with `no-space`. */
  readonly capacityBytes?: number;
  readonly onOperation?: OperationHook;
}

export interface CrashOptions {
  readonly keep: Keep;
  /** Defaults to the disk's own. */
  readonly random?: () => number;
  /**
   * Just this many bytes of the latest unsynced write reach the platter; see
   * {@link SimDisk.unsyncedWriteBytes}.
   */
  readonly tornBytes?: number;
}

/**
 * After `crash` or `kill` this disk and its files are dead: everything that is called, or was under
 * way, rejects (or throws) with code `closed`. The returned disk is independent, so one dead disk
 * may be crashed again in other ways.
 */
export class SimDisk implements Disk {
  readonly #options: SimDiskOptions;
  readonly #state: DirectoryState;
  #operations = 0;
  #dead = false;
  #lastWritten: Inode | undefined;

  constructor(options: SimDiskOptions, state: DirectoryState = new DirectoryState()) {
    this.#options = options;
    this.#state = state;
  }

  /** Operations begun so far. */
  get operations(): number {
    return this.#operations;
  }

  /**
   * Length of the latest write if no sync has covered it yet, else 0: how many torn prefixes there
   * are to try.
   */
  get unsyncedWriteBytes(): number {
    return this.#lastWritten?.unsyncedWriteBytes ?? 0;
  }

  /** Power loss: what was synced stays, of the rest what `keep` says. */
  crash(options: CrashOptions, next: Partial<SimDiskOptions> = {}): SimDisk {
    this.#dead = true;
    const random = options.random ?? this.#options.random;
    const tornIn = options.tornBytes === undefined ? undefined : this.#lastWritten;
    const state = this.#state.afterPowerLoss(options.keep, random, (inode) =>
      inode.afterPowerLoss(options.keep, random, inode === tornIn ? options.tornBytes : undefined),
    );
    return new SimDisk(this.#nextOptions(next), state);
  }

  /**
   * The process dies, the machine stays up: the page cache survives, and is no more durable than it
   * was.
   */
  kill(next: Partial<SimDiskOptions> = {}): SimDisk {
    this.#dead = true;
    return new SimDisk(this.#nextOptions(next), this.#state.afterKill());
  }

  /** Sum of the lengths of all files, in bytes. */
  usedBytes(): number {
    return this.#state.usedBytes();
  }

  /** A copy of what a reader would see now; throws when there is no such file. */
  bytesOf(name: string): Uint8Array {
    const inode = this.#find(name);
    return inode.read(0, inode.size);
  }

  /** Damages a stored file silently. */
  flipBit(name: string, offset: number, bit: number): void {
    this.#find(name).flipBit(offset, bit);
  }

  async list(): Promise<readonly string[]> {
    this.begin("list", "");
    return this.#state.names();
  }

  async open(name: string): Promise<DiskFile> {
    this.begin("open", name);
    return new SimFile(this, name, this.#find(name));
  }

  async create(name: string): Promise<DiskFile> {
    this.begin("create", name);
    return new SimFile(this, name, this.#state.create(name));
  }

  async rename(from: string, to: string): Promise<void> {
    this.begin("rename", from);
    this.#find(from);
    this.#state.rename(from, to);
  }

  async remove(name: string): Promise<void> {
    this.begin("remove", name);
    this.#state.remove(name);
  }

  async syncDirectory(): Promise<void> {
    this.begin("sync-directory", "");
    const point = this.#state.beginSync();
    await this.pause();
    this.requireAlive();
    this.#state.endSync(point);
  }

  /** @internal Counts an operation, lets the hook act, and throws when it fails. */
  begin(operation: DiskOperation, name: string): void {
    const code = this.admit(operation, name);
    if (code !== undefined) throw injected(operation, name, code);
  }

  /** @internal As `begin`, but leaves it to the caller how the operation fails. */
  admit(operation: DiskOperation, name: string): DiskErrorCode | undefined {
    this.requireAlive();
    this.#operations += 1;
    const code = this.#options.onOperation?.(this.#operations, operation, name);
    this.requireAlive();
    return code;
  }

  /** @internal */
  requireAlive(): void {
    if (this.#dead) throw new DiskError("closed", "The disk has crashed");
  }

  /** @internal Time passes during a sync; the disk may die meanwhile, up to the last moment. */
  async pause(): Promise<void> {
    const { clock, syncMs } = this.#options;
    if (clock === undefined || syncMs === undefined) await Promise.resolve();
    else await new Promise<void>((resolve) => clock.setTimer(syncMs(), resolve));
  }

  /** @internal Writes what fits and throws `no-space` when that is not all. */
  writeTo(inode: Inode, name: string, position: number, bytes: Uint8Array): void {
    this.#lastWritten = inode;
    const code = this.admit("write", name);
    if (code !== undefined) {
      const part = Math.floor(this.#options.random() * bytes.length);
      inode.write(position, bytes.subarray(0, part));
      throw injected("write", name, code);
    }
    const growth = Math.max(0, position + bytes.length - inode.size);
    const excess =
      this.#state.usedBytes() + growth - (this.#options.capacityBytes ?? Number.POSITIVE_INFINITY);
    const fitting = excess > 0 ? Math.max(0, bytes.length - excess) : bytes.length;
    if (fitting > 0) inode.write(position, bytes.subarray(0, fitting));
    if (fitting < bytes.length) throw new DiskError("no-space", `No space left to write ${name}`);
  }

  /** @internal */
  async syncInode(inode: Inode, name: string): Promise<void> {
    const code = this.admit("sync", name);
    const point = inode.beginSync();
    await this.pause();
    this.requireAlive();
    if (code === undefined) {
      inode.endSync(point);
      return;
    }
    inode.failSync(point, this.#options.random);
    throw injected("sync", name, code);
  }

  #find(name: string): Inode {
    const inode = this.#state.find(name);
    if (inode === undefined) throw new DiskError("not-found", `No file named ${name}`);
    return inode;
  }

  #nextOptions(next: Partial<SimDiskOptions>): SimDiskOptions {
    const { onOperation: _spent, ...rest } = this.#options;
    return { ...rest, ...next };
  }
}

class SimFile implements DiskFile {
  readonly name: string;
  readonly #disk: SimDisk;
  readonly #inode: Inode;
  #closed = false;

  constructor(disk: SimDisk, name: string, inode: Inode) {
    this.#disk = disk;
    this.name = name;
    this.#inode = inode;
  }

  get size(): number {
    return this.#inode.size;
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    this.#requireOpen();
    this.#disk.begin("read", this.name);
    return this.#inode.read(position, length);
  }

  write(position: number, bytes: Uint8Array): void {
    this.#requireOpen();
    this.#disk.writeTo(this.#inode, this.name, position, bytes);
  }

  async sync(): Promise<void> {
    this.#requireOpen();
    await this.#disk.syncInode(this.#inode, this.name);
  }

  async truncate(size: number): Promise<void> {
    this.#requireOpen();
    this.#disk.begin("truncate", this.name);
    this.#inode.truncate(size);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#disk.begin("close", this.name);
    this.#closed = true;
  }

  #requireOpen(): void {
    this.#disk.requireAlive();
    if (this.#closed) throw new DiskError("closed", `File ${this.name} is closed`);
  }
}

function injected(operation: DiskOperation, name: string, code: DiskErrorCode): DiskError {
  return new DiskError(code, `Injected ${code} failure of ${operation} ${name}`);
}
