/**
 * Conformance tests for the `Disk` port: an implementation that passes may be used by a replica.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Disk, DiskError, type DiskErrorCode } from "@holdfast/replica";

export interface DiskUnderTest {
  readonly disk: Disk;
  /** Called after the test, also after one that failed. */
  readonly release?: () => Promise<void>;
}

/** Registers the suite with node:test. `make` gives an empty disk, a new one for each test. */
export function diskSuite(name: string, make: () => Promise<DiskUnderTest>): void {
  const test = (title: string, body: (disk: Disk) => Promise<void>): void => {
    it(title, async () => {
      const { disk, release } = await make();
      try {
        await body(disk);
      } finally {
        await release?.();
      }
    });
  };
  describe(`${name} keeps the promises of the Disk port`, () => {
    names(test);
    contents(test);
    reads(test);
    lengths(test);
    handles(test);
    ends(test);
  });
}

type Test = (title: string, body: (disk: Disk) => Promise<void>) => void;

function names(test: Test): void {
  test("list: a new disk is empty, and names come sorted", async (disk) => {
    assert.deepEqual(await disk.list(), []);
    for (const name of ["b", "a-2", "a-10", "c"]) await (await disk.create(name)).close();
    assert.deepEqual(await disk.list(), ["a-10", "a-2", "b", "c"]);
  });

  test("open: a missing file is reported as not-found", async (disk) => {
    await assert.rejects(disk.open("absent"), hasCode("not-found"));
  });

  test("create: an existing file is emptied", async (disk) => {
    await put(disk, "file", [1, 2, 3]);
    const again = await disk.create("file");
    assert.equal(again.size, 0);
    await again.close();
    assert.deepEqual(await get(disk, "file"), []);
  });

  test("rename: moves the bytes and replaces the target", async (disk) => {
    await put(disk, "from", [1, 2, 3]);
    await put(disk, "to", [9]);
    await disk.rename("from", "to");
    await disk.syncDirectory();
    assert.deepEqual(await disk.list(), ["to"]);
    assert.deepEqual(await get(disk, "to"), [1, 2, 3]);
  });

  test("rename: a missing source is reported as not-found", async (disk) => {
    await assert.rejects(disk.rename("absent", "to"), hasCode("not-found"));
    assert.deepEqual(await disk.list(), []);
  });

  test("rename: to its own name changes nothing", async (disk) => {
    await put(disk, "file", [1, 2]);
    await disk.rename("file", "file");
    assert.deepEqual(await disk.list(), ["file"]);
    assert.deepEqual(await get(disk, "file"), [1, 2]);
  });

  test("remove: takes the name away, and removing it again is no error", async (disk) => {
    await put(disk, "file", [1]);
    await disk.remove("file");
    await disk.remove("file");
    await disk.syncDirectory();
    assert.deepEqual(await disk.list(), []);
    await assert.rejects(disk.open("file"), hasCode("not-found"));
  });
}

