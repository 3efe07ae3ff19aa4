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
}

/** Reads a packet's facts. */
export type ReadFacts = (packet: Uint8Array, from: NodeId, to: NodeId) => PacketFacts;

type Reply = (bytes: Uint8Array) => void;

/** One life of one server: its own ends, and the calls of others that it has not answered yet. */
export class CallPort implements Network, CallTarget {
  readonly #me: NodeId;
  readonly #network: CourseNetwork;
  readonly #ends: ReadonlyMap<NodeId, End>;
  readonly #facts: ReadFacts;
  /** By caller and key; a caller that asks the same thing twice is answered in order. */
  readonly #unanswered = new Map<string, Reply[]>();
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
      this.#takeReply(`${to} ${facts.key}`)?.(packet);
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
    const key = `${from} ${facts.key}`;
    const waiting = this.#unanswered.get(key);
    if (waiting === undefined) this.#unanswered.set(key, [reply]);
    else waiting.push(reply);
    this.#receiver.received(from, facts.lane, request);
    return () => this.#forget(key, reply);
  }

  #takeReply(key: string): Reply | undefined {
    const waiting = this.#unanswered.get(key);
    const reply = waiting?.shift();
    if (waiting?.length === 0) this.#unanswered.delete(key);
    return reply;
  }

  #forget(key: string, reply: Reply): void {
    const rest = this.#unanswered.get(key)?.filter((other) => other !== reply) ?? [];
    if (rest.length === 0) this.#unanswered.delete(key);
    else this.#unanswered.set(key, rest);
  }
}
