/** The course's network against its specification: times, losses, counters. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type CallTarget, CourseNetwork, type End } from "../src/course-network.ts";
import { inVirtualTime, type World } from "./virtual-world.ts";

const REQUEST = new Uint8Array(30);
const REPLY = new Uint8Array(7);

const echo: CallTarget = {
  handle: (_from, _request, reply) => {
    reply(REPLY);
    return () => {};
  },
};

/** Takes requests and keeps the ways to reply. */
class Slow implements CallTarget {
  readonly replies: ((bytes: Uint8Array) => void)[] = [];
  forgotten = 0;

  handle(_from: number, _request: Uint8Array, reply: (bytes: Uint8Array) => void): () => void {
    this.replies.push(reply);
    return () => {
      this.forgotten++;
    };
  }
}

interface Answer {
  readonly ok: boolean;
  readonly ms: number;
}

interface Scene extends World {
  readonly network: CourseNetwork;
  /** From server 1 to server 2, enabled. */
  readonly end: End;
  /** Makes a call and says what came of it, and after how long. */
  readonly call: (end?: End) => Promise<Answer>;
}

function scene<T>(seed: number, story: (scene: Scene) => Promise<T>): Promise<T> {
  return inVirtualTime(seed, (world) => {
    const network = new CourseNetwork(world);
    network.hasLongDelays = true;
    const end = network.end(1, 2);
    assert.equal(end.enabled, false, "an end begins disabled");
    end.enabled = true;
    const call = (through = end): Promise<Answer> =>
      new Promise((resolve) => {
        const begunMs = world.clock.now();
        network.call(through, REQUEST, (reply) =>
          resolve({ ok: reply !== undefined, ms: world.clock.now() - begunMs }),
        );
      });
    return story({ ...world, network, end, call });
  });
}

async function many(count: number, call: () => Promise<Answer>): Promise<Answer[]> {
  return Promise.all(Array.from({ length: count }, () => call()));
}

test("a reliable call takes no time, but not at once either", () =>
  scene(1, async ({ network, end, clock }) => {
    network.register(2, echo);
    const seen: string[] = [];
    network.call(end, REQUEST, () => seen.push("reply"));
    assert.deepEqual(seen, []);
    await clock.sleep(0);
    await clock.sleep(0);
    await clock.sleep(0);
    assert.deepEqual(seen, ["reply"]);
    assert.equal(clock.now(), 0);
    assert.equal(network.callCount, 1);
    assert.equal(network.byteCount, 37);
    assert.equal(network.callsTo(2), 1);
  }));

test("a call through a disabled end fails after up to 7 s, and counts", () =>
  scene(2, async ({ network, end, call }) => {
    network.register(2, echo);
    end.enabled = false;
    const answers = await many(2000, call);
    const times = answers.map(({ ms }) => ms);
    assert.ok(answers.every(({ ok }) => !ok));
    assert.ok(Math.min(...times) < 50 && Math.max(...times) > 6950 && Math.max(...times) < 7000);
    const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length;
    assert.ok(mean > 3350 && mean < 3650, `mean ${mean}`);
    assert.equal(network.callCount, 2000);
    assert.equal(network.byteCount, 2000 * REQUEST.length);
    assert.equal(network.callsTo(2), 0);
  }));

test("without long delays a call to nobody fails within 100 ms", () =>
  scene(3, async ({ network, call }) => {
    network.hasLongDelays = false;
    const times = (await many(500, call)).map(({ ms }) => ms);
    assert.ok(Math.max(...times) < 100 && Math.max(...times) > 90);
  }));

test("an unreliable network delays up to 26 ms, drops a tenth of the requests and a tenth of the replies", () =>
  scene(4, async ({ network, call }) => {
    network.register(2, echo);
    network.isReliable = false;
    const answers = await many(10_000, call);
    const times = answers.map(({ ms }) => ms);
    assert.equal(Math.min(...times), 0);
    assert.equal(Math.max(...times), 26);
    const arrived = network.callsTo(2);
    const answered = answers.filter(({ ok }) => ok).length;
    // Standard deviation 30 each; five are allowed.
    assert.ok(Math.abs(arrived - 9000) < 150, `arrived ${arrived}`);
    assert.ok(Math.abs(answered - arrived * 0.9) < 150, `answered ${answered}`);
    assert.equal(network.byteCount, 10_000 * REQUEST.length + answered * REPLY.length);
  }));

