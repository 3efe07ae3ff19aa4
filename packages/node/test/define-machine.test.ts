/** Typed machines: the default JSON way, a codec of one's own, snapshots both ways. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandEncodingError, defineMachine } from "holdfast";
import { bindMachine } from "../src/define-machine.ts";

const AT = { index: 1, term: 1 };

const counter = defineMachine({
  initial: () => 0,
  apply: (total: number, add: number) => ({ state: total + add, result: total + add }),
});

test("defineMachine: commands and state are JSON unless told otherwise", async () => {
  const one = bindMachine(counter);
  assert.equal(one.machine.apply(one.encode(5), AT), 5);
  assert.equal(one.machine.apply(one.encode(-2), AT), 3);
  const chunks = [...(one.machine.snapshot() as Iterable<Uint8Array>)];
  assert.equal(Buffer.concat(chunks).toString(), "3");

  const other = bindMachine(counter);
  await other.machine.restore(pieces(chunks, 1), AT);
  assert.equal(other.state(), 3);
});

test("defineMachine: text that is cut inside a character is put together again", async () => {
  const notes = defineMachine({
    initial: () => "",
    apply: (text: string, more: string) => ({ state: text + more, result: undefined }),
  });
  const one = bindMachine(notes);
  one.machine.apply(one.encode("für 5 €"), AT);
  const other = bindMachine(notes);
  await other.machine.restore(pieces(one.machine.snapshot() as Iterable<Uint8Array>, 1), AT);
  assert.equal(other.state(), "für 5 €");
});

test("defineMachine: state may be changed in place, with a codec and snapshots of one's own", async () => {
  const map = defineMachine<string, number, Map<string, number>>({
    initial: () => new Map(),
    apply: (counts, word) => {
      const count = (counts.get(word) ?? 0) + 1;
      return { state: counts.set(word, count), result: count };
    },
    codec: {
      encode: (word) => Buffer.from(word, "latin1"),
      decode: (bytes) => Buffer.from(bytes).toString("latin1"),
    },
    *snapshot(counts) {
      for (const [word, count] of counts) yield Buffer.from(`${word}=${count}\n`);
    },
    async restore(chunks) {
      let text = "";
      for await (const chunk of chunks) text += Buffer.from(chunk).toString();
      const pairs = text.trim().split("\n");
      return new Map(pairs.map((pair) => [pair.split("=")[0] ?? "", Number(pair.split("=")[1])]));
    },
  });
  const one = bindMachine(map);
  for (const word of ["a", "b", "a"]) one.machine.apply(one.encode(word), AT);
  assert.deepEqual(one.encode("a"), Buffer.from("a"));
  const other = bindMachine(map);
  await other.machine.restore(pieces(one.machine.snapshot() as Iterable<Uint8Array>, 3), AT);
  assert.deepEqual(other.state(), one.state());
});

test("defineMachine: a command that the codec can't carry is refused before it leaves", () => {
  const any = defineMachine({
    initial: () => 0,
    apply: (state: number, _command: unknown) => ({ state, result: 0 }),
  });
  const { encode } = bindMachine(any);
  for (const command of [undefined, 1n, () => 0]) {
    assert.throws(
      () => encode(command),
      (error: unknown) =>
        error instanceof CommandEncodingError && error.code === "HOLDFAST_COMMAND",
    );
  }
});

/** The same bytes in pieces of `size`. */
async function* pieces(chunks: Iterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  const all = Buffer.concat([...chunks]);
  for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
}
