/** CRC-32 against its definition and published values. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { crc32 } from "@holdfast/replica";
import fc from "fast-check";
import { crc32OfWord, wholeSteps } from "../src/crc32.ts";

/** Division of the message by the polynomial, bit after bit. */
function slowly(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    }
  }
  return ~crc >>> 0;
}

describe("crc32", () => {
  it("gives the published check values", () => {
    const of = (text: string): string => crc32(new TextEncoder().encode(text)).toString(16);
    assert.equal(of(""), "0");
    assert.equal(of("a"), "e8b7be43");
    assert.equal(of("123456789"), "cbf43926");
    assert.equal(of("The quick brown fox jumps over the lazy dog"), "414fa339");
  });

  it("equals the bitwise definition at every length", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        assert.equal(crc32(bytes), slowly(bytes));
      }),
    );
  });

  it("continues from the checksum of what came before, also inside a larger buffer", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.nat(70), fc.nat(70), (bytes, a, b) => {
        const [from, end] = [Math.min(a, b, bytes.length), Math.min(Math.max(a, b), bytes.length)];
        const seed = crc32(bytes, 0, 0, from);
        assert.equal(crc32(bytes, seed, from, end), slowly(bytes.subarray(0, end)));
      }),
    );
  });

  it("goes over all but the last bytes in steps of sixteen, also in ranges of more than 2 GiB", () => {
    // To allocate and read so much would take seconds: this is the part that depends on the size.
    const size = fc.oneof(fc.nat(40), fc.integer({ min: 2 ** 31 - 40, max: 2 ** 33 }));
    fc.assert(
      fc.property(fc.nat(70), size, (from, bytes) => {
        const whole = wholeSteps(from, from + bytes);
        assert.equal((whole - from) % 16, 0);
        const rest = from + bytes - whole;
        assert(rest >= 0 && rest < 16, `${rest} bytes are left of ${bytes}`);
        assert(whole >= from);
      }),
    );
  });

  it("of a word is that of its four bytes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (word) => {
        const bytes = Uint8Array.of(word, word >>> 8, word >>> 16, word >>> 24);
        assert.equal(crc32OfWord(word), slowly(bytes));
      }),
    );
  });
});