function contents(test: Test): void {
  test("write: is visible to read before any sync, here and through another handle", async (disk) => {
    const file = await disk.create("file");
    file.write(0, Uint8Array.of(1, 2, 3, 4));
    file.write(1, Uint8Array.of(7, 8));
    assert.equal(file.name, "file");
    assert.equal(file.size, 4);
    assert.deepEqual([...(await file.read(0, 4))], [1, 7, 8, 4]);
    assert.deepEqual(await get(disk, "file"), [1, 7, 8, 4]);
    await file.close();
  });

  test("write: the caller may reuse its buffer as soon as the call returns", async (disk) => {
    const file = await disk.create("file");
    const buffer = Uint8Array.of(1, 2, 3);
    file.write(0, buffer);
    buffer.fill(9);
    await file.sync();
    assert.deepEqual([...(await file.read(0, 3))], [1, 2, 3]);
    await file.close();
  });

  test("write: takes a view into a larger buffer, and no byte beside it", async (disk) => {
    const file = await disk.create("file");
    file.write(0, Uint8Array.of(1, 2, 3, 4, 5).subarray(1, 4));
    assert.equal(file.size, 3);
    assert.deepEqual([...(await file.read(0, 10))], [2, 3, 4]);
    await file.close();
  });

  test("write: of nothing changes nothing, also past the end", async (disk) => {
    const file = await disk.create("file");
    file.write(0, new Uint8Array(0));
    file.write(10, new Uint8Array(0));
    assert.equal(file.size, 0);
    assert.deepEqual([...(await file.read(0, 20))], []);
    await file.close();
  });

  test("write: past the end fills the gap with zeros", async (disk) => {
    const file = await disk.create("file");
    file.write(0, Uint8Array.of(1));
    file.write(1000, Uint8Array.of(2));
    assert.equal(file.size, 1001);
    const bytes = await file.read(0, 1001);
    assert.equal(bytes[0], 1);
    assert.equal(bytes[1000], 2);
    assert.ok(bytes.subarray(1, 1000).every((byte) => byte === 0));
    await file.close();
  });

  test("write: a megabyte comes back whole", async (disk) => {
    const bytes = new Uint8Array(1 << 20);
    for (let i = 0; i < bytes.length; i += 1) bytes[i] = (i * 31 + (i >> 8)) & 255;
    const file = await disk.create("file");
    file.write(0, bytes);
    await file.sync();
    await file.close();
    const again = await disk.open("file");
    assert.equal(again.size, bytes.length);
    assert.deepEqual(await again.read(0, bytes.length), bytes);
    await again.close();
  });
}

function reads(test: Test): void {
  test("read: gives fewer bytes only at the end, and none past it", async (disk) => {
    const file = await disk.create("file");
    file.write(0, Uint8Array.of(1, 2, 3, 4));
    assert.deepEqual([...(await file.read(2, 100))], [3, 4]);
    assert.deepEqual([...(await file.read(4, 1))], []);
    assert.deepEqual([...(await file.read(100, 1))], []);
    assert.deepEqual([...(await file.read(1, 0))], []);
    await file.close();
  });

  test("read: the bytes belong to the caller", async (disk) => {
    const file = await disk.create("file");
    file.write(0, Uint8Array.of(1, 2, 3));
    (await file.read(0, 3)).fill(9);
    assert.deepEqual([...(await file.read(0, 3))], [1, 2, 3]);
    await file.close();
  });
}

function lengths(test: Test): void {
  test("truncate: cuts, and what grows back is zeros", async (disk) => {
    const file = await disk.create("file");
    file.write(0, Uint8Array.of(1, 2, 3, 4));
    await file.truncate(2);
    assert.equal(file.size, 2);
    file.write(4, Uint8Array.of(5));
    assert.deepEqual([...(await file.read(0, 9))], [1, 2, 0, 0, 5]);
    await file.close();
  });

  test("truncate: to more than the length adds zeros", async (disk) => {
    const file = await disk.create("file");
    file.write(0, Uint8Array.of(1));
    await file.truncate(4);
    assert.equal(file.size, 4);
    assert.deepEqual([...(await file.read(0, 9))], [1, 0, 0, 0]);
    await file.close();
  });

  test("truncate: is seen by who opens the file later, before any sync", async (disk) => {
    const file = await disk.create("file");
    file.write(0, Uint8Array.of(1, 2, 3, 4));
    await file.sync();
    await file.truncate(1);
    await file.truncate(3);
    assert.deepEqual(await get(disk, "file"), [1, 0, 0]);
    await file.close();
  });

  test("open: gives the length and the bytes of a closed file", async (disk) => {
    await put(disk, "file", [1, 2, 3]);
    const file = await disk.open("file");
    assert.equal(file.size, 3);
    file.write(3, Uint8Array.of(4));
    await file.sync();
    await file.close();
    assert.deepEqual(await get(disk, "file"), [1, 2, 3, 4]);
  });
}

