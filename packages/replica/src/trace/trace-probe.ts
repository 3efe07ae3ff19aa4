/** Turns what a replica tells its probe into events of a trace, each with what it follows from. */

import type { Entry, Input, Raft, RaftEvent, SnapshotMeta, Write } from "@holdfast/raft";
import type { Packet } from "../codec/packet.ts";
import { crc32 } from "../crc32.ts";
import type { Probe } from "../probe.ts";
import type { NodeAction, TraceStanding, TraceWrite } from "./trace-event.ts";
import { bytesOf, runsOf, traceMessage } from "./trace-message.ts";
import type { TraceRecorder, Who } from "./trace-recorder.ts";

/** Both go into the options of the replica. */
export type TraceProbe = Required<Probe> & { readonly observe: (event: RaftEvent) => void };

export interface TraceProbeOptions {
  /** Tell each new deadline of the core's timer too; off unless told. */
  readonly timers?: boolean;
  /** A quicker `crc32` than that of this package, where there is one. */
  readonly hash?: (bytes: Uint8Array) => number;
  /** Numbers of packets, where the network gives them. */
  readonly packetIds?: {
    /** Of the one that is about to be sent. */
    sending(): number;
    /** Of the one that is arriving. */
    receiving(): number;
  };
}

/** For one life of one node. Give it to the replica as `probe`, and its `observe` as `observe`. */
export function traceProbe(
  recorder: TraceRecorder,
  who: Who,
  options: TraceProbeOptions = {},
): TraceProbe {
  return new NodeTrace(recorder, who, options);
}

const NOT_OPEN: TraceStanding = { currentTerm: 0, role: "follower" };

/** These leave when something outside of the core is done, not in the turn of an input. */
const LATE: readonly Packet["kind"][] = ["snapshot-request", "forward-request"];

class NodeTrace implements TraceProbe {
  readonly #recorder: TraceRecorder;
  readonly #who: Who;
  readonly #options: TraceProbeOptions;
  readonly #hash: (bytes: Uint8Array) => number;
  #raft: Raft | undefined;
  /** The event that stands for what the core was given last. */
  #input = 0;
  /** The packet that has just arrived. */
  #received = 0;
  /** The last write that became durable. */
  #durable = 0;
  /** The last entry that was applied, and the last own snapshot. */
  #applied = 0;
  #taken = 0;
  /** The event by which the core learned of its commit index. */
  #committed = 0;
  /** The event by which the core took over a snapshot. */
  #installed = 0;
  /** The own events of writes that are not durable yet. */
  readonly #writes = new Map<number, number>();
  /**
   * Told already when the input was stepped; the replica hands them to `observe` later, in this
   * order. An application that proposes meanwhile adds events before all have been handed over.
   */
  readonly #told: RaftEvent[] = [];
  /** How many of these it has handed over. */
  #handed = 0;
  /** The outbox of the last step, and how much of it has been told. */
  #outbox: readonly RaftEvent[] = [];
  #seen = 0;
  #deadline = Number.NaN;

  constructor(recorder: TraceRecorder, who: Who, options: TraceProbeOptions) {
    this.#recorder = recorder;
    this.#who = who;
    this.#options = options;
    this.#hash = options.hash ?? crc32;
  }

