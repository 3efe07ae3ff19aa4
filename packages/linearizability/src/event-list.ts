/** The events of what is not yet in order, as a linked list from which operations can be lifted. */

/**
 * A node is a place in the order of events. Lifting takes a call and its return out in constant
 * time; dropping puts them back, in the reverse order of lifting (Knuth's dancing links; Lowe's
 * checker does the same).
 */
export class EventList {
  /** `event[node]`: `2 * i` for the call of operation i, `2 * i + 1` for its return. */
  readonly event: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #callNode: Int32Array;
  readonly #returnNode: Int32Array;
  /** Comes after the last node and, being a ring, before the first. */
  readonly end: number;

  constructor(events: Int32Array) {
    const { length } = events;
    this.event = events;
    this.end = length;
    this.#next = new Int32Array(length + 1);
    this.#previous = new Int32Array(length + 1);
    this.#callNode = new Int32Array(length / 2);
    this.#returnNode = new Int32Array(length / 2);
    for (let node = 0; node <= length; node++) {
      this.#next[node] = node === length ? 0 : node + 1;
      this.#previous[node] = node === 0 ? length : node - 1;
    }
    for (const [node, event] of events.entries()) {
      const nodes = event % 2 === 0 ? this.#callNode : this.#returnNode;
      nodes[event >> 1] = node;
    }
  }

  /** The first node, or `end` if all is lifted. */
  get first(): number {
    return this.after(this.end);
  }

  // Nodes and operations come from this list, so lookups can't miss: `as number` drops no case.

  after(node: number): number {
    return this.#next[node] as number;
  }

  /** The operation that is called at this node, or -1 if it is a return or the end. */
  calledAt(node: number): number {
    if (node === this.end) return -1;
    const event = this.event[node] as number;
    return (event & 1) === 0 ? event >> 1 : -1;
  }

  callNode(operation: number): number {
    return this.#callNode[operation] as number;
  }

  lift(operation: number): void {
    this.#unlink(this.#callNode[operation] as number);
    this.#unlink(this.#returnNode[operation] as number);
  }

  drop(operation: number): void {
    this.#relink(this.#returnNode[operation] as number);
    this.#relink(this.#callNode[operation] as number);
  }

  #unlink(node: number): void {
    const next = this.#next[node] as number;
    const previous = this.#previous[node] as number;
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }

  #relink(node: number): void {
    this.#next[this.#previous[node] as number] = node;
    this.#previous[this.#next[node] as number] = node;
  }
}