function handles(test: Test): void {
  test("rename and remove: an open handle goes on working on its file", async (disk) => {
    const file = await disk.create("file");
    file.write(0, Uint8Array.of(1));
    await disk.rename("file", "moved");
    file.write(1, Uint8Array.of(2));
    await file.sync();
    assert.deepEqual(await get(disk, "moved"), [1, 2]);
    await disk.remove("moved");
    assert.deepEqual([...(await file.read(0, 2))], [1, 2]);
    await file.close();
  });

  test("rename: a handle of the file that was replaced keeps that file", async (disk) => {
    const old = await disk.create("file");
    old.write(0, Uint8Array.of(1));
    await put(disk, "new", [2, 2]);
    await disk.rename("new", "file");
    old.write(1, Uint8Array.of(1));
    await old.sync();
    assert.deepEqual([...(await old.read(0, 9))], [1, 1]);
    assert.deepEqual(await get(disk, "file"), [2, 2]);
    await old.close();
  });

  test("create: after a removal it is another file than the one that is still open", async (disk) => {
    const old = await disk.create("file");
    old.write(0, Uint8Array.of(1, 1, 1));
    await disk.remove("file");
    const file = await disk.create("file");
    file.write(0, Uint8Array.of(2));
    assert.deepEqual([...(await old.read(0, 9))], [1, 1, 1]);
    assert.deepEqual(await get(disk, "file"), [2]);
    await Promise.all([old.close(), file.close()]);
  });
}

function ends(test: Test): void {
  test("sync: may be called with nothing to do, and while another one is under way", async (disk) => {
    const file = await disk.create("file");
    await file.sync();
    file.write(0, Uint8Array.of(1));
    const first = file.sync();
    file.write(1, Uint8Array.of(2));
    await Promise.all([first, file.sync(), disk.syncDirectory()]);
    assert.deepEqual([...(await file.read(0, 2))], [1, 2]);
    await file.close();
  });

  test("sync: reads and writes go on meanwhile, on all files", async (disk) => {
    const files = await Promise.all(["a", "b", "c"].map((name) => disk.create(name)));
    const syncs = files.map((file, at) => {
      file.write(0, new Uint8Array(5000).fill(at + 1));
      return file.sync();
    });
    for (const file of files) file.write(5000, Uint8Array.of(9));
    const read = await Promise.all(files.map((file) => file.read(4998, 9)));
    assert.deepEqual(
      read.map((bytes) => [...bytes]),
      [1, 2, 3].map((value) => [value, value, 9]),
    );
    await Promise.all(syncs);
    await Promise.all(files.map((file) => file.sync()));
    await Promise.all(files.map((file) => file.close()));
  });

  test("close: a sync that is under way still ends", async (disk) => {
    const file = await disk.create("file");
    file.write(0, Uint8Array.of(1, 2));
    await Promise.all([file.sync(), file.close()]);
    assert.deepEqual(await get(disk, "file"), [1, 2]);
  });

  test("close: afterwards every call says closed, and closing again is no error", async (disk) => {
    const file = await disk.create("file");
    await file.close();
    await file.close();
    assert.throws(() => file.write(0, Uint8Array.of(1)), hasCode("closed"));
    await assert.rejects(file.read(0, 1), hasCode("closed"));
    await assert.rejects(file.sync(), hasCode("closed"));
    await assert.rejects(file.truncate(0), hasCode("closed"));
  });
}

async function put(disk: Disk, name: string, bytes: readonly number[]): Promise<void> {
  const file = await disk.create(name);
  file.write(0, Uint8Array.from(bytes));
  await file.sync();
  await file.close();
  await disk.syncDirectory();
}

async function get(disk: Disk, name: string): Promise<readonly number[]> {
  const file = await disk.open(name);
  const bytes = [...(await file.read(0, file.size))];
  await file.close();
  return bytes;
}

function hasCode(code: DiskErrorCode): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof DiskError, `expected a DiskError, got ${String(error)}`);
    assert.equal(error.code, code);
    return true;
  };
}
