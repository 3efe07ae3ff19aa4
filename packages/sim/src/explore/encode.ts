/**
 * What makes two worlds the same: everything that a step can depend on, and nothing else. Clocks,
 * random words, numbers of writes and requests, and the names of the servers are left out.
 */

import { assert, type Entry, type Message, type NodeId, type Raft } from "@holdfast/raft";
import { hearsLeader } from "./move.ts";
import type { RequestOrder } from "./request-order.ts";
import type { Host, Past, World } from "./world.ts";

type Role = Raft["role"];
type Leader = Extract<Role, { kind: "leader" }>;

/** New names of the servers, by their old ones; nobody stays nobody. */
type Labels = readonly number[];

/** One way to rename the servers. */
export interface Order {
  /** Positions in `world.hosts`, in the new order. */
  readonly positions: readonly number[];
  readonly labels: Labels;
  /** Its place in every {@link Host}'s memo. */
  readonly place: number;
}

export function orderOf(positions: readonly number[], place: number): Order {
  const labels: number[] = [0];
  for (const [label, at] of positions.entries()) labels[at + 1] = label + 1;
  return { positions, labels, place };
}

/** The world as numbers, with its servers renamed. */
export function encode(world: World, order: Order, requests: RequestOrder): number[] {
  const out: number[] = [];
  for (const at of order.positions) {
    const host = world.hosts[at];
    assert(host !== undefined, "encode: no such server");
    for (const number of hostCodes(host, order, requests)) out.push(number);
  }
  const { wire, past } = world;
  out.push(wire.length);
  if (wire.length > 0) {
    const codes = wire.map((message) => messageCode(message, order.labels, requests));
    out.push(...codes.sort((a, b) => a - b));
  }
  encodePast(out, past, order.labels);
  return out;
}

function hostCodes(host: Host, order: Order, requests: RequestOrder): readonly number[] {
  // Ranks depend on the rest of the world.
  const isAlone = host.pending.length === 0 && !requests.concern(host.raft.config.id);
  const known = isAlone ? host.memo.codes[order.place] : undefined;
  if (known !== undefined) return known;
  const out: number[] = [];
  encodeHost(out, host, order, requests);
  if (isAlone) host.memo.codes[order.place] = out;
  return out;
}

function encodeHost(
  out: number[],
  { raft, platter, pending }: Host,
  order: Order,
  requests: RequestOrder,
): void {
  const { labels } = order;
  const { log, inFlight } = raft;
  const label = (id: NodeId): number => labels[id] ?? 0;
  out.push(
    pack([raft.term, label(raft.vote), log.durable, raft.commit, raft.handed, raft.applied]),
    pack([raft.durableTerm, label(raft.durableVote), raft.writtenTerm, label(raft.writtenVote)]),
    pack([raft.written, platter.hardState.term, label(platter.hardState.vote), pending.length]),
    raft.isElectionOpen ? 1 : 0,
    logCode(log.entries),
    logCode(platter.entries),
  );
  encodeRole(out, raft, order, requests);
  for (const [at, { hardState, truncateFrom, entries, thenSend }] of pending.entries()) {
    const promised = inFlight[at];
    assert(promised !== undefined, "encode: a write that the core forgot");
    const { last, term, vote } = promised;
    const { term: newTerm, vote: newVote } = hardState ?? { term: 0, vote: 0 };
    out.push(
      pack([
        last,
        term,
        label(vote),
        newTerm,
        label(newVote),
        truncateFrom,
        entries[0]?.index ?? 0,
      ]),
      logCode(entries),
      thenSend.length,
      ...thenSend.map((message) => messageCode(message, labels, requests)).sort((a, b) => a - b),
    );
  }
}

