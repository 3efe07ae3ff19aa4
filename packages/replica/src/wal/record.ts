/**
 * What one record of the log says, and its bytes. One record holds one `Write`, so a write is all
 * there or not at all.
 */

import type { Entry, EntryKind, HardState, Index, Term, Write } from "@holdfast/raft";
import { type ByteReader, type ByteWriter, varintBytes } from "./bytes.ts";

/** A position in the log together with the term there. */
export interface LogPoint {
  readonly index: Index;
  readonly term: Term;
}

/** State at the beginning of a segment: with it, the segments before can go. */
export interface Head {
  readonly hardState: HardState;
  /** The log begins after this point. */
  readonly start: LogPoint;
  readonly lastIndex: Index;
}

/** Its parts take effect in the order of the fields. */
export interface WalRecord {
  /** Only in the first record of a segment, and then alone. */
  readonly head: Head | undefined;
  /** The log is empty and begins after this point. */
  readonly reset: LogPoint | undefined;
  /** Entries from here on are gone; 0 for none. */
  readonly truncateFrom: Index;
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
  /** The log begins after this point; entries up to it are gone. */
  readonly compact: LogPoint | undefined;
}

/** Says nothing; its presence proves that all before it was durable. */
export const MARK: WalRecord = {
  head: undefined,
  reset: undefined,
  truncateFrom: 0,
  hardState: undefined,
  entries: [],
  compact: undefined,
};

export function recordOf(write: Write): WalRecord {
  const { snapshot, compactTo, compactTerm } = write;
  return {
    head: undefined,
    reset: snapshot === undefined ? undefined : { index: snapshot.index, term: snapshot.term },
    truncateFrom: write.truncateFrom,
    hardState: write.hardState,
    entries: write.entries,
    compact: compactTo === 0 ? undefined : { index: compactTo, term: compactTerm },
  };
}

export function isEmpty(record: WalRecord): boolean {
  return flagsOf(record) === 0;
}

const HEAD = 1;
const RESET = 2;
const TRUNCATE = 4;
const HARD_STATE = 8;
const ENTRIES = 16;
const COMPACT = 32;
const KNOWN_FLAGS = 63;

const KINDS: readonly EntryKind[] = ["command", "noop", "members"];
/**
 * Low bits of an entry's first number: its kind, and whether its term is that of the entry before.
 */
const KIND_STEP = 8;
const SAME_TERM = 4;

function flagsOf(record: WalRecord): number {
  return (
    (record.head === undefined ? 0 : HEAD) |
    (record.reset === undefined ? 0 : RESET) |
    (record.truncateFrom === 0 ? 0 : TRUNCATE) |
    (record.hardState === undefined ? 0 : HARD_STATE) |
    (record.entries.length === 0 ? 0 : ENTRIES) |
    (record.compact === undefined ? 0 : COMPACT)
  );
}

/** How many bytes `putRecord` writes. */
export function recordBytes(record: WalRecord): number {
  const { head, reset, hardState, compact } = record;
  let bytes = 1;
  if (head !== undefined) {
    bytes += hardStateBytes(head.hardState) + pointBytes(head.start) + varintBytes(head.lastIndex);
  }
  if (reset !== undefined) bytes += pointBytes(reset);
  if (record.truncateFrom !== 0) bytes += varintBytes(record.truncateFrom);
  if (hardState !== undefined) bytes += hardStateBytes(hardState);
  if (record.entries.length > 0) bytes += entriesBytes(record.entries);
  if (compact !== undefined) bytes += pointBytes(compact);
  return bytes;
}

export function putRecord(writer: ByteWriter, record: WalRecord): void {
  const { head, reset, hardState, compact } = record;
  writer.putByte(flagsOf(record));
  if (head !== undefined) {
    putHardState(writer, head.hardState);
    putPoint(writer, head.start);
    writer.putVarint(head.lastIndex);
  }
  if (reset !== undefined) putPoint(writer, reset);
  if (record.truncateFrom !== 0) writer.putVarint(record.truncateFrom);
  if (hardState !== undefined) putHardState(writer, hardState);
  if (record.entries.length > 0) putEntries(writer, record.entries);
  if (compact !== undefined) putPoint(writer, compact);
}

/**
 * `undefined` when the bytes up to the reader's end are not exactly one record. Payloads are views.
 */
export function readRecord(reader: ByteReader): WalRecord | undefined {
  const flags = reader.byte();
  if ((flags & ~KNOWN_FLAGS) !== 0) return undefined;
  if ((flags & HEAD) !== 0 && flags !== HEAD) return undefined;
  const record: WalRecord = {
    head: (flags & HEAD) === 0 ? undefined : readHead(reader),
    reset: (flags & RESET) === 0 ? undefined : readPoint(reader),
    truncateFrom: (flags & TRUNCATE) === 0 ? 0 : reader.varint(),
    hardState: (flags & HARD_STATE) === 0 ? undefined : readHardState(reader),
    entries: (flags & ENTRIES) === 0 ? [] : readEntries(reader),
    compact: (flags & COMPACT) === 0 ? undefined : readPoint(reader),
  };
  return reader.ok && reader.offset === reader.end ? record : undefined;
}

function readHead(reader: ByteReader): Head {
  return { hardState: readHardState(reader), start: readPoint(reader), lastIndex: reader.varint() };
}

function pointBytes(point: LogPoint): number {
  return varintBytes(point.index) + varintBytes(point.term);
}

function putPoint(writer: ByteWriter, point: LogPoint): void {
  writer.putVarint(point.index);
  writer.putVarint(point.term);
}

function readPoint(reader: ByteReader): LogPoint {
  return { index: reader.varint(), term: reader.varint() };
}

function hardStateBytes(state: HardState): number {
  return varintBytes(state.term) + varintBytes(state.vote);
}

function putHardState(writer: ByteWriter, state: HardState): void {
  writer.putVarint(state.term);
  writer.putVarint(state.vote);
}

function readHardState(reader: ByteReader): HardState {
  return { term: reader.varint(), vote: reader.varint() };
}

function entriesBytes(entries: readonly Entry[]): number {
  let bytes = varintBytes(entries.length) + varintBytes(entries[0]?.index ?? 0);
  let term = -1;
  for (const entry of entries) {
    if (entry.term !== term) bytes += varintBytes(entry.term);
    term = entry.term;
    bytes += varintBytes(entry.data.length * KIND_STEP) + entry.data.length;
  }
  return bytes;
}

function putEntries(writer: ByteWriter, entries: readonly Entry[]): void {
  writer.putVarint(entries.length);
  writer.putVarint(entries[0]?.index ?? 0);
  let term = -1;
  for (const entry of entries) {
    const sameTerm = entry.term === term ? SAME_TERM : 0;
    writer.putVarint(entry.data.length * KIND_STEP + sameTerm + KINDS.indexOf(entry.kind));
    if (sameTerm === 0) writer.putVarint(entry.term);
    term = entry.term;
    writer.putBytes(entry.data);
  }
}

function readEntries(reader: ByteReader): readonly Entry[] {
  const count = reader.varint();
  const first = reader.varint();
  if (count === 0) reader.ok = false;
  const entries: Entry[] = [];
  let term = -1;
  for (let index = first; index < first + count && reader.ok; index += 1) {
    const word = reader.varint();
    const kind = KINDS[word % SAME_TERM];
    if ((word & SAME_TERM) === 0) term = reader.varint();
    const data = reader.take(Math.floor(word / KIND_STEP));
    if (kind === undefined || term < 0) reader.ok = false;
    else entries.push({ index, term, kind, data });
  }
  return entries;
}
