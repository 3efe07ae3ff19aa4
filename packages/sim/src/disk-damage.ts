/** Silent damage to stored files: what no crash explains (D7, D8, D13). */

import { recordAt, segmentSequenceOf, snapshotIndexOf } from "@holdfast/replica";
import type { DirectoryState } from "./disk-directory.ts";
import { type Inode, SECTOR_BYTES } from "./disk-inode.ts";
import { misdirected, type NamedFile } from "./disk-misdirection.ts";
import { headerOn, newestRun, type SegmentFile } from "./disk-segments.ts";
import type { Damage, DiskArea, DiskPlace } from "./plan/fault.ts";
import type { Random } from "./random.ts";

export interface DamageOptions {
  /**
   * Also where no store can tell it from a write that a crash cut short: what was acknowledged is
   * lost then, and nobody knows.
   */
  readonly mayPassForTorn?: boolean;
}

export interface DamageDone {
  readonly name: string;
  readonly position: number;
  /** Bytes that were changed, or cut off. */
  readonly length: number;
  /** What was done, in one line. */
  readonly line: string;
  /** The store may take it for the end of a write that a crash cut short. */
  readonly passesForTorn: boolean;
}

export interface DamageRequest {
  readonly area: DiskArea;
  readonly place: DiskPlace;
  readonly damage: Damage;
}

/** A file with the part of it that counts. */
interface Target {
  readonly name: string;
  readonly inode: Inode;
  readonly usedBytes: number;
  /** Up to here the rest of the log shows what must be there: anything else is damage. */
  readonly provenBytes: number;
  /** The file can't end before this. */
  readonly lengthMin: number;
}

/** Whatever needs no bytes of another place. */
type SpoilingDamage = Exclude<Damage, "misdirected-write">;

/** Head and tail are the first and the last so many bytes. */
const EDGE_BYTES = 64;

export function isInArea(name: string, area: DiskArea): boolean {
  if (area === "wal") return segmentSequenceOf(name) !== undefined;
  return snapshotIndexOf(name) !== undefined;
}

/** Damages one file, in both views; `undefined` when there is nothing to damage. */
export function damageFiles(
  state: DirectoryState,
  request: DamageRequest,
  random: Random,
  options: DamageOptions,
): DamageDone | undefined {
  const all = syncedFiles(state);
  const files = all.filter(([name]) => isInArea(name, request.area));
  const targets = request.area === "wal" ? segmentsOf(files) : snapshotOf(files, random);
  const found = pick(targets, request, random, options.mayPassForTorn ?? false);
  if (found === undefined) return undefined;
  const { target, position } = found;
  if (request.damage === "misdirected-write") return inflictStray(target, position, all, random);
  return inflict(target, position, request.damage, random);
}

/** The files that both views have under the same name, sorted by it. */
function syncedFiles(state: DirectoryState): readonly NamedFile[] {
  const durable = state.durableNames();
  return state.names().flatMap((name): NamedFile[] => {
    const inode = durable.get(name);
    return inode !== undefined && inode === state.find(name) ? [[name, inode]] : [];
  });
}

function segmentsOf(files: readonly NamedFile[]): readonly Target[] {
  const run = newestRun(new Map(files));
  return run.flatMap((segment, at) => {
    const next = run[at + 1];
    const sealedAt = next === undefined ? undefined : headerOn(next, undefined)?.header.previousEnd;
    return (sealedAt === undefined ? newest(segment) : sealed(segment, sealedAt)) ?? [];
  });
}

/** The next segment says where this one ends, so all of it is known to have been there. */
function sealed({ name, inode }: SegmentFile, usedBytes: number): Target {
  return { name, inode, usedBytes, provenBytes: usedBytes, lengthMin: usedBytes };
}

/** Only what lies before its last batch is known to have been there. */
function newest(segment: SegmentFile): Target | undefined {
  const { name, inode } = segment;
  const placed = headerOn(segment, undefined);
  if (placed === undefined) return undefined;
  const platter = inode.platter();
  const createdEnd = placed.end + placed.header.createdBytes;
  let usedBytes = placed.end;
  let batchStart = 0;
  for (;;) {
    const record = recordAt(platter, usedBytes, placed.crc);
    if (record === undefined) break;
    usedBytes = record.end;
    batchStart = record.batchStart;
  }
  const provenBytes = Math.max(createdEnd, batchStart);
  return { name, inode, usedBytes, provenBytes, lengthMin: createdEnd };
}

