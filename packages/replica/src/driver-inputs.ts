/** The last inputs of the core, kept small, to be told when an assertion fires. */

import type { Input } from "@holdfast/raft";

interface Summary {
  at: number;
  kind: string;
  /** The peer it came from or is about; 0 for local ones. */
  peer: number;
  term: number;
  /** What tells inputs of one kind apart: an index, a sequence number, a count. */
  value: number;
}

const KEPT = 50;

/** A ring of summaries; payloads are not kept alive. */
export class RecentInputs {
  readonly #ring: Summary[] = [];
  #next = 0;

  note(input: Input, at: number): void {
    let summary = this.#ring[this.#next];
    if (summary === undefined) {
      summary = { at: 0, kind: "", peer: 0, term: 0, value: 0 };
      this.#ring.push(summary);
    }
    summary.at = at;
    fill(summary, input);
    this.#next = (this.#next + 1) % KEPT;
  }

  /** Oldest first, one line each. */
  lines(): readonly string[] {
    const ordered = [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
    return ordered.map(({ at, kind, peer, term, value }) => {
      const from = peer === 0 ? "" : ` peer ${peer}`;
      const when = term === 0 ? "" : ` term ${term}`;
      return `${at.toFixed(3)} ${kind}${from}${when} ${value}`;
    });
  }
}

function fill(summary: Summary, input: Input): void {
  summary.kind = input.kind;
  summary.peer = 0;
  summary.term = 0;
  summary.value = 0;
  switch (input.kind) {
    case "received":
      summary.kind = input.message.kind;
      summary.peer = input.message.from;
      summary.term = input.message.term;
      summary.value = "seq" in input.message ? input.message.seq : input.message.electionTerm;
      break;
    case "propose":
      summary.value = input.commands.length;
      break;
    case "persisted":
      summary.value = input.seq;
      break;
    case "snapshot-unreadable":
      summary.peer = input.to;
      summary.value = input.index;
      break;
    case "unreachable":
      summary.peer = input.peer;
      break;
    case "tick":
      break;
    default:
      summary.value = input.index;
  }
}
