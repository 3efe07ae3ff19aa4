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
import { type DamageDone, type DamageOptions, damageFiles, isInArea } from "./disk-damage.ts";
import { DirectoryState } from "./disk-directory.ts";
import { DiskFaults } from "./disk-faults.ts";
import type { Inode, Keep } from "./disk-inode.ts";
import type { DiskOperation, DiskWatcher, EffectHook, OperationHook } from "./disk-operation.ts";
import type { Damage, DiskArea, DiskPlace } from "./plan/fault.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";

export interface SimDiskOptions {
  /** In [0, 1), seeded: decides everything that a fault leaves to chance. */
  readonly random: () => number;
  /**
   * Time of the device, not that of a node: with it `sync`, `syncDirectory` and (by
   * `faults.otherMs`) the rest take their time. Without, all end within a microtask.
   */
  readonly clock?: Clock;
  /** How long the next sync takes; by default `faults.syncMs` and its jitter. */
  readonly syncMs?: () => number;
  /** Sum of file sizes at which writing fails with `no-space`. */
  readonly capacityBytes?: number;
  readonly onOperation?: OperationHook;
  /**
   * Whose disk it is: it hears of the end of an operation as an `io` event. Once it is dead nothing
   * takes effect any more and nothing is settled, so to it the end is silent.
   */
  readonly process?: Process;
  /** What may be changed while the disk is in use; by default all is well. */
  readonly faults?: DiskFaults;
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

type Reject = (error: DiskError) => void;

/**
 * After `crash` or `kill` this disk and its files are dead: everything that is called, or was under
 * way, rejects (or throws) with code `closed`; with a process nothing settles, and writing does
 * nothing. The returned disk is independent, so one dead disk may be crashed again in other ways.
 */
export class SimDisk implements Disk {
  readonly faults: DiskFaults;
  /** May be set at any time; neither outlives `crash` or `kill`. */
  beforeOperation: OperationHook | undefined;
  afterOperation: EffectHook | undefined;
  watcher: DiskWatcher | undefined;
  readonly #options: SimDiskOptions;
  readonly #process: Process | undefined;
  readonly #state: DirectoryState;
  #operations = 0;
  #syncs = 0;
  #isDead = false;
  #lastWritten: Inode | undefined;

  constructor(options: SimDiskOptions, state: DirectoryState = new DirectoryState()) {
    this.#options = options;
    this.#process = options.process;
    this.#state = state;
    this.faults = options.faults ?? new DiskFaults();
    if (options.capacityBytes !== undefined) this.faults.capacityBytes = options.capacityBytes;
    this.beforeOperation = options.onOperation;
  }

  /** Operations begun so far. */
  get operations(): number {
    return this.#operations;
  }

  /** Syncs of files and of the directory that have succeeded so far. */
  get syncs(): number {
    return this.#syncs;
  }

  /** False once it has crashed, or its process has died. */
  get isAlive(): boolean {
    return !this.#isDead && (this.#process === undefined || this.#process.isAlive);
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
    this.#isDead = true;
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
    this.#isDead = true;
    return this.copy(next);
  }

  /** An independent disk with the same content in both views; this one lives on. */
  copy(next: Partial<SimDiskOptions> = {}): SimDisk {
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

  /**
   * Damages a stored file silently, in the part that was written and synced. Returns what was done;
   * `undefined` when there was nothing to damage. For the disk that a crash has left, before it is
   * in use.
   */
  damage(
    area: DiskArea,
    place: DiskPlace,
    damage: Damage,
    random: Random,
    options: DamageOptions = {},
  ): DamageDone | undefined {
    return damageFiles(this.#state, { area, place, damage }, random, options);
  }

  /** These files are gone, durably. Returns their names. */
  lose(area: DiskArea): readonly string[] {
    return this.#state.lose((name) => isInArea(name, area));
  }

  /** @internal */
  get state(): DirectoryState {
    return this.#state;
  }

  list(): Promise<readonly string[]> {
    return this.#run("list", "", () => this.#state.names());
  }

  open(name: string): Promise<DiskFile> {
    return this.#run("open", name, () => new SimFile(this, name, this.#find(name)));
  }

  create(name: string): Promise<DiskFile> {
    return this.#run("create", name, () => new SimFile(this, name, this.#state.create(name)));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#run("rename", from, () => {
      this.#find(from);
      this.#state.rename(from, to);
    });
  }

