/** Packets as a trace tells them: every field that the protocol decides by, no payload. */

import type { Entry, Index, NodeId, Term } from "@holdfast/raft";
import type { ForwardReason, Packet } from "../codec/packet.ts";
import { crc32 } from "../crc32.ts";

/** Entries without a gap, `count` of them from index `first` on, all of one term. */
export type TraceRun = readonly [first: Index, count: number, term: Term];

interface Envelope {
  readonly from: NodeId;
  readonly to: NodeId;
  /** The sender's current term; of a forward-response the term of the place, 0 without one. */
  readonly term: Term;
}

/** Field names are those of the message itself; see `Message` and `Packet`. */
export type TraceMessage = Envelope &
  (
    | {
        readonly kind: "vote-request";
        readonly preVote: boolean;
        readonly electionTerm: Term;
        readonly lastIndex: Index;
        readonly lastTerm: Term;
      }
    | {
        readonly kind: "vote-response";
        readonly preVote: boolean;
        readonly electionTerm: Term;
        readonly granted: boolean;
      }
    | {
        readonly kind: "append-request";
        readonly seq: number;
        readonly prevIndex: Index;
        readonly prevTerm: Term;
        readonly commit: Index;
        readonly entries: readonly TraceRun[];
        /** Of all their payloads together. */
        readonly bytes: number;
      }
    | {
        readonly kind: "append-response";
        readonly seq: number;
        readonly accepted: boolean;
        readonly index: Index;
        readonly hintTerm: Term;
      }
    | {
        readonly kind: "snapshot-request";
        readonly seq: number;
        readonly lastIndex: Index;
        readonly lastTerm: Term;
        readonly offset: number;
        readonly bytes: number;
        readonly done: boolean;
      }
    | {
        readonly kind: "snapshot-response";
        readonly seq: number;
        readonly lastIndex: Index;
        readonly offset: number;
        readonly installed: boolean;
        readonly matchIndex: Index;
      }
    | {
        readonly kind: "forward-request";
        readonly id: number;
        readonly bytes: number;
        /** CRC-32 of the command. */
        readonly hash: number;
      }
    | {
        readonly kind: "forward-response";
        readonly id: number;
        readonly ok: boolean;
        readonly index: Index;
        readonly reason: ForwardReason;
        readonly leader: NodeId;
      }
  );

/** `hash` is that of {@link crc32}. */
export function traceMessage(
  packet: Packet,
  hash: (bytes: Uint8Array) => number = crc32,
): TraceMessage {
  switch (packet.kind) {
    case "append-request": {
      const { kind, from, to, term, seq, prevIndex, prevTerm, commit, entries } = packet;
      const [runs, bytes] = [runsOf(entries), bytesOf(entries)];
      return { kind, from, to, term, seq, prevIndex, prevTerm, commit, entries: runs, bytes };
    }
    case "snapshot-request": {
      const { kind, from, to, term, seq, lastIndex, lastTerm, offset, data, done } = packet;
      const bytes = data.length;
      return { kind, from, to, term, seq, lastIndex, lastTerm, offset, bytes, done };
    }
    case "forward-request": {
      const { kind, from, to, id, term, command } = packet;
      return { kind, from, to, term, id, bytes: command.length, hash: hash(command) };
    }
    default:
      return packet;
  }
}

/** One run for each term among them. */
export function runsOf(entries: readonly Entry[]): readonly TraceRun[] {
  const runs: TraceRun[] = [];
  let at = 0;
  for (let first = entries[0]; first !== undefined; first = entries[at]) {
    const begin = at;
    while (entries[at]?.term === first.term) at++;
    runs.push([first.index, at - begin, first.term]);
  }
  return runs;
}

/** Of the payloads alone. */
export function bytesOf(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const { data } of entries) bytes += data.length;
  return bytes;
}

/** As in the golden traces: `kind from->to` and what matters in it. */
export function narrateTraceMessage(message: TraceMessage): string {
  const head = `${message.kind} ${message.from}->${message.to} term ${message.term}`;
  switch (message.kind) {
    case "vote-request": {
      const { preVote, electionTerm, lastIndex, lastTerm } = message;
      return `${head} ${voteName(preVote)} for term ${electionTerm} log ${lastIndex}^${lastTerm}`;
    }
    case "vote-response": {
      const verdict = message.granted ? "granted" : "refused";
      return `${head} ${voteName(message.preVote)} for term ${message.electionTerm} ${verdict}`;
    }
    case "append-request": {
      const { prevIndex, prevTerm, entries, commit } = message;
      return `${head} behind ${prevIndex}^${prevTerm} [${narrateRuns(entries)}] commit ${commit}`;
    }
    case "append-response":
      return message.accepted
        ? `${head} accepted up to ${message.index}`
        : `${head} refused, may agree at ${message.index}^${message.hintTerm}`;
    case "snapshot-request": {
      const { lastIndex, lastTerm, offset, bytes, done } = message;
      const end = done ? ", last" : "";
      return `${head} snapshot ${lastIndex}^${lastTerm} at ${offset} ${bytes} bytes${end}`;
    }
    case "snapshot-response":
      return message.installed
        ? `${head} snapshot ${message.lastIndex} covered, matches ${message.matchIndex}`
        : `${head} snapshot ${message.lastIndex} wants ${message.offset}`;
    case "forward-request":
      return `${head} request ${message.id} ${message.bytes} bytes`;
    case "forward-response":
      return message.ok
        ? `${head} request ${message.id} appended at ${message.index}^${message.term}`
        : `${head} request ${message.id} refused: ${message.reason}, leader ${message.leader}`;
  }
}

/** `4^2 5..7^3`: entry 4 of term 2, entries 5 to 7 of term 3. */
export function narrateRuns(runs: readonly TraceRun[]): string {
  const texts = runs.map(([first, count, term]) =>
    count === 1 ? `${first}^${term}` : `${first}..${first + count - 1}^${term}`,
  );
  return texts.join(" ");
}

function voteName(preVote: boolean): string {
  return preVote ? "pre-vote" : "vote";
}
