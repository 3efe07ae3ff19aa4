/** The machine of the workloads: commands, results, snapshots, and a hash that misses nothing. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry } from "@holdfast/raft";
import {
  type Broken,
  type Chosen,
  type Command,
  checkConvergence,
  checkExactlyOnce,
  decodeCommand,
  encodeCommand,
  HashLedger,
  LoadMachine,
  type LoadResult,
  type Op,
} from "@holdfast/sim";
import fc from "fast-check";

const OPS: readonly Op[] = ["read", "write", "cas", "delete", "append", "list", "add", "count"];

/** What is left out is 1, so that operations meet. */
function command(op: Op, fields: Partial<Command> = {}): Uint8Array {
  const whole = { op, serial: 1, session: 1, number: 1, key: 1, value: 1, to: 1, ...fields };
  return encodeCommand(whole, 32);
}

class Applied {
  readonly machine = new LoadMachine();
  index = 0;

  do(op: Op, fields: Partial<Command> = {}): LoadResult {
    this.index++;
    return this.machine.apply(command(op, fields), { index: this.index, term: 1 });
  }
}

const anyCommand = fc.record({
  op: fc.constantFrom(...OPS),
  session: fc.nat(3),
  number: fc.integer({ min: 1, max: 6 }),
  key: fc.nat(3),
  value: fc.nat(5),
  to: fc.integer({ min: 1, max: 5 }),
  serial: fc.nat(300),
});

async function* pieces(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const borders = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const to of [...borders, bytes.length]) {
    yield bytes.subarray(from, to);
    from = to;
  }
}

function joined(machine: LoadMachine): Uint8Array {
  return Uint8Array.from([...machine.snapshot()].flatMap((piece) => [...piece]));
}

function isInvariantError(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "RAFT_INVARIANT";
}

test("a command comes back as it was, filled up to its size", () => {
  const largest: Command = {
    op: "count",
    serial: 2 ** 32 - 1,
    session: 65_535,
    number: 2 ** 32 - 2,
    key: 65_534,
    value: 2 ** 31,
    to: 2 ** 32 - 3,
  };
  for (const size of [0, 26, 27, 4096]) {
    const bytes = encodeCommand(largest, size);
    assert.equal(bytes.length, Math.max(26, size));
    assert.deepEqual(decodeCommand(bytes), largest);
  }
});

test("a command that is cut, stretched, mixed with another one or of no kind is refused", () => {
  const bytes = command("write", { serial: 77 });
  const tampered = [
    bytes.subarray(0, 20),
    bytes.subarray(0, bytes.length - 1),
    Uint8Array.of(...bytes, 77),
    Uint8Array.from([99, ...bytes.subarray(1)]),
    Uint8Array.from([...bytes.subarray(0, 25), ...command("write", { serial: 78 }).subarray(25)]),
  ];
  for (const [nth, wrong] of tampered.entries()) {
    assert.throws(() => decodeCommand(wrong), isInvariantError, `tampered ${nth}`);
  }
});

test("registers, keys, lists and counters do what their models say", () => {
  const at = new Applied();
  const key = 4;
  assert.equal(at.do("read", { key }), null);
  assert.equal(at.do("cas", { key, value: 0, to: 8 }), true, "0 stands for nothing there");
  assert.equal(at.do("cas", { key, value: 7, to: 9 }), false);
  assert.equal(at.do("read", { key }), 8);
  assert.equal(at.do("write", { key, value: 5 }), null);
  assert.equal(at.do("delete", { key }), true);
  assert.equal(at.do("delete", { key }), false);
  assert.deepEqual(at.do("list", { key }), { values: [], length: 0 });
  at.do("append", { key, value: 3 });
  const early = at.do("list", { key });
  at.do("append", { key, value: 4 });
  assert.ok(typeof early === "object" && early !== null && early.length === 1);
  assert.deepEqual(at.do("list", { key }), { values: [3, 4], length: 2 });
});

