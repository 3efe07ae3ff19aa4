/** A rolling hash over what happened: two runs that differ anywhere end with different hashes. */

const scratch: Float64Array = new Float64Array(1);
const words: Uint32Array = new Uint32Array(scratch.buffer);

/** 64 bits in two halves; order matters, and so does every bit of every value. */
export class TraceHash {
  #high = 0x6a09e667;
  #low = 0xbb67ae85;

  /** Takes in one number (all its bits) or one text. */
  note(value: number | string): void {
    if (typeof value === "string") {
      this.#mix(value.length);
      for (let i = 0; i < value.length; i++) this.#mix(value.charCodeAt(i));
      return;
    }
    scratch[0] = value;
    this.#mix(words[0] ?? 0);
    this.#mix(words[1] ?? 0);
  }

  noteBytes(bytes: Uint8Array): void {
    this.#mix(bytes.length);
    for (const byte of bytes) this.#mix(byte);
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    return hex(this.#high) + hex(this.#low);
  }

  #mix(word: number): void {
    this.#high = Math.imul(this.#high ^ word, 0x9e3779b1);
    this.#high ^= this.#high >>> 15;
    this.#low = Math.imul((this.#low + word) ^ this.#high, 0x85ebca77);
    this.#low ^= this.#low >>> 13;
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
