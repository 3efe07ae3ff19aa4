/** The network port on calls: requests become calls, responses the replies to them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/raft";
import type { Receiver } from "@holdfast/replica";
import { CallPort, type ReadFacts } from "../src/call-port.ts";
import { CourseNetwork, type End } from "../src/course-network.ts";
import { inVirtualTime, type World } from "./virtual-world.ts";

// A toy packet: `?key` asks, `!key` answers, `!<5` refuses what was asked in a term below 5.
const packet = (text: string): Uint8Array => Buffer.from(text);
const facts: ReadFacts = (bytes) => {
  const text = Buffer.from(bytes).toString();
  const [key, digit] = [text.slice(1, 2), Number(text.slice(2, 3))];
  const isRequest = text.startsWith("?");
  return {
    isRequest,
    lane: "append",
    key,
    ...(isRequest && { term: digit }),
    ...(key === "<" && { refusesBelow: digit }),
  };
};

class Peer implements Receiver {
  readonly port: CallPort;
  readonly heard: string[] = [];
  readonly #ends: ReadonlyMap<NodeId, End>;

  constructor(me: NodeId, other: NodeId, network: CourseNetwork) {
    this.#ends = new Map([[other, network.end(me, other)]]);
    this.port = new CallPort({ me, network, ends: this.#ends, facts });
    this.port.start(this);
    network.register(me, this.port);
    this.setConnected(true);
  }

  setConnected(isConnected: boolean): void {
    for (const end of this.#ends.values()) end.enabled = isConnected;
  }

  received(from: NodeId, _lane: string, bytes: Uint8Array): void {
    this.heard.push(`${from} ${Buffer.from(bytes).toString()}`);
  }

  unreachable(peer: NodeId): void {
    this.heard.push(`${peer} unreachable`);
  }
}

function scene(
  story: (one: Peer, two: Peer, network: CourseNetwork, world: World) => Promise<void>,
): Promise<void> {
  return inVirtualTime(1, (world) => {
    const network = new CourseNetwork(world);
    return story(new Peer(1, 2, network), new Peer(2, 1, network), network, world);
  });
}

test("an answer that comes later is the reply to the call that asked", () =>
  scene(async (one, two, network, { clock }) => {
    one.port.send(2, "append", packet("?a1"));
    one.port.send(2, "append", packet("?b1"));
    await clock.sleep(50);
    assert.deepEqual(two.heard, ["1 ?a1", "1 ?b1"]);
    two.port.send(1, "append", packet("!b1"));
    await clock.sleep(50);
    two.port.send(1, "append", packet("!a1"));
    await clock.sleep(50);
    assert.deepEqual(one.heard, ["2 !b1", "2 !a1"]);
    assert.equal(network.callCount, 2);
    assert.equal(network.byteCount, 12);
  }));

test("B12 a refusal that names no request answers one of a lower term, and no other", () =>
  scene(async (one, two, _network, { clock }) => {
    for (const asked of ["?a5", "?b3", "?c5"]) one.port.send(2, "append", packet(asked));
    await clock.sleep(50);
    assert.equal(two.heard.length, 3);
    for (const answer of ["!<5", "!<5", "!c5", "!b3", "!a5"]) {
      two.port.send(1, "append", packet(answer));
      await clock.sleep(50);
    }
    assert.deepEqual(one.heard, ["2 !<5", "2 !c5", "2 !a5"]);
  }));

test("one who asks the same twice is answered twice, in order", () =>
  scene(async (one, two, network, { clock }) => {
    one.port.send(2, "append", packet("?a1"));
    one.port.send(2, "append", packet("?a2"));
    await clock.sleep(1);
    two.port.send(1, "append", packet("!a1"));
    two.port.send(1, "append", packet("!a2"));
    two.port.send(1, "append", packet("!a3"));
    await clock.sleep(1);
    assert.deepEqual(one.heard, ["2 !a1", "2 !a2"], "the third answers nothing");
    assert.equal(network.callCount, 2);
  }));

test("a call that fails makes the peer unreachable", () =>
  scene(async (one, _two, network, { clock }) => {
    one.setConnected(false);
    one.port.send(2, "append", packet("?a1"));
    await clock.sleep(100);
    assert.deepEqual(one.heard, ["2 unreachable"]);
    assert.equal(network.callCount, 1);
  }));

test("an answer to a call that has failed meanwhile goes nowhere", () =>
  scene(async (one, two, _network, { clock }) => {
    one.port.send(2, "append", packet("?a1"));
    await clock.sleep(50);
    one.setConnected(false);
    await clock.sleep(60);
    assert.deepEqual(one.heard, ["2 unreachable"]);
    one.setConnected(true);
    two.port.send(1, "append", packet("!a1"));
    await clock.sleep(50);
    assert.deepEqual(one.heard, ["2 unreachable"]);
  }));

test("a closed port hears nothing and never answers", () =>
  scene(async (one, two, _network, { clock }) => {
    one.port.send(2, "append", packet("?a1"));
    two.port.send(1, "append", packet("?c1"));
    await two.port.close();
    await clock.sleep(1000);
    assert.deepEqual(two.heard, []);
    one.port.send(2, "append", packet("!c1"));
    await clock.sleep(1000);
    assert.deepEqual(two.heard, []);
    assert.deepEqual(one.heard, ["2 ?c1"]);
  }));