test("an operation of a session happens once, and its result is kept, also in snapshots", async () => {
  const at = new Applied();
  assert.equal(at.do("add", { session: 1, number: 1 }), 1);
  assert.equal(at.do("add", { session: 2, number: 1 }), 2);
  assert.equal(at.do("add", { session: 1, number: 1 }), 1, "sent again");
  assert.equal(at.do("add", { session: 1, number: 4 }), 3);
  const restored = new LoadMachine();
  await restored.restore(pieces(joined(at.machine), []), { index: at.index, term: 1 });
  for (const machine of [at.machine, restored]) {
    const again = command("add", { session: 1, number: 4 });
    assert.equal(machine.apply(again, { index: 10, term: 1 }), 3, "sent again after a snapshot");
    const old = command("add", { session: 1, number: 3 });
    assert.equal(machine.apply(old, { index: 11, term: 1 }), "stale", "given up, and late");
    assert.equal(machine.countOf(1), 3);
  }
});

test("an index that was applied before is refused", () => {
  const at = new Applied();
  at.do("read");
  at.do("read");
  for (const index of [1, 2]) {
    const again = (): LoadResult => at.machine.apply(command("read"), { index, term: 1 });
    assert.throws(again, isInvariantError);
  }
});

test("restored from pieces of any size, a machine goes on as the one it was taken from", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyCommand, { maxLength: 60 }),
      fc.nat(60),
      fc.array(fc.nat(1000), { maxLength: 12 }),
      async (commands, cut, cuts) => {
        const [whole, restored] = [new LoadMachine(), new LoadMachine()];
        restored.apply(command("append", { key: 9 }), { index: 1, term: 1 });
        const split = Math.min(cut, commands.length);
        for (const [i, one] of commands.slice(0, split).entries()) {
          whole.apply(encodeCommand(one, 0), { index: i + 1, term: 1 });
        }
        await restored.restore(pieces(joined(whole), cuts), { index: split + 1, term: 1 });
        assert.equal(restored.stateHash(), whole.stateHash());
        for (const [i, one] of commands.slice(split).entries()) {
          const [bytes, at] = [encodeCommand(one, 0), { index: split + i + 2, term: 1 }];
          assert.deepEqual(restored.apply(bytes, at), whole.apply(bytes, at));
          assert.equal(restored.stateHash(), whole.stateHash());
        }
        assert.deepEqual(restored.snapshotBytes(), whole.snapshotBytes());
      },
    ),
  );
});

test("whatever word of a snapshot changes, it is refused or the hash is another one", async () => {
  const at = new Applied();
  for (let n = 1; n <= 40; n++) {
    const op = OPS[n % OPS.length] ?? "read";
    at.do(op, { session: n % 3, number: n, key: n % 4, value: n, to: n + 1 });
  }
  const bytes = joined(at.machine);
  let refused = 0;
  let changed = 0;
  for (let word = 0; word < bytes.length; word += 4) {
    const wrong = bytes.slice();
    wrong[word] = (wrong[word] ?? 0) ^ 1;
    const machine = new LoadMachine();
    try {
      await machine.restore(pieces(wrong, []), { index: 1000, term: 1 });
    } catch (error) {
      assert.ok(isInvariantError(error));
      refused++;
      continue;
    }
    assert.notEqual(machine.stateHash(), at.machine.stateHash(), `word ${word / 4}`);
    changed++;
  }
  assert.ok(refused > 3 && changed > 15, `${refused} refused, ${changed} changed`);
});

test("a snapshot that ends early, is too long or from later than it says is refused", async () => {
  const at = new Applied();
  at.do("write");
  at.do("add");
  const bytes = joined(at.machine);
  const machine = new LoadMachine();
  const before = machine.stateHash();
  const restore = (wrong: Uint8Array, index: number): Promise<void> =>
    machine.restore(pieces(wrong, [5]), { index, term: 1 });
  await assert.rejects(restore(bytes.subarray(0, bytes.length - 4), 2), isInvariantError);
  await assert.rejects(restore(Uint8Array.of(...bytes, 0, 0, 0, 0), 2), isInvariantError);
  await assert.rejects(restore(bytes, 1), isInvariantError);
  assert.equal(machine.stateHash(), before, "and nothing of it is taken");
});

test("a snapshot that can't be read to its end leaves the machine as it was", async () => {
  const at = new Applied();
  at.do("write");
  const before = at.machine.stateHash();
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield joined(at.machine).subarray(0, 5);
    throw new RangeError("Checksum of the whole is wrong");
  }
  await assert.rejects(at.machine.restore(broken(), { index: 9, term: 1 }), RangeError);
  assert.equal(at.machine.stateHash(), before);
});

