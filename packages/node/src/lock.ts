/** Keeps a second process away from a replica's directory; ends by itself when the holder dies. */

import { createHash, randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Two processes on one directory would overwrite each other's log. Stop the other one, or use
 * another directory.
 */
export class DirectoryInUseError extends Error {
  readonly code = "DIR_IN_USE";
  readonly dir: string;

  constructor(dir: string, options: { readonly holder: string; readonly cause?: unknown }) {
    super(`Directory ${dir} is in use by ${options.holder}`, options);
    this.name = "DirectoryInUseError";
    this.dir = dir;
  }
}

export interface DirectoryLock {
  /** Lets go. Releasing twice is no error. */
  release(): Promise<void>;
}

/** Name of the file that holds the lock where there are no abstract sockets. */
const LOCK_FILE = "holdfast.lock";

/** True for the names that a lock may use: they are not the replica's. */
export function isLockName(name: string): boolean {
  return name.startsWith(LOCK_FILE);
}

/**
 * The directory must exist. Rejects with {@link DirectoryInUseError} while somebody holds it, in
 * this process too.
 */
export async function lockDirectory(dir: string): Promise<DirectoryLock> {
  return process.platform === "linux" ? lockBySocket(dir) : lockByFile(dir);
}

/**
 * An abstract Unix socket: the name belongs to one process at a time and the kernel frees it with
 * the process, however that ends. The name is made of device and inode, so that every path to the
 * directory leads to the same lock. Processes in different network namespaces don't see each
 * other's names.
 */
export async function lockBySocket(dir: string): Promise<DirectoryLock> {
  const { dev, ino } = statSync(dir, { bigint: true });
  const hash = createHash("sha256").update(`${dev}:${ino}`).digest("hex").slice(0, 32);
  const server = createServer((socket) => socket.destroy());
  try {
    // exclusive: a worker of node:cluster would otherwise share the name through its primary.
    await listening(server, { path: `\0holdfast-${hash}`, exclusive: true });
  } catch (error) {
    if (!isCode(error, "EADDRINUSE")) throw error;
    throw new DirectoryInUseError(dir, { holder: "another replica", cause: error });
  }
  server.unref();
  return {
    release: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

/** Longer than it takes to move a file and look into it. */
const TAKE_OVER_MS = 100;

const heldHere = new Set<string>();

/**
 * A file with the holder's process id, put in place by `link`, which only one of several can win.
 * One that was left by a process that is gone is moved away first.
 */
export async function lockByFile(dir: string): Promise<DirectoryLock> {
  const path = join(dir, LOCK_FILE);
  if (heldHere.has(path)) {
    throw new DirectoryInUseError(dir, { holder: `process ${process.pid}, this one` });
  }
  const token = randomBytes(6).toString("hex");
  const mine = `${path}.${process.pid}.${token}`;
  writeFileSync(mine, `${process.pid} ${token}\n`);
  heldHere.add(path);
  try {
    if (!tryLink(mine, path)) await takeOver(dir, path, mine);
  } catch (error) {
    heldHere.delete(path);
    throw error;
  } finally {
    unlinkSync(mine);
  }
  return {
    release: async () => {
      if (heldHere.delete(path)) unlinkSync(path);
    },
  };
}

/** Replaces a file that a process left behind; throws when somebody holds the directory. */
async function takeOver(dir: string, path: string, mine: string): Promise<void> {
  clearIfLeftOver(dir, path);
  const isLinked = tryLink(mine, path);
  // Another process may have found the same left-over file and move this one before it looks.
  if (isLinked) await sleep(TAKE_OVER_MS);
  if (!isLinked || textOf(path) !== textOf(mine)) {
    throw new DirectoryInUseError(dir, { holder: holderOf(path) });
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  }
}

/** Moves the file away if its writer is gone; throws when it lives. */
function clearIfLeftOver(dir: string, path: string): void {
  const pid = readPid(path);
  if (pid === undefined) return;
  if (isAlive(pid)) throw new DirectoryInUseError(dir, { holder: `process ${pid} (see ${path})` });
  const aside = `${path}.${process.pid}.old`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isCode(error, "ENOENT")) return;
    throw error;
  }
  // Between reading and moving another process may have taken the lock: then it gets its file back.
  if (readPid(aside) !== pid) tryLink(aside, path);
  unlinkSync(aside);
}

function holderOf(path: string): string {
  const pid = readPid(path);
  return pid === undefined ? "another replica" : `process ${pid} (see ${path})`;
}

/** Undefined when the file is gone. A file without a readable id counts as left over, with id 0. */
function readPid(path: string): number | undefined {
  const text = textOf(path);
  if (text === undefined) return undefined;
  const pid = Number.parseInt(text, 10);
  return Number.isSafeInteger(pid) && pid > 0 ? pid : 0;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  // The own id in a file that this process does not hold: an earlier process had it, as in a
  // restarted container.
  if (pid === 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, "EPERM");
  }
}

function listening(server: Server, options: { path: string; exclusive: boolean }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