  remove(name: string): Promise<void> {
    return this.#run("remove", name, () => this.#state.remove(name));
  }

  syncDirectory(): Promise<void> {
    return this.#sync(
      "sync-directory",
      "",
      () => this.#state.beginSync(),
      (point, code) => {
        if (code !== undefined) return;
        this.#state.endSync(point);
        this.watcher?.directorySynced();
      },
    );
  }

  /** @internal */
  readFrom(inode: Inode, name: string, position: number, length: number): Promise<Uint8Array> {
    return this.#run("read", name, () => inode.read(position, length));
  }

  /** @internal Writes what fits and throws `no-space` when that is not all. */
  writeTo(inode: Inode, name: string, position: number, bytes: Uint8Array): void {
    if (this.#isGone()) return;
    this.#lastWritten = inode;
    const code = this.#admit("write", name);
    if (this.#isGone()) return;
    const length =
      code === undefined
        ? this.#fitting(inode, position, bytes.length)
        : Math.floor(this.#options.random() * bytes.length);
    inode.write(position, length === bytes.length ? bytes : bytes.subarray(0, length));
    this.watcher?.wrote(inode.id, position, length);
    if (code !== undefined) throw injected("write", name, code);
    if (length < bytes.length) throw new DiskError("no-space", `No space left to write ${name}`);
    if (this.afterOperation === undefined) return;
    this.afterOperation("write", name);
    this.#isGone();
  }

  /** @internal */
  syncInode(inode: Inode, name: string): Promise<void> {
    return this.#sync(
      "sync",
      name,
      () => inode.beginSync(),
      (point, code) => {
        if (code !== undefined) {
          inode.failSync(point, this.faults.afterFailedSync, this.#options.random);
          return;
        }
        inode.endSync(point);
        this.watcher?.synced(inode.id, inode.platter());
      },
    );
  }

  /** @internal */
  truncateTo(inode: Inode, name: string, size: number): Promise<void> {
    return this.#run("truncate", name, () => inode.truncate(size));
  }

  /** @internal */
  closeFile(name: string, close: () => void): Promise<void> {
    return this.#run("close", name, close);
  }

  /** @internal A promise that ends as it does for who asks a dead disk, or a closed file. */
  refuse(file: string | undefined): Promise<never> {
    return new Promise((_resolve, reject) => {
      if (this.isAlive && file !== undefined) {
        this.#deliver(() => reject(new DiskError("closed", `File ${file} is closed`)), reject);
      } else {
        this.#bury(reject);
      }
    });
  }

  /** Counts an operation, lets the hook act, and says how it fails, if it does. */
  #admit(operation: DiskOperation, name: string): DiskErrorCode | undefined {
    this.#operations += 1;
    const code = this.beforeOperation?.(this.#operations, operation, name);
    return code ?? this.faults.take(operation);
  }

  /** Takes effect at once, or fails; the caller hears of it when the operation's time is over. */
  #run<T>(operation: DiskOperation, name: string, effect: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.isAlive) {
        this.#bury(reject);
        return;
      }
      const code = this.#admit(operation, name);
      if (!this.isAlive) {
        this.#bury(reject);
        return;
      }
      const settle = this.#outcome(operation, name, code, effect, resolve, reject);
      const { clock } = this.#options;
      const { otherMs } = this.faults;
      if (clock === undefined || otherMs === 0) this.#deliver(settle, reject);
      else clock.setTimer(otherMs, () => this.#deliver(settle, reject));
    });
  }