  readonly observe = (event: RaftEvent): void => {
    if (this.#told[this.#handed] !== event) this.#tellOutbox();
    if (this.#told[this.#handed] !== event) {
      // The replica's own: it was never in the outbox.
      this.#happened(event);
      return;
    }
    this.#handed++;
    if (this.#handed < this.#told.length) return;
    this.#told.length = 0;
    this.#handed = 0;
  };

  opened(raft: Raft): void {
    this.#raft = raft;
    const { members, vote, log, commit } = raft;
    const start = { index: log.startIndex, term: log.startTerm };
    const last = { index: log.lastIndex, term: log.lastTerm };
    this.#tell({ kind: "opened", voters: members.voters, vote, start, last, commit });
    this.#tellDeadline();
  }

  stepping(input: Input): void {
    this.#tellOutbox();
    this.#input =
      input.kind === "received" ? this.#received : this.#tell(inputOf(input), this.#why(input));
  }

  stepped(): void {
    const raft = this.#raft;
    if (raft === undefined) return;
    const { events } = raft.outbox;
    if (events !== this.#outbox) {
      this.#outbox = events;
      this.#seen = 0;
    }
    this.#tellOutbox();
    this.#tellDeadline();
  }

  writing(write: Write): void {
    const no = this.#tell(
      Object.assign({ kind: "write-begun" } as const, writeOf(write)),
      this.#input,
    );
    this.#writes.set(write.seq, no);
  }

  durable(write: Write): void {
    const begun = this.#writes.get(write.seq) ?? 0;
    this.#writes.delete(write.seq);
    const action = Object.assign({ kind: "write-durable" } as const, writeOf(write));
    this.#durable = this.#tell(action, begun);
  }

  sending(packet: Packet): void {
    const message = traceMessage(packet, this.#hash);
    const { packetIds } = this.#options;
    const cause = LATE.includes(packet.kind) ? 0 : this.#input;
    if (packetIds === undefined) this.#tell({ kind: "sent", message }, cause);
    else this.#tell({ kind: "sent", id: packetIds.sending(), message }, cause);
  }

  received(packet: Packet): void {
    const message = traceMessage(packet, this.#hash);
    const { packetIds } = this.#options;
    this.#input = this.#tell(
      packetIds === undefined
        ? { kind: "received", message }
        : { kind: "received", id: packetIds.receiving(), message },
    );
    this.#received = this.#input;
  }

  applied({ index, term, kind: entry, data }: Entry): void {
    const [bytes, hash] = [data.length, this.#hash(data)];
    const action = { kind: "applied", index, term, entry, bytes, hash } as const;
    this.#applied = this.#tell(action, this.#committed);
  }

  restored({ index, term }: SnapshotMeta): void {
    this.#tell({ kind: "restored", index, term }, this.#installed);
  }

  snapshotTaken(index: number): void {
    this.#taken = this.#tell({ kind: "snapshot-taken", index });
  }

  ended(failure: Error | undefined): void {
    if (failure === undefined) this.#tell({ kind: "closed" });
    else this.#tell({ kind: "failed", code: codeOf(failure), message: failure.message });
  }

  /** Not only after a step: the core adds to it when its effects are taken. */
  #tellOutbox(): void {
    for (; this.#seen < this.#outbox.length; this.#seen++) {
      const event = this.#outbox[this.#seen];
      if (event === undefined) break;
      this.#told.push(event);
      this.#happened(event);
    }
  }

  #happened(event: RaftEvent): void {
    const no = this.#tell(event, this.#input);
    if (event.kind === "committed") this.#committed = no;
    else if (event.kind === "snapshot-installed") this.#installed = no;
  }

  /** What the replica tells its own core of. */
  #why({ kind }: Input): number {
    switch (kind) {
      case "persisted":
        return this.#durable;
      case "applied":
        return this.#applied;
      case "snapshot-taken":
        return this.#taken;
      case "propose":
        // Nothing came between: a peer has forwarded it.
        return this.#recorder.last === this.#received ? this.#received : 0;
      default:
        return 0;
    }
  }

  #tellDeadline(): void {
    if (this.#options.timers !== true || this.#raft === undefined) return;
    const { deadline } = this.#raft;
    if (deadline === this.#deadline) return;
    this.#deadline = deadline;
    const due = Number.isFinite(deadline) ? { deadline: Math.round(deadline * 1000) / 1000 } : {};
    this.#tell({ kind: "timer-set", ...due }, this.#input);
  }

  #tell(action: RaftEvent | NodeAction, cause = 0): number {
    const raft = this.#raft;
    const standing =
      raft === undefined ? NOT_OPEN : { currentTerm: raft.term, role: raft.role.kind };
    return this.#recorder.node(this.#who, standing, action, cause);
  }
}

function inputOf(input: Exclude<Input, { readonly kind: "received" }>): NodeAction {
  const { kind } = input;
  switch (kind) {
    case "tick":
      return { kind: "input", input: kind, value: 0 };
    case "propose": {
      let bytes = 0;
      for (const command of input.commands) bytes += command.length;
      return { kind: "input", input: kind, value: input.commands.length, bytes };
    }
    case "persisted":
      return { kind: "input", input: kind, value: input.seq };
    case "snapshot-checked":
      return { kind: "input", input: kind, value: input.index, ok: input.ok };
    case "snapshot-unreadable":
      return { kind: "input", input: kind, value: input.index, peer: input.to };
    case "unreachable":
      return { kind: "input", input: kind, value: 0, peer: input.peer };
    default:
      return { kind: "input", input: kind, value: input.index };
  }
}

function writeOf(write: Write): TraceWrite {
  const { seq, hardState, snapshot, truncateFrom, entries, compactTo, thenSend } = write;
  return {
    write: seq,
    ...(hardState === undefined ? {} : { hardState }),
    ...(snapshot === undefined ? {} : { snapshot: { index: snapshot.index, term: snapshot.term } }),
    truncateFrom,
    entries: runsOf(entries),
    bytes: bytesOf(entries),
    compactTo,
    thenSend: thenSend.length,
  };
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
