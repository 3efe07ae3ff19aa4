/**
 * A disk in memory that forgets what was not synced, fails on demand, and can be crashed at any
 * operation.
 */

import { type Clock, type Disk, DiskError, type DiskFile } from "@holdfast/replica";
import { DiskCalls, injected } from "./disk-calls.ts";
import { type DamageDone, type DamageOptions, damageFiles, isInArea } from "./disk-damage.ts";
import { DirectoryState } from "./disk-directory.ts";
import { DiskFaults } from "./disk-faults.ts";
import { type FileOwner, SimFile } from "./disk-file.ts";
import type { Inode, Keep } from "./disk-inode.ts";
import type { DiskHooks, DiskWatcher, EffectHook, OperationHook } from "./disk-operation.ts";
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
  /** How long the next sync takes; by default `faults.currentSyncMs` and the jitter. */
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

/**
 * After `crash` or `kill` this disk and its files are dead: everything that is called, or was under
 * way, rejects (or throws) with code `closed`; with a process nothing settles, and writing does
 * nothing. The returned disk is independent, so one dead disk may be crashed again in other ways.
 */
export class SimDisk implements Disk, FileOwner {
  readonly faults: DiskFaults;
  /** May be set at any time, and does not outlive the disk. */
  watcher: DiskWatcher | undefined;
  /** @internal */
  readonly calls: DiskCalls;
  readonly #options: SimDiskOptions;
  readonly #state: DirectoryState;
  readonly #hooks: DiskHooks;
  #lastWritten: Inode | undefined;

  constructor(options: SimDiskOptions, state: DirectoryState = new DirectoryState()) {
    this.#options = options;
    this.#state = state;
    this.faults = options.faults ?? new DiskFaults();
    this.#hooks = { before: options.onOperation, after: undefined };
    if (options.capacityBytes !== undefined) this.faults.capacityBytes = options.capacityBytes;
    this.calls = new DiskCalls(options, this.faults, this.#hooks);
  }

  /** Called before each operation. May be set at any time, and does not outlive the disk. */
  set beforeOperation(hook: OperationHook | undefined) {
    this.#hooks.before = hook;
  }

  /** Called after each effect. May be set at any time, and does not outlive the disk. */
  set afterOperation(hook: EffectHook | undefined) {
    this.#hooks.after = hook;
  }

  /** Operations begun so far. */
  get operations(): number {
    return this.calls.operations;
  }

  /** Syncs of files and of the directory that have succeeded so far. */
  get syncs(): number {
    return this.calls.syncs;
  }

  /**
   * Operations that failed so far because of faults: full, dead, or told to. Names that nobody
   * knows don't count.
   */
  get failures(): number {
    return this.calls.failures;
  }

  /** False once it has crashed, or its process has died. */
  get isAlive(): boolean {
    return this.calls.isAlive;
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
    this.calls.stop();
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
    this.calls.stop();
    return this.copy(next);
  }

  /** An independent disk with the same content in both views; this one lives on. */
  copy(next: Partial<SimDiskOptions> = {}): SimDisk {
    return new SimDisk(this.#nextOptions(next), this.#state.afterKill());
  }

  /** The same files through the calls of another process: what either does both see. */
  shared(next: Partial<SimDiskOptions>): SimDisk {
    const disk = new SimDisk(this.#nextOptions(next), this.#state);
    disk.watcher = this.watcher;
    return disk;
  }

  /** This device with the files of another: someone has copied a directory. */
  withFilesOf(other: SimDisk, next: Partial<SimDiskOptions> = {}): SimDisk {
    return new SimDisk(this.#nextOptions(next), other.#state.afterKill());
  }

  /** Sum of the lengths of all files, in bytes. */
  usedBytes(): number {
    return this.#state.usedBytes();
  }

  /** All names, sorted, at once and without counting as an operation. */
  names(): readonly string[] {
    return this.#state.names();
  }

  has(name: string): boolean {
    return this.#state.find(name) !== undefined;
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
    return this.calls.run("list", "", () => this.#state.names());
  }

  open(name: string): Promise<DiskFile> {
    return this.calls.run("open", name, () => new SimFile(this, name, this.#find(name)));
  }

  create(name: string): Promise<DiskFile> {
    return this.calls.run("create", name, () => {
      return new SimFile(this, name, this.#state.create(name));
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.calls.run("rename", from, () => {
      this.#find(from);
      this.#state.rename(from, to);
    });
  }

  remove(name: string): Promise<void> {
    return this.calls.run("remove", name, () => this.#state.remove(name));
  }

  syncDirectory(): Promise<void> {
    return this.calls.sync(
      "sync-directory",
      "",
      () => this.#state.beginSync(),
      (point, code) => {
        if (code !== undefined) return;
        const names = this.#state.endSync(point);
        this.watcher?.directorySynced(names);
      },
    );
  }

  /** @internal */
  syncInode(inode: Inode, name: string): Promise<void> {
    return this.calls.sync(
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
  writeTo(inode: Inode, name: string, position: number, bytes: Uint8Array): void {
    const { calls } = this;
    if (calls.isOver()) return;
    this.#lastWritten = inode;
    const code = calls.admit("write", name);
    if (calls.isOver()) return;
    const length =
      code === undefined
        ? this.#fitting(inode, position, bytes.length)
        : Math.floor(this.#options.random() * bytes.length);
    inode.write(position, length === bytes.length ? bytes : bytes.subarray(0, length));
    this.watcher?.wrote(inode.id, position, length);
    if (code !== undefined) throw injected("write", name, code);
    if (length < bytes.length) {
      calls.failures += 1;
      throw new DiskError("no-space", `No space left to write ${name}`);
    }
    calls.took("write", name);
    calls.isOver();
  }

  /** How many of the bytes there is room for; what a file has can always be written over. */
  #fitting(inode: Inode, position: number, length: number): number {
    const { currentCapacityBytes: capacityBytes } = this.faults;
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
