/**
 * The replicated machine: commands as bytes, a naive twin, replay equals snapshot plus tail (I9).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeKvCommand, encodeKvCommand, type KvCommand } from "../src/kv-command.ts";
import { KvMachine, type KvResult } from "../src/kv-machine.ts";
import { KvSnapshotError } from "../src/kv-snapshot.ts";
import { bytes, stream, text } from "./text.ts";

const ALL = {
  key: bytes("\0"),
  rangeEnd: bytes("\0"),
  limit: 0,
  keysOnly: false,
  countOnly: false,
};

const unit = fc.constantFrom("a", "b", "c", "\0", "\xff");
const someBytes = fc.string({ maxLength: 3, unit }).map(bytes);
/** Never empty: the API refuses such keys before they reach the log. */
const someKey = fc.string({ minLength: 1, maxLength: 3, unit }).map(bytes);
const command: fc.Arbitrary<KvCommand> = fc.oneof(
  fc.tuple(someKey, someBytes).map(([key, value]) => ({ kind: "put" as const, key, value })),
  fc
    .tuple(someKey, someBytes)
    .map(([key, rangeEnd]) => ({ kind: "delete-range" as const, key, rangeEnd })),
  fc.constant({ kind: "barrier" as const }),
);

/** The same rules, written as simply as can be: a list that is searched and sorted each time. */
class NaiveMap {
  revision = 1;
  pairs: { key: string; value: string; create: number; mod: number; version: number }[] = [];

  apply(wanted: KvCommand): void {
    if (wanted.kind === "barrier") return;
    const key = text(wanted.key);
    if (wanted.kind === "put") {
      this.revision++;
      const old = this.pairs.find((pair) => pair.key === key);
      this.pairs = this.pairs.filter((pair) => pair.key !== key);
      this.pairs.push({
        key,
        value: text(wanted.value),
        create: old?.create ?? this.revision,
        mod: this.revision,
        version: (old?.version ?? 0) + 1,
      });
      this.pairs.sort((a, b) => Buffer.compare(bytes(a.key), bytes(b.key)));
      return;
    }
    const end = text(wanted.rangeEnd);
    const inside = (name: string): boolean => {
      if (end === "") return name === key;
      return name >= key && (end === "\0" || name < end);
    };
    if (this.pairs.some((pair) => inside(pair.key))) this.revision++;
    this.pairs = this.pairs.filter((pair) => !inside(pair.key));
  }
}

function contents(machine: KvMachine): NaiveMap["pairs"] {
  return machine.range(ALL).pairs.map((pair) => ({
    key: text(pair.key),
    value: text(pair.value),
    create: pair.createRevision,
    mod: pair.modRevision,
    version: pair.version,
  }));
}

function applied(commands: readonly KvCommand[], machine = new KvMachine()): KvMachine {
  for (const wanted of commands) machine.apply(encodeKvCommand(wanted));
  return machine;
}

test("decodeKvCommand gives back what was encoded, a put in two bytes over key and value", () => {
  fc.assert(
    fc.property(command, (wanted) => {
      const decoded = decodeKvCommand(encodeKvCommand(wanted));
      assert.deepEqual(decoded, wanted);
    }),
  );
  const put = encodeKvCommand({ kind: "put", key: bytes("key"), value: bytes("value") });
  assert.equal(put.length, 2 + 3 + 5);
});

test("a command that is none changes nothing and stops nothing", () => {
  const machine = applied([{ kind: "put", key: bytes("a"), value: bytes("1") }]);
  for (const junk of [[], [0], [9, 1, 2], [1], [1, 5, 97], [2, 0x80], [3, 3]]) {
    assert.deepEqual(machine.apply(Uint8Array.from(junk)), { kind: "malformed", revision: 2 });
  }
  assert.deepEqual(contents(machine), [{ key: "a", value: "1", create: 2, mod: 2, version: 1 }]);
});

test("the machine does what a naive map does", () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
      const machine = new KvMachine();
      const model = new NaiveMap();
      for (const wanted of commands) {
        const result: KvResult = machine.apply(encodeKvCommand(wanted));
        model.apply(wanted);
        assert.equal(result.kind, wanted.kind);
        assert.equal(result.revision, model.revision);
      }
      assert.deepEqual(contents(machine), model.pairs);
      assert.equal(machine.size, model.pairs.length);
    }),
  );
});

test("I9: replaying all commands equals a snapshot somewhere plus the rest, however the stream is cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(command, { maxLength: 40 }),
      fc.nat(40),
      fc.integer({ min: 1, max: 50 }),
      async (commands, cut, pieceBytes) => {
        const whole = applied(commands);
        const head = applied(commands.slice(0, cut));
        const image = Buffer.concat([...head.snapshot()]);
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < image.length; at += pieceBytes) {
          pieces.push(image.subarray(at, at + pieceBytes));
        }
        const restored = applied([{ kind: "put", key: bytes("old"), value: bytes("state") }]);
        await restored.restore(stream(pieces));
        applied(commands.slice(cut), restored);
        assert.deepEqual(contents(restored), contents(whole));
        assert.equal(restored.revision, whole.revision);
      },
    ),
  );
});

test("a snapshot shows the state of its call, whatever is applied while its chunks are read", async () => {
  const machine = new KvMachine();
  const value = new Uint8Array(1000).fill(7);
  const put = (i: number): KvCommand => ({ kind: "put", key: bytes(`key-${i}`), value });
  for (let i = 0; i < 300; i++) applied([put(i)], machine);

  const chunks: Uint8Array[] = [];
  for (const chunk of machine.snapshot()) {
    chunks.push(chunk);
    applied(
      [put(chunks.length), { kind: "delete-range", key: bytes("key-2"), rangeEnd: bytes("key-3") }],
      machine,
    );
  }

  assert.ok(
    chunks.length > 3,
    `a snapshot of 300 kB comes in several chunks, got ${chunks.length}`,
  );
  const restored = new KvMachine();
  await restored.restore(stream(chunks));
  assert.equal(restored.revision, 301);
  assert.equal(restored.size, 300);
});

test("a snapshot that is cut off, foreign or too long is refused and the old state stays", async () => {
  const image = Buffer.concat([
    ...applied([{ kind: "put", key: bytes("a"), value: bytes("1") }]).snapshot(),
  ]);
  const machine = applied([{ kind: "put", key: bytes("old"), value: bytes("1") }]);
  const damaged = [
    ...Array.from({ length: image.length }, (_, i) => image.subarray(0, i)),
    Buffer.concat([image, Buffer.of(0)]),
    Buffer.concat([Buffer.from("XFKV"), image.subarray(4)]),
  ];
  for (const bad of damaged) {
    await assert.rejects(machine.restore(stream([bad])), (error: unknown) => {
      assert.ok(error instanceof KvSnapshotError);
      assert.equal(error.code, "KV_SNAPSHOT_MALFORMED");
      return true;
    });
  }
  assert.deepEqual(
    contents(machine).map((pair) => pair.key),
    ["old"],
  );
});

test("the machine keeps its own copy of what it stores", () => {
  const log = encodeKvCommand({ kind: "put", key: bytes("a"), value: bytes("1") });
  const machine = new KvMachine();
  machine.apply(log);
  log.fill(0);
  assert.deepEqual(
    contents(machine).map((pair) => [pair.key, pair.value]),
    [["a", "1"]],
  );
});