/** One snapshot, mostly the newest. */
function snapshotOf(files: readonly NamedFile[], random: Random): readonly Target[] {
  const any = files[random.below(Math.max(1, files.length))];
  const chosen = random.chance(3, 4) ? files.at(-1) : any;
  if (chosen === undefined) return [];
  const [name, inode] = chosen;
  const usedBytes = inode.platter().length;
  return [{ name, inode, usedBytes, provenBytes: usedBytes, lengthMin: usedBytes }];
}

/** Chooses a byte, counting through all targets one after the other. */
function pick(
  targets: readonly Target[],
  { place, damage }: DamageRequest,
  random: Random,
  mayPassForTorn: boolean,
): { readonly target: Target; readonly position: number } | undefined {
  const provenOf = ({ lengthMin, provenBytes }: Target): number =>
    damage === "truncate" ? lengthMin : provenBytes;
  const lengths = targets.map((one) => (mayPassForTorn ? one.usedBytes : provenOf(one)));
  const total = lengths.reduce((sum, length) => sum + length, 0);
  let rest = placeIn(total, place, random);
  for (const [at, target] of targets.entries()) {
    const length = lengths[at] ?? 0;
    if (rest < length) return { target, position: rest };
    rest -= length;
  }
  return undefined;
}

function placeIn(total: number, place: DiskPlace, random: Random): number {
  const edge = Math.min(EDGE_BYTES, total);
  if (place === "head") return random.below(edge);
  if (place === "tail") return total - 1 - random.below(edge);
  const inner = total - 2 * edge;
  return inner > 0 ? edge + random.below(inner) : random.below(total);
}

function inflict(
  target: Target,
  position: number,
  damage: SpoilingDamage,
  random: Random,
): DamageDone {
  const { name, inode, provenBytes, usedBytes } = target;
  if (damage === "truncate") {
    const length = usedBytes - position;
    inode.cut(position);
    const passesForTorn = position >= target.lengthMin;
    const line = `${name}: cut at ${position}, ${length} bytes of it counted`;
    return { name, position, length, line, passesForTorn };
  }
  const limit = limitOf(target, position);
  const [from, length] = damage === "flip-bit" ? [position, 1] : sectorOf(position, limit);
  const before = inode.platter().slice(from, from + length);
  const after = damage === "flip-bit" ? flipped(before, random) : spoiled(before, damage, random);
  inode.overwrite(from, after);
  const line = `${name}: ${damage} at ${from}, ${length} bytes`;
  return { name, position: from, length, line, passesForTorn: position >= provenBytes };
}

/** Other bytes of this node come to lie there. */
function inflictStray(
  target: Target,
  near: number,
  files: readonly NamedFile[],
  random: Random,
): DamageDone | undefined {
  const { name, inode } = target;
  const victim = { name, inode, position: near, limit: limitOf(target, near) };
  const stray = misdirected(victim, files, random);
  if (stray === undefined) return undefined;
  const { position, bytes, origin } = stray;
  inode.overwrite(position, bytes);
  const line = `${name}: ${bytes.length} bytes at ${position} are those of ${origin}`;
  const passesForTorn = position + bytes.length > target.provenBytes;
  return { name, position, length: bytes.length, line, passesForTorn };
}

/** What is proven and what is not are not damaged together. */
function limitOf({ provenBytes, usedBytes }: Target, position: number): number {
  return position < provenBytes ? provenBytes : usedBytes;
}

/** The sector around `position`, no further than `limit`. */
function sectorOf(position: number, limit: number): readonly [number, number] {
  const from = position - (position % SECTOR_BYTES);
  return [from, Math.min(SECTOR_BYTES, limit - from)];
}

function flipped(bytes: Uint8Array, random: Random): Uint8Array {
  return bytes.map((byte) => byte ^ (1 << random.below(8)));
}

/** Never the same as before. */
function spoiled(bytes: Uint8Array, damage: SpoilingDamage, random: Random): Uint8Array {
  const after =
    damage === "zero-sector" ? new Uint8Array(bytes.length) : random.bytes(bytes.length);
  return after.every((byte, at) => byte === bytes[at]) ? flipped(bytes, random) : after;
}
