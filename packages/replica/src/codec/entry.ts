/** Log entries on the wire (paper §5.3): indexes are implied, terms are written as differences. */

import { assert, type Entry, type EntryKind, type Index, type Term } from "@holdfast/raft";
import { type Reader, VARINT_BYTES_MAX, type Writer } from "./buffer.ts";
import { CodecError } from "./errors.ts";

const KIND_BITS = 0b011;
const OTHER_TERM = 0b100;

/** A tag and a length. */
const ENTRY_BYTES_MIN = 2;

/** Never less than what {@link writeEntries} writes. */
export function entriesBound(entries: readonly Entry[]): number {
  let bytes = VARINT_BYTES_MAX;
  for (const entry of entries) bytes += 2 + 2 * VARINT_BYTES_MAX + entry.data.length;
  return bytes;
}

/** Entries must follow each other, the first right behind `prevIndex`. */
export function writeEntries(
  writer: Writer,
  prevIndex: Index,
  prevTerm: Term,
  entries: readonly Entry[],
): void {
  writer.count(entries.length);
  let index = prevIndex;
  let term = prevTerm;
  for (const entry of entries) {
    index++;
    assert(entry.index === index, "codec: entries with a gap");
    if (entry.term === term) {
      writer.byte(entryKindCode(entry.kind));
    } else {
      writer.byte(entryKindCode(entry.kind) | OTHER_TERM);
      writer.difference(term, entry.term);
      term = entry.term;
    }
    writer.span(entry.data);
  }
}

export function readEntries(reader: Reader, prevIndex: Index, prevTerm: Term): Entry[] {
  const count = reader.countOf(ENTRY_BYTES_MIN);
  if (count > Number.MAX_SAFE_INTEGER - prevIndex) throw new CodecError("Number out of range");
  const entries: Entry[] = [];
  let term = prevTerm;
  for (let index = prevIndex + 1; index <= prevIndex + count; index++) {
    const tag = reader.flags(KIND_BITS | OTHER_TERM);
    if ((tag & OTHER_TERM) !== 0) term = otherTerm(reader, term);
    entries.push({ index, term, kind: entryKind(tag & KIND_BITS), data: reader.span() });
  }
  return entries;
}

function otherTerm(reader: Reader, term: Term): Term {
  const other = reader.difference(term);
  if (other === term) throw new CodecError("Number has a longer spelling than needed");
  return other;
}

function entryKindCode(kind: EntryKind): number {
  switch (kind) {
    case "command":
      return 0;
    case "noop":
      return 1;
    case "members":
      return 2;
  }
}

function entryKind(code: number): EntryKind {
  switch (code) {
    case 0:
      return "command";
    case 1:
      return "noop";
    case 2:
      return "members";
    default:
      throw new CodecError("Unknown entry kind");
  }
}