test("the ledger knows each index from the first and names who comes to another state", () => {
  const found: Broken[] = [];
  const ledger = new HashLedger((broken) => found.push(broken));
  ledger.note(1, 1, 0xaa);
  ledger.note(1, 2, 0xbb);
  ledger.note(2, 1, 0xaa);
  ledger.note(2, 5, 0xee);
  ledger.note(1, 5, 0xee);
  assert.deepEqual(found, []);
  assert.deepEqual(
    [ledger.at(2), ledger.at(3), ledger.at(9), ledger.size],
    [0xbb, undefined, undefined, 5],
  );

  ledger.note(3, 2, 0xbc);

  assert.deepEqual(found, [
    {
      check: "state: replicas differ",
      message: "After index 2 the state of node 3 is bc, that of node 1 was bb",
      node: 3,
    },
  ]);
});

test("a snapshot taken one command too early or too late lands beside the ledger", async () => {
  for (const off of [-1, 1]) {
    const found: Broken[] = [];
    const ledger = new HashLedger((broken) => found.push(broken));
    const at = new Applied();
    let snapshot: Uint8Array = new Uint8Array(0);
    for (let n = 1; n <= 20; n++) {
      at.do("read", { key: n });
      ledger.note(1, at.index, at.machine.stateHash());
      if (n === 10 + off) snapshot = joined(at.machine);
    }
    const restored = new LoadMachine();
    // One that is too new is refused by its own index; as an older one it would look right.
    const index = 10 + Math.max(0, off);
    await restored.restore(pieces(snapshot, []), { index, term: 1 });
    ledger.note(2, 10, restored.stateHash());
    assert.deepEqual(
      found.map((broken) => broken.check),
      ["state: replicas differ"],
    );
  }
});

/** Three nodes that have applied the same. */
function three(): readonly { node: number; applied: number; machine: LoadMachine }[] {
  return [1, 2, 3].map((node) => {
    const at = new Applied();
    at.do("write", { value: 3 });
    at.do("add");
    return { node, applied: at.index, machine: at.machine };
  });
}

test("convergence: one that is behind, one that differs, and bytes that differ are told apart", () => {
  const [first, second, third] = three();
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  assert.equal(checkConvergence([first, second, third]), undefined);

  const behind = checkConvergence([first, { ...second, applied: 1 }]);
  assert.equal(behind?.check, "state: replicas have not converged");
  assert.match(behind.message, /^Node 2 has applied up to 1, node 1 up to 2$/);

  class Wordy extends LoadMachine {
    override stateHash(): number {
      return third?.machine.stateHash() ?? 0;
    }
    override snapshotBytes(): Uint8Array {
      return Uint8Array.of(...(third?.machine.snapshotBytes() ?? []), 7);
    }
  }
  const bytes = checkConvergence([first, second, { ...third, machine: new Wordy() }]);
  assert.equal(bytes?.check, "state: snapshots differ");
  assert.match(bytes.message, /^Snapshots of nodes 1 and 3 differ from byte \d+ on$/);

  third.machine.apply(command("write", { value: 4 }), { index: 3, term: 1 });
  const other = checkConvergence([first, second, third]);
  assert.deepEqual([other?.check, other?.node], ["state: replicas differ", 3]);

  assert.equal(checkConvergence([])?.check, "state: nothing to compare", "no verdict on nothing");
});

test("exactly once: a replica that counts an operation twice is found by the log", () => {
  const log: Entry[] = [];
  const put = (op: Op, number: number): void => {
    const data = command(op, { number, serial: log.length + 1 });
    log.push({ index: log.length + 1, term: 1, kind: "command", data });
  };
  put("add", 1);
  put("add", 1);
  put("count", 2);
  put("add", 4);
  put("add", 3);
  const chosen: Chosen = { last: log.length, at: (index) => log[index - 1] };
  const [right, wrong] = [new LoadMachine(), new LoadMachine()];
  for (const entry of log) {
    right.apply(entry.data, entry);
    const isAgain = entry.index === 2;
    wrong.apply(isAgain ? command("add", { session: 2 }) : entry.data, entry);
  }
  const applied = log.length;

  assert.equal(checkExactlyOnce(chosen, { node: 1, applied, machine: right }), undefined);
  assert.deepEqual(checkExactlyOnce(chosen, { node: 2, applied, machine: wrong }), {
    check: "load: not exactly once",
    message: "Up to index 5 2 operations add to key 1, the count on node 2 is 3",
    node: 2,
  });
});
