/**
 * The replica's network port on the course's calls: a request packet is a call, the answering
 * packet is its reply.
 */

import { assert, type NodeId } from "@holdfast/raft";
import type { Lane, Network, Receiver } from "@holdfast/replica";
import type { CallTarget, CourseNetwork, End } from "./course-network.ts";

/** What the port must know of a packet. */
export interface PacketFacts {
  readonly isRequest: boolean;
  readonly lane: Lane;
  /**
   * Equal for a request and the response that answers it, different for all else that two servers
   * exchange.
   */
  readonly key: string;
  /** Of a request that may be refused without a word on which one is meant: its term. */
  readonly term?: number;
  /** Of such a refusal: it answers a request on its lane of a lower term than this. */
  readonly refusesBelow?: number;
}

/** Reads a packet's facts. */
export type ReadFacts = (packet: Uint8Array, from: NodeId, to: NodeId) => PacketFacts;

type Reply = (bytes: Uint8Array) => void;

/** A call that has not been answered yet. */
interface Unanswered {
  readonly from: NodeId;
  readonly facts: PacketFacts;
  readonly reply: Reply;
}

/** One life of one server: its own ends, and the calls of others that it has not answered yet. */
export class CallPort implements Network, CallTarget {
  readonly #me: NodeId;
  readonly #network: CourseNetwork;
  readonly #ends: ReadonlyMap<NodeId, End>;
  readonly #facts: ReadFacts;
  /** Oldest first: a caller that asks the same thing twice is answered in order. */
  readonly #unanswered = new Set<Unanswered>();
  /** Calls made so far, by peer. */
  readonly #calls = new Map<NodeId, number>();
  #receiver: Receiver | undefined;

  constructor(options: {
    readonly me: NodeId;
    readonly network: CourseNetwork;
    readonly ends: ReadonlyMap<NodeId, End>;
    readonly facts: ReadFacts;
  }) {
    this.#me = options.me;
    this.#network = options.network;
    this.#ends = options.ends;
    this.#facts = options.facts;
  }

  start(receiver: Receiver): void {
    assert(this.#receiver === undefined, "call-port.start: started twice");
    this.#receiver = receiver;
  }

  send(to: NodeId, lane: Lane, packet: Uint8Array): void {
    const facts = this.#facts(packet, this.#me, to);
    if (!facts.isRequest) {
      this.#takeCall(to, facts)?.reply(packet);
      return;
    }
    const end = this.#ends.get(to);
    assert(end !== undefined, "call-port.send: no end to this peer");
    const call = (this.#calls.get(to) ?? 0) + 1;
    this.#calls.set(to, call);
    this.#network.call(end, packet, (reply) => {
      if (reply !== undefined) this.#receiver?.received(to, lane, reply);
      // A call may take 7 s to fail. Once a later one is out, that an old one was lost is no news.
      else if (this.#calls.get(to) === call) this.#receiver?.unreachable(to);
    });
  }

  close(): Promise<void> {
    this.#receiver = undefined;
    this.#unanswered.clear();
    return Promise.resolve();
  }

  handle(from: NodeId, request: Uint8Array, reply: Reply): () => void {
    // One that is closed never answers, as a process that has gone.
    if (this.#receiver === undefined) return () => {};
    const facts = this.#facts(request, from, this.#me);
    assert(facts.isRequest, "call-port.handle: not a request");
    const call: Unanswered = { from, facts, reply };
    this.#unanswered.add(call);
    this.#receiver.received(from, facts.lane, request);
    return () => {
      this.#unanswered.delete(call);
    };
  }

  /** The call that a reply answers is answered only once. */
  #takeCall(to: NodeId, reply: PacketFacts): Unanswered | undefined {
    for (const call of this.#unanswered) {
      if (call.from !== to || !answers(reply, call.facts)) continue;
      this.#unanswered.delete(call);
      return call;
    }
    return undefined;
  }
}

/** A deposed leader is told the higher term, and not which of its requests that answers (B12). */
function answers(reply: PacketFacts, request: PacketFacts): boolean {
  const { refusesBelow } = reply;
  if (refusesBelow === undefined) return reply.key === request.key;
  return reply.lane === request.lane && (request.term ?? refusesBelow) < refusesBelow;
}
