/** One directory, one replica: the lock against a second process (P8), by socket and by file. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { DirectoryInUseError, openDirectoryDisk } from "holdfast";
import { type DirectoryLock, lockByFile, lockBySocket } from "../src/lock.ts";

const scratch = mkdtempSync(join(tmpdir(), "holdfast-lock-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const freshDir = (): string => mkdtempSync(join(scratch, "dir-"));

const inUse =
  (dir: string) =>
  (error: unknown): boolean =>
    error instanceof DirectoryInUseError &&
    error.code === "DIR_IN_USE" &&
    error.dir === dir &&
    error.message.includes(dir);

/** Another process that takes the lock of `dir` and holds it until it is killed. */
async function holder(how: string, dir: string): Promise<ChildProcess> {
  const lock = new URL("../src/lock.js", import.meta.url).href;
  const code = `
    const { ${how} } = await import(${JSON.stringify(lock)});
    const held = await ${how}(${JSON.stringify(dir)});
    process.stdout.write("held");
    setInterval(() => held, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = await once(child.stdout, "data");
  assert.equal(String(said), "held");
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

const KINDS: readonly (readonly [string, (dir: string) => Promise<DirectoryLock>, boolean])[] = [
  ["lockBySocket", lockBySocket, process.platform === "linux"],
  ["lockByFile", lockByFile, true],
];

for (const [how, take, works] of KINDS) {
  test(`${how}: the second in the same process is refused, until the first lets go`, async (t) => {
    if (!works) return t.skip("no abstract sockets here");
    const dir = freshDir();
    const first = await take(dir);
    await assert.rejects(take(dir), inUse(dir));
    const elsewhere = await take(freshDir());
    await first.release();
    await first.release();
    const second = await take(dir);
    await assert.rejects(take(dir), inUse(dir));
    await Promise.all([second.release(), elsewhere.release()]);
    assert.deepEqual(readdirSync(dir), [], "nothing is left");
  });

  test(`${how}: a second process is refused, until kill -9 of the first`, async (t) => {
    if (!works) return t.skip("no abstract sockets here");
    const dir = freshDir();
    const child = await holder(how, dir);
    await assert.rejects(take(dir), inUse(dir));
    await kill(child);
    const mine = await take(dir);
    await assert.rejects(take(dir), inUse(dir));
    await mine.release();
  });

  test(`${how}: a second process is refused while the first one sleeps`, async (t) => {
    if (!works) return t.skip("no abstract sockets here");
    if (process.platform === "win32") return t.skip("no SIGSTOP here");
    const dir = freshDir();
    const child = await holder(how, dir);
    child.kill("SIGSTOP");
    await assert.rejects(take(dir), inUse(dir));
    await kill(child);
    await (await take(dir)).release();
  });
}

test("lockBySocket: every path to a directory leads to the same lock", async (t) => {
  if (process.platform !== "linux") return t.skip("no abstract sockets here");
  const dir = freshDir();
  const alias = join(scratch, "alias");
  symlinkSync(dir, alias);
  const lock = await lockBySocket(dir);
  await assert.rejects(lockBySocket(alias), inUse(alias));
  await lock.release();
});

test("lockByFile: the error names the process that holds it", async () => {
  const dir = freshDir();
  const child = await holder("lockByFile", dir);
  const error: unknown = await lockByFile(dir).catch((reason: unknown) => reason);
  assert.ok(error instanceof DirectoryInUseError);
  assert.ok(error.message.includes(`process ${child.pid}`), error.message);
  assert.match(readFileSync(join(dir, "holdfast.lock"), "utf8"), new RegExp(`^${child.pid} `));
  await kill(child);
});

test("lockByFile: a file without a living process is taken over", async () => {
  for (const left of ["", "rubbish", `${process.pid}\n`, "999999999\n"]) {
    const dir = freshDir();
    writeFileSync(join(dir, "holdfast.lock"), left);
    const lock = await lockByFile(dir);
    assert.deepEqual(readdirSync(dir), ["holdfast.lock"]);
    await lock.release();
  }
});

test("lockByFile: of several that find the same left-over file one takes it", async () => {
  const dir = freshDir();
  writeFileSync(join(dir, "holdfast.lock"), "999999999\n");
  const lock = new URL("../src/lock.js", import.meta.url).href;
  const begin = Date.now() + 1500;
  const code = `
    const { lockByFile } = await import(${JSON.stringify(lock)});
    await new Promise((resolve) => setTimeout(resolve, ${begin} - Date.now()));
    await lockByFile(${JSON.stringify(dir)}).then(
      () => process.stdout.write("held"),
      (error) => process.stdout.write(error.code));
    setTimeout(() => {}, 1000);`;
  const racers = Array.from({ length: 5 }, async () => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [said] = await once(child.stdout, "data");
    await once(child, "exit");
    return String(said);
  });
  const said = await Promise.all(racers);
  const expected = ["DIR_IN_USE", "DIR_IN_USE", "DIR_IN_USE", "DIR_IN_USE", "held"];
  assert.deepEqual(said.sort(), expected);
});

test("openDirectoryDisk: refuses a directory in use before it touches anything", async () => {
  const dir = freshDir();
  const disk = await openDirectoryDisk(dir);
  await assert.rejects(openDirectoryDisk(dir), inUse(dir));
  await disk.close();
  await (await openDirectoryDisk(dir)).close();
});
