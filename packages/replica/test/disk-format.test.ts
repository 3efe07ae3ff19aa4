/**
 * The bytes on disk: what docs/reference/disk-format.md says, and what older releases have written,
 * stays so.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { openSnapshots, openWal } from "@holdfast/replica";
import type { SimDisk } from "@holdfast/sim";
import { golden, write } from "@holdfast/testkit";
import { makeDisk } from "./crashes.ts";
import { model, snapshotMeta, summary } from "./writes.ts";

const GOLDEN = new URL("../../testdata/disk-files.txt", import.meta.url);
const PAGE = new URL("../../../../docs/reference/disk-format.md", import.meta.url);
const IDENTITY = { clusterId: 1000, nodeId: 2 };

const WRITES = [
  write({ hardState: { term: 3, vote: 2 } }),
  write({
    entries: [
      { index: 1, term: 3, kind: "noop", data: new Uint8Array(0) },
      { index: 2, term: 3, kind: "command", data: new TextEncoder().encode("set x") },
    ],
  }),
  write({
    hardState: { term: 4, vote: 0 },
    truncateFrom: 2,
    entries: [{ index: 2, term: 4, kind: "members", data: Uint8Array.of(1, 2, 3) }],
    compactTo: 1,
    compactTerm: 3,
  }),
  write({ snapshot: snapshotMeta(300, 4) }),
];

/** The files after those writes, a clean close and a saved snapshot. */
async function written(): Promise<SimDisk> {
  const disk = makeDisk();
  const { wal } = await openWal(disk, {
    identity: IDENTITY,
    segmentBytes: 80,
    preallocate: false,
  });
  for (const one of WRITES) await wal.append(one);
  await wal.close();
  const snapshots = await openSnapshots(disk, { identity: IDENTITY, chunkBytes: 1024 });
  await snapshots.save(snapshotMeta(300, 4), [new TextEncoder().encode("x=1;y=2")]);
  return disk;
}

async function dump(disk: SimDisk): Promise<string> {
  let text = "";
  for (const name of await disk.list()) {
    text += `${name}\n`;
    const bytes = disk.bytesOf(name);
    for (let at = 0; at < bytes.length; at += 16) {
      const row = [...bytes.subarray(at, at + 16)];
      const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
      text += `  ${at.toString(16).padStart(4, "0")}  ${hex}\n`;
    }
  }
  return text;
}

describe("disk format", () => {
  it("equals the golden dump", async () => {
    golden("files on disk", await dump(await written()), GOLDEN);
  });

  it("the golden dump is read back as what was written", async () => {
    const disk = makeDisk();
    for (const [name, bytes] of parsed(readFileSync(GOLDEN, "utf8"))) {
      const file = await disk.create(name);
      file.write(0, bytes);
      await file.close();
    }
    const { recovered } = await openWal(disk, {
      identity: IDENTITY,
      segmentBytes: 80,
      preallocate: false,
    });
    assert.equal(summary(recovered), model(WRITES));
    const snapshots = await openSnapshots(disk, { identity: IDENTITY, chunkBytes: 1024 });
    assert.deepEqual(snapshots.newest(), snapshotMeta(300, 4));
  });

  it("disk-format.md shows the golden dump", () => {
    const page = readFileSync(PAGE, "utf8");
    const lines = readFileSync(GOLDEN, "utf8").trimEnd().split("\n");
    assert.ok(lines.length >= 10, `${lines.length} lines`);
    for (const line of lines) assert.ok(page.includes(line.trim()), `not in the page: ${line}`);
  });
});

function parsed(text: string): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let name = "";
  for (const line of text.trimEnd().split("\n")) {
    if (!line.startsWith("  ")) {
      name = line;
      files.set(name, new Uint8Array(0));
      continue;
    }
    const row = line.trim().slice(6).split(" ");
    const before = files.get(name) ?? new Uint8Array(0);
    files.set(name, Uint8Array.from([...before, ...row.map((hex) => Number.parseInt(hex, 16))]));
  }
  return files;
}