function encodeRole(
  out: number[],
  raft: Raft,
  { labels, positions }: Order,
  requests: RequestOrder,
): void {
  const { role } = raft;
  switch (role.kind) {
    case "follower":
      assert(role.incoming === undefined, "encode: no snapshots in scope");
      out.push(pack([1, labels[role.leader] ?? 0, hearsLeader(raft) ? 1 : 0]));
      break;
    case "pre-candidate":
      out.push(pack([2, role.resends]), setOf(role.granted, labels), setOf(role.refused, labels));
      out.push(setOf(role.votes, labels));
      break;
    case "candidate":
      out.push(pack([3, role.resends]), setOf(role.granted, labels), setOf(role.refused, labels));
      out.push(setOf(role.asked, labels));
      break;
    default:
      out.push(4, role.uncommittedBytes);
      for (const at of positions) encodePeer(out, raft.config.id, role, at + 1, requests);
  }
}

const FLOWS: readonly string[] = ["probe", "stream"];

function encodePeer(
  out: number[],
  leader: NodeId,
  { peers }: Leader,
  id: NodeId,
  requests: RequestOrder,
): void {
  const peer = peers.find((each) => each.id === id);
  if (peer === undefined) return;
  const flow = FLOWS.indexOf(peer.flow);
  const bits = (peer.silent ? 1 : 0) + (peer.newsAt === Number.POSITIVE_INFINITY ? 0 : 2);
  const floor = requests.below(leader, id, peer.floorSeq, false);
  const matched = requests.below(leader, id, peer.matchSeq, true);
  const length = peer.messagesInWindow;
  out.push(pack([peer.match, peer.next, flow, bits, floor, matched, peer.commitSent, length]));
  for (let at = 0; at < length; at++) {
    const rank = requests.inWindow(leader, id, peer.windowSeq[at] ?? 0);
    out.push(pack([rank, peer.windowFirst[at] ?? 0, peer.windowLast[at] ?? 0]));
  }
}

const KINDS: readonly string[] = [
  "vote-request",
  "vote-response",
  "append-request",
  "append-response",
];

function messageCode(message: Message, labels: Labels, requests: RequestOrder): number {
  const { kind, from, to, term } = message;
  const head = [KINDS.indexOf(kind), labels[from] ?? 0, labels[to] ?? 0, term];
  switch (kind) {
    case "vote-request":
      return pack([...head, Number(message.preVote), message.lastIndex, message.lastTerm]);
    case "vote-response":
      head.push(Number(message.preVote) + 2 * Number(message.granted), message.electionTerm);
      return pack(head);
    case "append-request": {
      const { prevIndex, prevTerm, commit, entries } = message;
      head.push(requests.of(message), prevIndex, prevTerm, commit, ...entries.map(entryCode));
      return pack(head);
    }
    case "append-response": {
      const { accepted, index, hintTerm } = message;
      return pack([...head, requests.of(message), Number(accepted), index, hintTerm]);
    }
    default:
      assert(false, "encode: no snapshots in scope");
  }
}

function encodePast(out: number[], past: Past, labels: Labels): void {
  const leaders = Array.from(past.leaders, (id) => labels[id ?? 0] ?? 0);
  const committed = past.committed.flatMap(({ term, during }) => [term, during]);
  out.push(pack([past.crashes, ...committed]), pack(leaders));
}

export function logCode(entries: readonly Entry[]): number {
  return pack(entries.map(entryCode));
}

function entryCode({ term, kind }: Entry): number {
  return term * 2 + (kind === "noop" ? 1 : 0);
}

/** A set of servers as bits. */
function setOf(ids: readonly NodeId[], labels: Labels): number {
  let bits = 0;
  for (const id of ids) bits |= 1 << (labels[id] ?? 0);
  return bits;
}

/** Up to twelve numbers of 0 to 15 as one; their count is part of it. */
function pack(digits: readonly number[]): number {
  assert(digits.length <= 12, "encode: too many numbers for one");
  let code = 1;
  for (const digit of digits) {
    assert(digit >= 0 && digit < 16, "encode: a number that the scope rules out");
    code = code * 16 + digit;
  }
  return code;
}
