/** One view of a simulated file: its bytes, and what may lie behind its end. */

export class FileView {
  #bytes: Uint8Array = new Uint8Array(0);
  #size = 0;
  /** Zeros from here on; at or behind the end of the file. */
  #end = 0;
  #stamp: object | undefined;

  get size(): number {
    return this.#size;
  }

  /** Stands for just this content: a copy has it too, until either of them changes. */
  get stamp(): object {
    this.#stamp ??= {};
    return this.#stamp;
  }

  /** The file's bytes in [from, end), as far as there are: only a view, until anything changes. */
  part(from: number, end: number): Uint8Array {
    return this.#bytes.subarray(from, Math.max(from, Math.min(end, this.#size)));
  }

  /** The same as a copy. */
  slice(from: number, end: number): Uint8Array {
    return this.#bytes.slice(from, Math.max(from, Math.min(end, this.#size)));
  }

  /** Puts bytes there, also behind the end of the file, which stays where it is. */
  put(position: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const end = position + bytes.length;
    this.#stamp = undefined;
    this.#reserve(end);
    this.#bytes.set(bytes, position);
    if (end > this.#end) this.#end = end;
  }

  /** At least this long: what lies behind the end, zeros or other, becomes part of the file. */
  extend(size: number): void {
    if (size <= this.#size) return;
    this.#stamp = undefined;
    this.#reserve(size);
    this.#size = size;
    if (size > this.#end) this.#end = size;
  }

  /** Just this long, with zeros behind: also in the future. */
  resize(size: number): void {
    if (size === this.#size && size === this.#end) return;
    this.#stamp = undefined;
    this.#reserve(size);
    if (size < this.#end) this.#bytes.fill(0, size, this.#end);
    this.#size = size;
    this.#end = size;
  }

  copy(): FileView {
    const made = new FileView();
    made.#bytes = this.#bytes.slice(0, this.#end);
    made.#size = this.#size;
    made.#end = this.#end;
    made.#stamp = this.stamp;
    return made;
  }

  /** Room for so many bytes: the old ones, then zeros. Grows by doubling. */
  #reserve(length: number): void {
    if (this.#bytes.length >= length) return;
    const bigger = new Uint8Array(Math.max(length, this.#bytes.length * 2, 512));
    bigger.set(this.#bytes);
    this.#bytes = bigger;
  }
}