test("long reordering holds two thirds of the replies for 200 to 2,200 ms", () =>
  scene(5, async ({ network, call }) => {
    network.register(2, echo);
    network.hasLongReordering = true;
    const answers = await many(3000, call);
    assert.ok(answers.every(({ ok }) => ok));
    const held = answers.map(({ ms }) => ms).filter((ms) => ms > 0);
    assert.ok(Math.abs(held.length - 2000) < 130, `held ${held.length}`);
    assert.ok(Math.min(...held) >= 200 && Math.max(...held) < 2200);
    const mean = held.reduce((sum, ms) => sum + ms, 0) / held.length;
    assert.ok(mean > 650 && mean < 750, `mean ${mean}`);
  }));

test("a held reply arrives even when the end was disabled meanwhile", () =>
  scene(6, async ({ network, end, call, clock }) => {
    network.register(2, echo);
    network.hasLongReordering = true;
    const calls = many(50, call);
    await clock.sleep(1);
    end.enabled = false;
    network.remove(2);
    assert.ok((await calls).every(({ ok }) => ok));
  }));

test("a waiting call gives up at the next look, every 100 ms, when its end is disabled", () =>
  scene(7, async ({ network, end, call, clock }) => {
    const slow = new Slow();
    network.register(2, slow);
    const waiting = call();
    await clock.sleep(150);
    end.enabled = false;
    assert.deepEqual(await waiting, { ok: false, ms: 200 });
    assert.equal(slow.forgotten, 1);
    // What is said now is heard by nobody.
    slow.replies[0]?.(REPLY);
    await clock.sleep(10);
    assert.equal(network.byteCount, REQUEST.length);
  }));

test("a reply is lost when the server was replaced before it, though the request had its effect", () =>
  scene(8, async ({ network, call, clock }) => {
    const slow = new Slow();
    network.register(2, slow);
    const waiting = call();
    await clock.sleep(30);
    network.register(2, echo);
    slow.replies[0]?.(REPLY);
    assert.deepEqual(await waiting, { ok: false, ms: 30 });
    assert.equal(network.byteCount, REQUEST.length);
    assert.equal(network.callsTo(2), 0, "the new life's count begins at 0");
  }));

test("a request on its way reaches the life of the server that it set out to", () =>
  scene(9, async ({ network, call, clock }) => {
    const slow = new Slow();
    network.register(2, slow);
    network.isReliable = false;
    const waiting = many(20, call);
    await clock.sleep(0);
    network.register(2, echo);
    const answers = await waiting;
    assert.ok(slow.replies.length > 10);
    assert.ok(answers.every(({ ok }) => !ok));
  }));

test("a call that is never answered waits for ever", () =>
  scene(10, async ({ network, call, clock }) => {
    network.register(2, new Slow());
    const seen: Answer[] = [];
    void call().then((answer) => seen.push(answer));
    await clock.sleep(60_000);
    assert.deepEqual(seen, []);
  }));

test("the switches are read once, when the network takes the call", () =>
  scene(11, async ({ network, call, clock }) => {
    const slow = new Slow();
    network.register(2, slow);
    const reliable = many(200, call);
    await clock.sleep(0);
    network.isReliable = false;
    for (const reply of slow.replies) reply(REPLY);
    assert.ok((await reliable).every(({ ok }) => ok));
  }));

test("after the network has shut down calls fail at once and count nothing", () =>
  scene(12, async ({ network, call }) => {
    network.register(2, echo);
    network.shutDown();
    assert.deepEqual(await call(), { ok: false, ms: 0 });
    assert.equal(network.callCount, 0);
    assert.equal(network.byteCount, 0);
  }));
