/** CRC-32 (the one of zlib and Ethernet, reflected polynomial EDB88320), eight bytes a step. */

const TABLES: Int32Array = makeTables();

/**
 * The checksum of `bytes[from, end)`, as an unsigned number. `seed` is the checksum of what comes
 * before, so `crc32(b, crc32(a))` is the checksum of `a` followed by `b`.
 */
export function crc32(bytes: Uint8Array, seed = 0, from = 0, end: number = bytes.length): number {
  const table = TABLES;
  let crc = ~seed;
  let at = from;
  // The index of each lookup is below 2048 and each byte below `end`: `as number` drops a check,
  // not a case.
  for (; at + 8 <= end; at += 8) {
    const a = crc ^ word(bytes, at);
    const b = word(bytes, at + 4);
    crc =
      (table[0x700 | (a & 255)] as number) ^
      (table[0x600 | ((a >>> 8) & 255)] as number) ^
      (table[0x500 | ((a >>> 16) & 255)] as number) ^
      (table[0x400 | (a >>> 24)] as number) ^
      (table[0x300 | (b & 255)] as number) ^
      (table[0x200 | ((b >>> 8) & 255)] as number) ^
      (table[0x100 | ((b >>> 16) & 255)] as number) ^
      (table[b >>> 24] as number);
  }
  for (; at < end; at += 1) {
    crc = (table[(crc ^ (bytes[at] as number)) & 255] as number) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** Table k (of 8, 256 words each) advances a byte over k zero bytes more. */
function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
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
