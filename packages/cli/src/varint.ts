/**
 * Whole numbers in as few bytes as they need: seven bits per byte, low ones first, the high bit
 * says "more follows".
 */

/** Bytes of the longest varint that holds a safe integer. */
const VARINT_BYTES_MAX = 8;

/** Adds `value` (a safe integer, 0 or more) to `out`. */
export function pushVarint(out: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    out.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  out.push(rest);
}

/** Reads the number at `at`; undefined when it is cut off, too long or beyond the safe integers. */
export function readVarint(
  bytes: Uint8Array,
  at: number,
): { readonly value: number; readonly next: number } | undefined {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < VARINT_BYTES_MAX; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return Number.isSafeInteger(value) ? { value, next: at + i + 1 } : undefined;
    scale *= 0x80;
  }
  return undefined;
}
