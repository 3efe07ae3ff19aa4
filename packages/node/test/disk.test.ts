/** The real disk: what the suite can't provoke on every disk, on real files. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { DiskError, type DiskErrorCode } from "@holdfast/replica";
import { diskSuite } from "@holdfast/testkit";
import { openDirectoryDisk } from "holdfast";

const scratch = mkdtempSync(join(tmpdir(), "holdfast-disk-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

let count = 0;
const freshDir = (): string => join(scratch, `${++count}`, "deep", "down");
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const text = (data: Uint8Array): string => Buffer.from(data).toString();

const withCode =
  (code: DiskErrorCode) =>
  (error: unknown): boolean =>
    error instanceof DiskError && error.code === code;

diskSuite("DirectoryDisk", async () => {
  const disk = await openDirectoryDisk(freshDir());
  return { disk, release: () => disk.close() };
});

test("openDirectoryDisk: creates the directory with its parents, and finds it again", async () => {
  const dir = freshDir();
  const disk = await openDirectoryDisk(dir);
  assert.equal(disk.dir, dir);
  assert.deepEqual(await disk.list(), []);
  await (await disk.create("a")).close();
  await disk.syncDirectory();
  await disk.close();
  const again = await openDirectoryDisk(dir);
  assert.deepEqual(await again.list(), ["a"]);
  await again.close();
});

test("openDirectoryDisk: a file in the way is an io error that names the path", async () => {
  const path = join(scratch, "file");
  writeFileSync(path, "");
  await assert.rejects(openDirectoryDisk(path), (error) => {
    return withCode("io")(error) && error instanceof Error && error.message.includes(path);
  });
});

test("DirectoryDisk: what was written is in the real file, at its position", async () => {
  const dir = freshDir();
  const disk = await openDirectoryDisk(dir);
  const file = await disk.create("log");
  file.write(4, bytes("later"));
  file.write(0, bytes("ab"));
  assert.equal(file.size, 9);
  assert.equal(text(await file.read(0, 100)), "ab\0\0later");
  await file.sync();
  assert.equal(readFileSync(join(dir, "log"), "latin1"), "ab\0\0later");
  await file.truncate(3);
  assert.equal(file.size, 3);
  assert.equal(text(await file.read(1, 100)), "b\0");
  assert.equal((await file.read(7, 10)).length, 0, "behind the end");
  await file.close();
  await disk.close();
});

test("DirectoryDisk: a large write and read go through whole", async () => {
  const disk = await openDirectoryDisk(freshDir());
  const file = await disk.create("big");
  const data = new Uint8Array(9 << 20).map((_, i) => i * 7 + (i >>> 12));
  file.write(1, data);
  const back = await file.read(1, data.length);
  assert.ok(Buffer.from(back.buffer).equals(Buffer.from(data.buffer)));
  await file.close();
  await disk.close();
});

test("DirectoryDisk: directories and lock files are not listed nor opened", async () => {
  const dir = freshDir();
  const disk = await openDirectoryDisk(dir);
  mkdirSync(join(dir, "sub"));
  writeFileSync(join(dir, "holdfast.lock"), "1");
  await (await disk.create("b")).close();
  await (await disk.create("a")).close();
  assert.deepEqual(await disk.list(), ["a", "b"]);
  for (const name of ["", ".", "..", "../x", "sub/x", "a\0b", "holdfast.lock"]) {
    await assert.rejects(disk.create(name), withCode("io"), name);
  }
  await assert.rejects(disk.open("sub"), withCode("io"));
  await disk.close();
});

test("DirectoryDisk: a missing file is not-found, removing it is no error", async () => {
  const disk = await openDirectoryDisk(freshDir());
  await assert.rejects(disk.open("none"), withCode("not-found"));
  await assert.rejects(disk.rename("none", "other"), withCode("not-found"));
  await disk.remove("none");
  await disk.close();
});

test("DirectoryDisk: a full device is no-space", async (t) => {
  if (process.platform !== "linux") return t.skip("needs /dev/full");
  const dir = freshDir();
  const disk = await openDirectoryDisk(dir);
  symlinkSync("/dev/full", join(dir, "full"));
  const file = await disk.open("full");
  assert.throws(() => file.write(0, bytes("x")), withCode("no-space"));
  assert.equal(file.size, 0);
  await file.close();
  await disk.close();
});

test("DiskFile: after a failed sync the file takes nothing more (D3)", async (t) => {
  if (process.platform !== "linux") return t.skip("needs /dev/null to refuse fdatasync");
  const dir = freshDir();
  const disk = await openDirectoryDisk(dir);
  symlinkSync("/dev/null", join(dir, "null"));
  const file = await disk.open("null");
  file.write(0, bytes("x"));
  const first: unknown = await file.sync().catch((error: unknown) => error);
  assert.ok(withCode("io")(first));
  const again: unknown = await file.sync().catch((error: unknown) => error);
  assert.equal(again, first, "the same error, not a new attempt");
  assert.throws(
    () => file.write(0, bytes("y")),
    (error) => error === first,
  );
  await assert.rejects(file.truncate(0), (error) => error === first);
  await file.close();
  await disk.close();
});

test("DiskFile: close waits for what is under way, and everything after it is closed", async () => {
  const disk = await openDirectoryDisk(freshDir());
  const file = await disk.create("a");
  file.write(0, bytes("abc"));
  const [synced, read] = [file.sync(), file.read(0, 3)];
  await Promise.all([file.close(), file.close()]);
  await synced;
  assert.equal(text(await read), "abc");
  assert.throws(() => file.write(0, bytes("x")), withCode("closed"));
  await assert.rejects(file.sync(), withCode("closed"));
  await assert.rejects(file.read(0, 1), withCode("closed"));
  await assert.rejects(file.truncate(0), withCode("closed"));
  await disk.close();
  await assert.rejects(disk.list(), withCode("closed"));
  await assert.rejects(disk.open("a"), withCode("closed"));
  await assert.rejects(disk.syncDirectory(), withCode("closed"));
  await disk.close();
});
