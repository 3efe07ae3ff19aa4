/** CRC-32 (the one of zlib and Ethernet, reflected polynomial EDB88320), sixteen bytes a step. */

const TABLES: Int32Array = makeTables();

/**
 * The checksum of `bytes[from, end)`, as an unsigned number. `seed` is the checksum of what comes
 * before, so `crc32(b, crc32(a))` is the checksum of `a` followed by `b`.
 */
export function crc32(bytes: Uint8Array, seed = 0, from = 0, end: number = bytes.length): number {
  return crc32Of(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), seed, from, end);
}

/** As `crc32`, for who has a view already: to make one takes as long as a hundred bytes do. */
export function crc32Of(view: DataView, seed: number, from: number, end: number): number {
  const whole = wholeSteps(from, end);
  return ~overBytes(view, overSteps(view, ~seed, from, whole), whole, end) >>> 0;
}

/** Where the last whole step of a range ends. Not `& ~15`: that is negative from 2 GiB on. */
export function wholeSteps(from: number, end: number): number {
  return end - ((end - from) % 16);
}

/**
 * Nothing comes behind the loop: V8 may optimize it within the first call of all, knowing nothing
 * of what comes behind, and then gives up there in each long call.
 */
function overSteps(view: DataView, before: number, from: number, end: number): number {
  const table = TABLES;
  let crc = before;
  // The index of each lookup is below 4096: `as number` drops a check, not a case.
  for (let at = from; at < end; at += 16) {
    const a = crc ^ view.getInt32(at, true);
    const b = view.getInt32(at + 4, true);
    const c = view.getInt32(at + 8, true);
    const d = view.getInt32(at + 12, true);
    crc =
      (table[0xf00 | (a & 255)] as number) ^
      (table[0xe00 | ((a >>> 8) & 255)] as number) ^
      (table[0xd00 | ((a >>> 16) & 255)] as number) ^
      (table[0xc00 | (a >>> 24)] as number) ^
      (table[0xb00 | (b & 255)] as number) ^
      (table[0xa00 | ((b >>> 8) & 255)] as number) ^
      (table[0x900 | ((b >>> 16) & 255)] as number) ^
      (table[0x800 | (b >>> 24)] as number) ^
      (table[0x700 | (c & 255)] as number) ^
      (table[0x600 | ((c >>> 8) & 255)] as number) ^
      (table[0x500 | ((c >>> 16) & 255)] as number) ^
      (table[0x400 | (c >>> 24)] as number) ^
      (table[0x300 | (d & 255)] as number) ^
      (table[0x200 | ((d >>> 8) & 255)] as number) ^
      (table[0x100 | ((d >>> 16) & 255)] as number) ^
      (table[d >>> 24] as number);
  }
  return crc;
}

function overBytes(view: DataView, before: number, from: number, end: number): number {
  let crc = before;
  for (let at = from; at < end; at += 1) {
    crc = (TABLES[(crc ^ view.getUint8(at)) & 255] as number) ^ (crc >>> 8);
  }
  return crc;
}

/**
 * The checksum of the four bytes of an unsigned number, low ones first. Differs for each number.
 */
export function crc32OfWord(word: number): number {
  const crc = ~word;
  const high = (TABLES[0x100 | ((crc >>> 16) & 255)] as number) ^ (TABLES[crc >>> 24] as number);
  const low =
    (TABLES[0x300 | (crc & 255)] as number) ^ (TABLES[0x200 | ((crc >>> 8) & 255)] as number);
  return ~(low ^ high) >>> 0;
}

/** Table k (of 16, 256 words each) advances a byte over k zero bytes more. */
function makeTables(): Int32Array {
  const tables = new Int32Array(16 * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1)
      crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    tables[byte] = crc;
  }
  for (let at = 256; at < tables.length; at += 1) {
    const before = tables[at - 256] as number;
    tables[at] = (before >>> 8) ^ (tables[before & 255] as number);
  }
  return tables;
}