  #outcome<T>(
    operation: DiskOperation,
    name: string,
    code: DiskErrorCode | undefined,
    effect: () => T,
    resolve: (value: T) => void,
    reject: Reject,
  ): () => void {
    if (code !== undefined) return () => reject(injected(operation, name, code));
    try {
      const value = effect();
      this.afterOperation?.(operation, name);
      return () => resolve(value);
    } catch (error) {
      if (error instanceof DiskError) return () => reject(error);
      throw error;
    }
  }

  /**
   * `begin` takes note of what is to become durable, and `end` makes it so, or fails; between them
   * time passes, and the disk may die up to the last moment.
   */
  #sync<P>(
    operation: DiskOperation,
    name: string,
    begin: () => P,
    end: (point: P, code: DiskErrorCode | undefined) => void,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.isAlive) {
        this.#bury(reject);
        return;
      }
      const code = this.#admit(operation, name);
      if (!this.isAlive) {
        this.#bury(reject);
        return;
      }
      const point = begin();
      const finish = (): void => {
        if (this.isAlive) {
          end(point, code);
          if (code === undefined) this.#syncs += 1;
          this.afterOperation?.(operation, name);
        }
        if (code === undefined) this.#deliver(resolve, reject);
        else this.#deliver(() => reject(injected(operation, name, code)), reject);
      };
      if (this.faults.isHung) this.faults.whenLifted(() => this.#afterSyncTime(finish));
      else this.#afterSyncTime(finish);
    });
  }

  #afterSyncTime(finish: () => void): void {
    const { clock } = this.#options;
    const ms = this.#syncMs();
    if (clock === undefined || ms === undefined) {
      void Promise.resolve().then(() => this.faults.whenLifted(finish));
    } else {
      clock.setTimer(ms, () => this.faults.whenLifted(finish));
    }
  }

  /** `undefined` when nobody has said how long a sync takes. */
  #syncMs(): number | undefined {
    const { syncMs, random } = this.#options;
    if (syncMs !== undefined) return syncMs();
    const { faults } = this;
    if (faults.syncJitterMs > 0) return faults.syncMs + random() * faults.syncJitterMs;
    return faults.syncMs > 0 ? faults.syncMs : undefined;
  }

  /** Lets the caller know, if it can be told anything any more. */
  #deliver(settle: () => void, reject: Reject): void {
    if (!this.isAlive) this.#bury(reject);
    else if (this.#process === undefined) settle();
    else this.#process.deliver("io", settle);
  }

  /** Nobody is left in a dead process to tell. */
  #bury(reject: Reject): void {
    if (this.#process === undefined) reject(new DiskError("closed", "The disk has crashed"));
  }

  /** True when there is nothing to do, as the process is dead; throws when only the disk is. */
  #isGone(): boolean {
    if (this.isAlive) return false;
    if (this.#process !== undefined) return true;
    throw new DiskError("closed", "The disk has crashed");
  }

  /** How many of the bytes there is room for; what a file has already can always be written over. */
  #fitting(inode: Inode, position: number, length: number): number {
    const { capacityBytes } = this.faults;
    if (capacityBytes === Number.POSITIVE_INFINITY) return length;
    const growth = Math.max(0, position + length - inode.size);
    if (growth === 0) return length;
    const excess = this.#state.usedBytes() + growth - capacityBytes;
    return excess > 0 ? Math.max(0, length - Math.min(growth, excess)) : length;
  }

  #find(name: string): Inode {
    const inode = this.#state.find(name);
    if (inode === undefined) throw new DiskError("not-found", `No file named ${name}`);
    return inode;
  }

  #nextOptions(next: Partial<SimDiskOptions>): SimDiskOptions {
    const { onOperation: _spent, capacityBytes: _known, ...rest } = this.#options;
    return { ...rest, faults: this.faults, ...next };
  }
}

class SimFile implements DiskFile {
  readonly name: string;
  readonly #disk: SimDisk;
  readonly #inode: Inode;
  #isClosed = false;

  constructor(disk: SimDisk, name: string, inode: Inode) {
    this.#disk = disk;
    this.name = name;
    this.#inode = inode;
  }

  get size(): number {
    return this.#inode.size;
  }

  read(position: number, length: number): Promise<Uint8Array> {
    if (this.#isClosed) return this.#disk.refuse(this.name);
    return this.#disk.readFrom(this.#inode, this.name, position, length);
  }

  write(position: number, bytes: Uint8Array): void {
    if (this.#isClosed) throw new DiskError("closed", `File ${this.name} is closed`);
    this.#disk.writeTo(this.#inode, this.name, position, bytes);
  }

  sync(): Promise<void> {
    if (this.#isClosed) return this.#disk.refuse(this.name);
    return this.#disk.syncInode(this.#inode, this.name);
  }

  truncate(size: number): Promise<void> {
    if (this.#isClosed) return this.#disk.refuse(this.name);
    return this.#disk.truncateTo(this.#inode, this.name, size);
  }

  close(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return this.#disk.closeFile(this.name, () => {
      this.#isClosed = true;
    });
  }
}

function injected(operation: DiskOperation, name: string, code: DiskErrorCode): DiskError {
  return new DiskError(code, `Injected ${code} failure of ${operation} ${name}`);
}
