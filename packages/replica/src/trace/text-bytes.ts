/** Text as UTF-8 in a buffer that grows: numbers and constant parts go in without a string. */

const ZERO = 0x30;
const DOT = 0x2e;
/** Above, whole numbers are no longer exact; below, a time in whole microseconds is. */
const MICROS_MAX = 1e15;
const INT_MAX = 0x7fffffff;
/** More digits than any safe integer has. */
const DIGITS_MAX = 20;
/** What a UTF-16 unit takes at most. */
const BYTES_PER_UNIT = 3;

/** The two digits of the numbers below 100. */
const TENS: Uint8Array = Uint8Array.from({ length: 100 }, (_, at) => ZERO + Math.floor(at / 10));
const UNITS: Uint8Array = Uint8Array.from({ length: 100 }, (_, at) => ZERO + (at % 10));

export class TextBytes {
  #buffer: Uint8Array;
  #length = 0;

  constructor(capacity: number) {
    this.#buffer = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  get capacity(): number {
    return this.#buffer.length;
  }

  /** All of it, as a view: valid until something is put or `clear` is called. */
  view(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  putByte(byte: number): void {
    this.#reserve(1);
    this.#buffer[this.#length] = byte;
    this.#length += 1;
  }

  putBytes(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#reserve(length);
    this.#buffer.set(bytes, this.#length);
    this.#length += length;
  }

  /** As JSON has it. */
  putNumber(value: number): void {
    if (value >= 0 && value <= INT_MAX && value === (value | 0)) this.#putDigits(value);
    else if (Number.isSafeInteger(value) && value > 0) this.#putLong(value);
    else this.putText(JSON.stringify(value));
  }

  /** As JSON has it; quick for those that are whole numbers of microseconds, given in ms. */
  putTime(value: number): void {
    const micros = Math.round(value * 1000);
    const ms = Math.floor(micros / 1000);
    if (!(micros >= 0 && micros < MICROS_MAX) || micros / 1000 !== value) {
      this.putText(JSON.stringify(value));
      return;
    }
    this.putNumber(ms);
    const rest = micros - ms * 1000;
    if (rest === 0) return;
    this.#reserve(4);
    const buffer = this.#buffer;
    const to = this.#length;
    const tenths = (rest / 10) | 0;
    const hundreds = (rest / 100) | 0;
    buffer[to] = DOT;
    buffer[to + 1] = ZERO + hundreds;
    buffer[to + 2] = ZERO + (tenths - hundreds * 10);
    buffer[to + 3] = ZERO + (rest - tenths * 10);
    // No zeros at the end.
    this.#length = to + 4;
    while (buffer[this.#length - 1] === ZERO) this.#length -= 1;
  }

  putText(text: string): void {
    this.#reserve(text.length * BYTES_PER_UNIT);
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit < 0x80) {
        this.#buffer[this.#length] = unit;
        this.#length += 1;
      } else {
        const point = text.codePointAt(at) ?? unit;
        if (point > 0xffff) at += 1;
        this.#putPoint(point);
      }
    }
  }

  #putPoint(point: number): void {
    // A lone half of a pair is no text: what UTF-8 has in its place.
    const whole = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
    if (whole < 0x800) {
      this.putByte(0xc0 | (whole >> 6));
    } else {
      if (whole < 0x10000) {
        this.putByte(0xe0 | (whole >> 12));
      } else {
        this.putByte(0xf0 | (whole >> 18));
        this.putByte(0x80 | ((whole >> 12) & 63));
      }
      this.putByte(0x80 | ((whole >> 6) & 63));
    }
    this.putByte(0x80 | (whole & 63));
  }

  #putLong(value: number): void {
    const high = Math.floor(value / 1e9);
    const low = value - high * 1e9;
    if (high > 0) {
      this.putNumber(high);
      // The zeros that the low part begins with: a one before it, which is then passed over.
      const at = this.#length;
      this.#putDigits(1e9 + low);
      this.#buffer.copyWithin(at, at + 1, this.#length);
      this.#length -= 1;
    } else {
      this.#putDigits(low);
    }
  }

  /** `value` is below 2^31. */
  #putDigits(value: number): void {
    this.#reserve(DIGITS_MAX);
    const buffer = this.#buffer;
    const end = this.#length + digitsOf(value);
    let rest = value;
    let at = end;
    for (; rest >= 100; at -= 2) {
      const next = (rest / 100) | 0;
      const pair = rest - next * 100;
      buffer[at - 2] = TENS[pair] as number;
      buffer[at - 1] = UNITS[pair] as number;
      rest = next;
    }
    buffer[at - 1] = UNITS[rest] as number;
    if (rest >= 10) buffer[at - 2] = TENS[rest] as number;
    this.#length = end;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    larger.set(this.view());
    this.#buffer = larger;
  }
}

function digitsOf(value: number): number {
  if (value < 10) return 1;
  if (value < 100) return 2;
  if (value < 1000) return 3;
  if (value < 10_000) return 4;
  if (value < 100_000) return 5;
  if (value < 1_000_000) return 6;
  if (value < 10_000_000) return 7;
  if (value < 100_000_000) return 8;
  return value < 1_000_000_000 ? 9 : 10;
}

/** The bytes of a text. */
export function bytesOfText(text: string): Uint8Array {
  const bytes = new TextBytes(text.length);
  bytes.putText(text);
  return bytes.view();
}
