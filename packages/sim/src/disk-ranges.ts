/** Which sectors of a file wait for the platter: a few runs in order, cheap to extend. */

/** Disjoint runs of sectors, ascending; runs that touch are one. */
export class SectorRanges {
  /** First sector and end (the first one behind) of each run, one after the other. */
  #bounds: number[] = [];

  get isEmpty(): boolean {
    return this.#bounds.length === 0;
  }

  get count(): number {
    return this.#bounds.length / 2;
  }

  /** First sector of run number `run`. */
  startOf(run: number): number {
    return this.#bounds[2 * run] ?? 0;
  }

  /** The sector behind run number `run`. */
  endOf(run: number): number {
    return this.#bounds[2 * run + 1] ?? 0;
  }

  has(sector: number): boolean {
    for (let run = this.count - 1; run >= 0; run -= 1) {
      if (sector >= this.startOf(run)) return sector < this.endOf(run);
    }
    return false;
  }

  overlaps(start: number, end: number): boolean {
    for (let run = this.count - 1; run >= 0; run -= 1) {
      if (this.endOf(run) <= start) return false;
      if (this.startOf(run) < end) return true;
    }
    return false;
  }

  /** Adds the sectors in [start, end). */
  add(start: number, end: number): void {
    if (end <= start) return;
    const bounds = this.#bounds;
    const last = bounds.length - 2;
    if (last < 0 || start > (bounds[last + 1] ?? 0)) bounds.push(start, end);
    else if (start < (bounds[last] ?? 0)) this.#merge(start, end);
    else bounds[last + 1] = Math.max(bounds[last + 1] ?? 0, end);
  }

  /** Takes out all sectors from `end` on. */
  cutAt(end: number): void {
    const bounds = this.#bounds;
    while (bounds.length > 0 && (bounds[bounds.length - 2] ?? 0) >= end) bounds.length -= 2;
    const last = bounds.length - 1;
    if (last > 0) bounds[last] = Math.min(bounds[last] ?? 0, end);
  }

  copy(): SectorRanges {
    const made = new SectorRanges();
    made.#bounds = this.#bounds.slice();
    return made;
  }

  #merge(start: number, end: number): void {
    const merged: number[] = [];
    let [from, to] = [start, end];
    let isPlaced = false;
    for (let run = 0; run < this.count; run += 1) {
      const [oldStart, oldEnd] = [this.startOf(run), this.endOf(run)];
      if (oldEnd < from) {
        merged.push(oldStart, oldEnd);
      } else if (oldStart > to) {
        if (!isPlaced) merged.push(from, to);
        isPlaced = true;
        merged.push(oldStart, oldEnd);
      } else {
        from = Math.min(from, oldStart);
        to = Math.max(to, oldEnd);
      }
    }
    if (!isPlaced) merged.push(from, to);
    this.#bounds = merged;
  }
}
