/** The Disk port on a real directory: writes go to the page cache at once, flushes run beside. */

import { close, fdatasync, fstat, fsync, ftruncate, open, read, writeSync } from "node:fs";
import { mkdir, readdir, rename, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { type Disk, DiskError, type DiskErrorCode, type DiskFile } from "@holdfast/replica";
import { DirectoryInUseError, type DirectoryLock, isLockName, lockDirectory } from "./lock.ts";

const openFd = promisify(open);
const closeFd = promisify(close);
const statFd = promisify(fstat);
const syncFd = promisify(fsync);
const syncDataFd = promisify(fdatasync);
const truncateFd = promisify(ftruncate);
const readFd = promisify(read);

/** A directory that belongs to this process alone until it is closed. */
export interface DirectoryDisk extends Disk {
  /** Absolute. */
  readonly dir: string;
  /** Lets go of the directory. Files that are still open stay usable: close them first. */
  close(): Promise<void>;
}

/**
 * Creates the directory if need be (durably) and takes its lock before anything in it is touched.
 * Rejects with `DirectoryInUseError` or `DiskError`.
 */
export async function openDirectoryDisk(dir: string): Promise<DirectoryDisk> {
  const path = resolve(dir);
  await attempt(`Cannot create directory ${path}`, () => createDirectory(path));
  const lock = await attempt(`Cannot lock directory ${path}`, () => lockDirectory(path));
  return new RealDisk(path, lock);
}

class RealDisk implements DirectoryDisk {
  readonly dir: string;
  private readonly lock: DirectoryLock;
  private closed = false;

  constructor(dir: string, lock: DirectoryLock) {
    this.dir = dir;
    this.lock = lock;
  }

  async list(): Promise<readonly string[]> {
    this.checkOpen();
    const found = await attempt(`Cannot list ${this.dir}`, () =>
      readdir(this.dir, { withFileTypes: true }),
    );
    const names: string[] = [];
    for (const one of found) {
      if (one.isFile() && !isLockName(one.name)) names.push(one.name);
    }
    return names.sort();
  }

  async open(name: string): Promise<DiskFile> {
    return this.openAs(name, "r+");
  }

  async create(name: string): Promise<DiskFile> {
    return this.openAs(name, "w+");
  }

  async rename(from: string, to: string): Promise<void> {
    const [fromPath, toPath] = [this.pathOf(from), this.pathOf(to)];
    await attempt(`Cannot rename ${fromPath} to ${to}`, () => rename(fromPath, toPath));
  }

  async remove(name: string): Promise<void> {
    const path = this.pathOf(name);
    try {
      await attempt(`Cannot remove ${path}`, () => unlink(path));
    } catch (error) {
      if (!(error instanceof DiskError) || error.code !== "not-found") throw error;
    }
  }

  async syncDirectory(): Promise<void> {
    this.checkOpen();
    await attempt(`Cannot sync directory ${this.dir}`, () => syncDirectoryAt(this.dir));
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.lock.release();
  }

  private async openAs(name: string, flags: string): Promise<DiskFile> {
    const path = this.pathOf(name);
    return attempt(`Cannot open ${path}`, async () => {
      const fd = await openFd(path, flags);
      try {
        const { size } = await statFd(fd);
        return new RealFile(name, path, fd, size);
      } catch (error) {
        await closeFd(fd);
        throw error;
      }
    });
  }

  private pathOf(name: string): string {
    this.checkOpen();
    if (/^\.{0,2}$|[/\\\0]/.test(name) || isLockName(name)) {
      throw new DiskError("io", `Name ${JSON.stringify(name)} is not one of a file here`);
    }
    return join(this.dir, name);
  }

  private checkOpen(): void {
    if (this.closed) throw new DiskError("closed", `Disk ${this.dir} is closed`);
  }
}

class RealFile implements DiskFile {
  readonly name: string;
  private readonly path: string;
  private readonly fd: number;
  private length: number;
  private state: "open" | "closed" = "open";
  /** The first failed sync: from then on nothing is known about this file's bytes on disk. */
  private syncFailure: DiskError | undefined;
  private pending = 0;
  private whenIdle: (() => void) | undefined;

  constructor(name: string, path: string, fd: number, size: number) {
    this.name = name;
    this.path = path;
    this.fd = fd;
    this.length = size;
  }

  get size(): number {
    return this.length;
  }

  read(position: number, length: number): Promise<Uint8Array> {
    return this.run("read", async () => {
      const bytes = new Uint8Array(Math.min(length, Math.max(0, this.length - position)));
      let done = 0;
      while (done < bytes.length) {
        const rest = bytes.length - done;
        const { bytesRead } = await readFd(this.fd, bytes, done, rest, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done === bytes.length ? bytes : bytes.subarray(0, done);
    });
  }

  write(position: number, bytes: Uint8Array): void {
    this.checkUsable();
    let done = 0;
    try {
      // A write may take fewer bytes than it is given (D16).
      while (done < bytes.length) {
        const taken = writeSync(this.fd, bytes, done, bytes.length - done, position + done);
        if (taken === 0) throw new DiskError("io", `Cannot write ${this.path}: it takes no bytes`);
        done += taken;
      }
    } catch (error) {
      throw asDiskError(`Cannot write ${this.path}`, error);
    } finally {
      if (done > 0) this.length = Math.max(this.length, position + done);
    }
  }

  async sync(): Promise<void> {
    this.checkUsable();
    try {
      await this.run("sync", () => syncDataFd(this.fd));
    } catch (error) {
      // D3: the kernel may have dropped the pages and marked them clean; a later success would
      // prove nothing.
      if (error instanceof DiskError) this.syncFailure ??= error;
      throw error;
    }
    // A sync that was under way when another failed can't vouch for what the other one lost.
    if (this.syncFailure !== undefined) throw this.syncFailure;
  }

  async truncate(size: number): Promise<void> {
    this.checkUsable();
    await this.run("truncate", () => truncateFd(this.fd, size));
    this.length = size;
  }

  async close(): Promise<void> {
    if (this.state === "closed") return;
    this.state = "closed";
    // The number must not be given to another file while an operation still uses it.
    if (this.pending > 0) {
      await new Promise<void>((resolve) => {
        this.whenIdle = resolve;
      });
    }
    await attempt(`Cannot close ${this.path}`, () => closeFd(this.fd));
  }

  private async run<T>(verb: string, action: () => Promise<T>): Promise<T> {
    this.checkOpen();
    this.pending++;
    try {
      return await attempt(`Cannot ${verb} ${this.path}`, action);
    } finally {
      this.pending--;
      if (this.pending === 0) this.whenIdle?.();
    }
  }

  private checkOpen(): void {
    if (this.state === "closed") throw new DiskError("closed", `File ${this.path} is closed`);
  }

  private checkUsable(): void {
    this.checkOpen();
    if (this.syncFailure !== undefined) throw this.syncFailure;
  }
}

/** Runs `action`; what it throws comes out as a {@link DiskError}, or as the lock's own error. */
async function attempt<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof DirectoryInUseError) throw error;
    throw asDiskError(what, error);
  }
}

function asDiskError(what: string, cause: unknown): DiskError {
  if (cause instanceof DiskError) return cause;
  const errno = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DiskError(diskErrorCode(errno), `${what}: ${reason}`, { cause });
}

function diskErrorCode(errno: string): DiskErrorCode {
  switch (errno) {
    case "ENOENT":
      return "not-found";
    case "ENOSPC":
    case "EDQUOT":
      return "no-space";
    default:
      return "io";
  }
}

/** Creates missing directories and makes each one's name durable in its parent. */
async function createDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) {
    await syncDirectoryAt(dirname(made));
  }
}

async function syncDirectoryAt(path: string): Promise<void> {
  // Windows has no way to flush a directory; NTFS journals names by itself.
  if (process.platform === "win32") return;
  const fd = await openFd(path, "r");
  try {
    await syncFd(fd);
  } finally {
    await closeFd(fd);
  }
}
