/** Snapshots for tests: bytes to put in, ways to get them out. */

import assert from "node:assert/strict";
import type { SnapshotMeta, SnapshotPiece } from "@holdfast/raft";
import { openSnapshots, type SnapshotStore } from "@holdfast/replica";
import type { SimDisk } from "@holdfast/sim";
import { IDENTITY } from "@holdfast/testkit";
import { makeDisk } from "./crashes.ts";
import { snapshotMeta } from "./writes.ts";

export const CHUNK_BYTES = 64;

export function open(disk: SimDisk): Promise<SnapshotStore> {
  return openSnapshots(disk, { identity: IDENTITY, chunkBytes: CHUNK_BYTES });
}

/** Bytes that differ from place to place. */
export function text(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 7 + (at >> 6)) & 255);
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: number[] = [];
  for await (const chunk of chunks) all.push(...chunk);
  return Uint8Array.from(all);
}

/** What a peer would send of a snapshot with that many bytes. */
export async function imageOf(
  length: number,
  meta: SnapshotMeta = snapshotMeta(50, 3),
): Promise<{ pieces: readonly SnapshotPiece[]; meta: SnapshotMeta }> {
  const sender = await open(makeDisk());
  await sender.save(meta, [text(length)]);
  const pieces: SnapshotPiece[] = [];
  for (let offset = 0; ; ) {
    const piece = await sender.piece(meta.index, offset);
    assert.ok(piece !== undefined);
    pieces.push({ from: 2, snapshot: meta, offset, ...piece });
    if (piece.done) return { pieces, meta };
    offset += piece.data.length;
  }
}
