/** Misdirected writes: bytes that are good in their own place now stand in another one (D8). */

import { assert } from "@holdfast/raft";
import { recordAt, segmentSequenceOf, snapshotIndexOf } from "@holdfast/replica";
import { type Inode, SECTOR_BYTES } from "./disk-inode.ts";
import { headerOn } from "./disk-segments.ts";
import type { Random } from "./random.ts";

export type NamedFile = readonly [name: string, inode: Inode];

/** What is written over: a byte of a file, and the end of what may be changed there. */
export interface Victim {
  readonly name: string;
  readonly inode: Inode;
  readonly position: number;
  readonly limit: number;
}

export interface Misdirected {
  readonly position: number;
  readonly bytes: Uint8Array;
  /** Where the bytes belong, in words. */
  readonly origin: string;
}

/** Bytes of a file that make sense together: a header, a record, a whole snapshot. */
interface Unit {
  readonly name: string;
  readonly inode: Inode;
  readonly start: number;
  readonly end: number;
}

interface Aim {
  readonly from: Unit;
  readonly position: number;
}

/** A write goes astray by so many sectors at most, and is at most so long. */
const SECTORS_MAX = 4;
/** Bytes that are the same in both places do no damage: then another aim is taken. */
const TRIES = 12;

type Draw = (victim: Victim, files: readonly NamedFile[], random: Random) => Aim | undefined;

/** The ones most likely to be believed, more than once: what passes here must say where it was. */
const AIMS: readonly Draw[] = [unitOverUnit, unitOverUnit, samePlace, neighbour, anywhere];

/** What a write that was meant for elsewhere puts there; undefined when nothing would change. */
export function misdirected(
  victim: Victim,
  files: readonly NamedFile[],
  random: Random,
): Misdirected | undefined {
  for (let nth = 0; nth < TRIES; nth++) {
    const aim = AIMS[random.below(AIMS.length)]?.(victim, files, random);
    if (aim === undefined) continue;
    const { from, position } = aim;
    const end = Math.min(from.end, from.start + victim.limit - position);
    const bytes = from.inode.platter().slice(from.start, end);
    const before = victim.inode.platter().subarray(position, position + bytes.length);
    if (bytes.every((byte, at) => byte === before[at])) continue;
    return { position, bytes, origin: `${from.name} at ${from.start}` };
  }
  return undefined;
}

/**
 * A record over a record, a header over a header, a snapshot over a snapshot; equal lengths first.
 */
function unitOverUnit(
  victim: Victim,
  files: readonly NamedFile[],
  random: Random,
): Aim | undefined {
  const { name, inode, position } = victim;
  const over = unitsOf([name, inode]).findLast(({ start }) => start <= position);
  const isSegment = segmentSequenceOf(name) !== undefined;
  const alike = files.filter(([other]) => (segmentSequenceOf(other) !== undefined) === isSegment);
  const units = alike.flatMap(unitsOf);
  if (over === undefined || units.length === 0) return undefined;
  const fitting = units.filter(({ start, end }) => end - start === over.end - over.start);
  const from = random.chance(3, 4) ? fitting : units;
  return { from: pickOf(from, random), position: over.start };
}

/** The same sectors of another file: an older segment, a spare, another snapshot. */
function samePlace(victim: Victim, files: readonly NamedFile[], random: Random): Aim | undefined {
  const position = sectorStart(victim.position);
  const others = files.filter(
    ([, inode]) => inode !== victim.inode && inode.platter().length > position,
  );
  if (others.length === 0) return undefined;
  return { from: sectors(pickOf(others, random), position, random), position };
}

/** A sector close by in the same file. */
function neighbour({ name, inode, position: byte }: Victim, _files: unknown, random: Random): Aim {
  const position = sectorStart(byte);
  const away = (1 + random.below(SECTORS_MAX)) * SECTOR_BYTES;
  const start = random.chance(1, 2) ? position - away : position + away;
  return { from: sectors([name, inode], Math.max(0, start), random), position };
}

/** Any sectors of the node, of whatever file. */
function anywhere(victim: Victim, files: readonly NamedFile[], random: Random): Aim {
  const file = pickOf(files, random);
  const start = sectorStart(random.below(Math.max(1, file[1].platter().length)));
  return { from: sectors(file, start, random), position: sectorStart(victim.position) };
}

function sectors([name, inode]: NamedFile, start: number, random: Random): Unit {
  const length = (1 + random.below(SECTORS_MAX)) * SECTOR_BYTES;
  return { name, inode, start, end: start + length };
}

function sectorStart(position: number): number {
  return position - (position % SECTOR_BYTES);
}

function unitsOf([name, inode]: NamedFile): readonly Unit[] {
  const platter = inode.platter();
  const sequence = segmentSequenceOf(name);
  if (sequence === undefined) {
    if (snapshotIndexOf(name) === undefined) return [];
    return [{ name, inode, start: 0, end: platter.length }];
  }
  const header = headerOn({ sequence, name, inode }, undefined);
  if (header === undefined) return [];
  const units: Unit[] = [{ name, inode, start: 0, end: header.end }];
  for (let start = header.end; ; ) {
    const record = recordAt(platter, start, header.crc);
    if (record === undefined) return units;
    units.push({ name, inode, start, end: record.end });
    start = record.end;
  }
}

function pickOf<T>(items: readonly T[], random: Random): T {
  const item = items[random.below(items.length)];
  assert(item !== undefined, "misdirection: nothing to pick from");
  return item;
}
