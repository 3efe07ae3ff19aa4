/**
 * The log on disk: A5, A9, B2 and H1 to H10 of the catalogue. Where it says so, a crash comes at
 * every disk operation, with every torn prefix of the write under way.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Write } from "@holdfast/raft";
import type { Recovered } from "@holdfast/replica";
import type { SimDisk } from "@holdfast/sim";
import { write } from "@holdfast/testkit";
import { allOutcomes, makeDisk } from "./crashes.ts";
import {
  crashes,
  type History,
  open,
  type Progress,
  SETTINGS,
  type Setting,
} from "./wal-scenes.ts";
import { entries, entry, model, summary } from "./writes.ts";

const ROUNDS = 4;
const SMALL: Setting = { segmentBytes: 60, preallocate: false };

type Look = (recovered: Recovered, progress: Progress, context: string) => void;

/** Looks at what is found after each crash, and again after a power loss that follows at once. */
async function afterEveryCrash(
  name: string,
  groups: readonly (readonly Write[])[],
  look: Look,
): Promise<number> {
  const history: History = { name, groups };
  let cases = 0;
  for (const setting of SETTINGS) {
    for await (const { disk, progress, context } of crashes(setting, history)) {
      for (const left of allOutcomes(disk, context, ROUNDS)) {
        const first = (await open(left, setting)).recovered;
        look(first, progress, context);
        const second = (await open(left.crash({ keep: "none" }), setting)).recovered;
        assert.equal(summary(second), summary(first), `${context}: what was found has not stayed`);
        cases += 1;
      }
    }
  }
  return cases;
}

function vote(term: number, votedFor: number, rest: Partial<Write> = {}): readonly Write[] {
  return [write({ hardState: { term, vote: votedFor }, ...rest })];
}

test("A5 a crash at any operation leaves the old term and vote or the new ones, never none beside entries", async () => {
  const groups = [
    vote(1, 2),
    [write({ entries: entries(1, 3, 1) })],
    vote(2, 3),
    vote(2, 3, { entries: entries(4, 5, 2) }),
    vote(7, 1),
  ];
  const cases = await afterEveryCrash("votes", groups, (found, progress, context) => {
    const states = ["0 0"];
    for (const one of progress.issued) {
      const state = one.hardState && `${one.hardState.term} ${one.hardState.vote}`;
      states.push(state ?? states.at(-1) ?? "");
    }
    const { term, vote: votedFor } = found.hardState;
    const allowed = states.slice(progress.acked);
    assert.ok(allowed.includes(`${term} ${votedFor}`), `${context}: ${term} ${votedFor}`);
    assert.ok(term > 0 || found.entries.length === 0, `${context}: entries without a term`);
  });
  assert.ok(cases > 500, `${cases} crashes`);
});

test("A9 a crash at any operation leaves no entry of a term that the disk does not know", async () => {
  const groups = [
    vote(1, 2, { entries: entries(1, 3, 1) }),
    vote(5, 0, { truncateFrom: 2, entries: entries(2, 6, 5) }),
    vote(9, 0, { truncateFrom: 6, entries: entries(6, 9, 9) }),
  ];
  const seen = new Set<number>();
  await afterEveryCrash("later terms", groups, (found, _progress, context) => {
    seen.add(found.hardState.term);
    const lastTerm = found.entries.at(-1)?.term ?? 0;
    assert.ok(lastTerm <= found.hardState.term, `${context}: an entry of ${lastTerm}`);
  });
  assert.deepEqual([...seen].sort(), [0, 1, 5, 9]);
});

test("B2 H4 a cut over many segments: a crash leaves the old tail or the new one whole, and old segments stay away", async () => {
  const before = entries(1, 12, 1).map((one) => [write({ entries: [one] })]);
  const cut = vote(2, 0, { truncateFrom: 3, entries: entries(3, 6, 2) });
  const after = entries(7, 9, 2).map((one) => [write({ entries: [one] })]);
  const groups = [...before, cut, ...after];
  const counts = { old: 0, cut: 0 };
  await afterEveryCrash("a long cut", groups, (found, progress, context) => {
    const terms = found.entries.map((one) => one.term);
    const isCut = terms.includes(2);
    counts[isCut ? "cut" : "old"] += 1;
    const isShort = isCut ? terms.length < 6 : terms.length < Math.min(progress.acked, 12);
    assert.equal(isShort, false, `${context}: neither the old tail nor the new one: ${terms}`);
    assert.equal(terms.indexOf(2), isCut ? 2 : -1, `${context}: ${terms}`);
    assert.ok(isCut || progress.acked <= 12, `${context}: the acknowledged cut is gone`);
    assert.ok(isCut === (found.hardState.term === 2), `${context}: cut and term come together`);
  });
  assert.ok(counts.old > 100 && counts.cut > 100, JSON.stringify(counts));
});

test("H2 a power loss at any operation that takes every unsynced name and byte takes no acknowledged entry", async () => {
  const groups = entries(1, 25, 1).map((one) => [write({ entries: [one] })]);
  let segmentsMax = 0;
  for (const setting of SETTINGS) {
    for await (const { disk, progress, context } of crashes(setting, {
      name: "new files",
      groups,
    })) {
      const { wal, recovered } = await open(disk.crash({ keep: "none" }), setting);
      assert.ok(recovered.entries.length >= progress.acked, context);
      segmentsMax = Math.max(segmentsMax, wal.segmentCount);
    }
  }
  assert.ok(segmentsMax > 5, `at most ${segmentsMax} segments`);
});

test("H5 a crash that leaves the vote leaves the cut and the compaction that came before it", async () => {
  const groups = [
    vote(1, 0, { entries: entries(1, 9, 1) }),
    [write({ truncateFrom: 8 })],
    [write({ compactTo: 4, compactTerm: 1 })],
    vote(2, 3),
  ];
  let voted = 0;
  await afterEveryCrash("cut, compaction, vote", groups, ({ hardState, start, entries: found }) => {
    if (hardState.term < 2) return;
    voted += 1;
    assert.equal(hardState.vote, 3);
    assert.deepEqual([start.index, found.at(-1)?.index], [4, 7]);
  });
  assert.ok(voted > 10, `${voted} votes`);
});

/** A log of three entries whose fourth is written and not yet synced. */
async function stoppedAtSync(setting: Setting): Promise<SimDisk> {
  let isArmed = false;
  const disk: SimDisk = makeDisk({
    onOperation: (_count, operation) => {
      if (isArmed && operation === "sync") disk.kill();
      return undefined;
    },
  });
  const { wal } = await open(disk, setting);
  await wal.append(write({ hardState: { term: 1, vote: 2 }, entries: entries(1, 3, 1) }));
  isArmed = true;
  await assert.rejects(wal.append(write({ entries: [entry(4, 1)] })), { code: "WAL_FAILED" });
  return disk;
}

test("H1 a last record torn at any byte is cut off, all before it stays, and the log goes on", async () => {
  for (const setting of SETTINGS) {
    const disk = await stoppedAtSync(setting);
    const length = disk.unsyncedWriteBytes;
    assert.ok(length > 10, `a write of ${length} bytes`);
    let torn = 0;
    for (let tornBytes = 0; tornBytes <= length; tornBytes += 1) {
      const left = disk.crash({ keep: "none", tornBytes });
      const { wal, recovered } = await open(left, setting);
      const isWhole = tornBytes === length;
      assert.equal(recovered.entries.length, isWhole ? 4 : 3, `torn at ${tornBytes} of ${length}`);
      if (recovered.tornBytes > 0) torn += 1;
      const next = entry(wal.lastIndex + 1, 1, "after");
      await wal.append(write({ entries: [next] }));
      await wal.close();
      const { recovered: again } = await open(left.crash({ keep: "none" }), setting);
      assert.deepEqual(again.entries.at(-1), next);
      assert.equal(again.tornBytes, 0, "the tear is gone");
    }
    assert.ok(torn > length / 2, `${torn} of ${length} tears were told`);
  }
});

test("H6 when a sync begins the file has all that it is to make durable, and nothing is acknowledged before it ends", async () => {
  const order: string[] = [];
  const disk: SimDisk = makeDisk({
    onOperation: (_count, operation, name) => {
      if (operation !== "sync" || !name.endsWith(".log")) return undefined;
      const held = new TextDecoder("latin1").decode(disk.bytesOf(name));
      order.push(`sync of ${[...held.matchAll(/entry-\d+/g)].length} entries`);
      return undefined;
    },
  });
  const { wal } = await open(disk, { segmentBytes: 1 << 16, preallocate: false });
  order.length = 0;
  for (const one of entries(1, 3, 1)) {
    await wal.append(write({ entries: [one] }));
    order.push(`${one.index} acknowledged`);
  }
  assert.deepEqual(order, [
    "sync of 1 entries",
    "1 acknowledged",
    "sync of 2 entries",
    "2 acknowledged",
    "sync of 3 entries",
    "3 acknowledged",
  ]);
});

test("H10 a cut at every index while appends and changes of segment are under way gives the log of a plain list", async () => {
  let segmentsMax = 0;
  for (const setting of SETTINGS) {
    for (let from = 1; from <= 20; from += 1) {
      const writes = [
        write({ hardState: { term: 1, vote: 0 } }),
        ...entries(1, 20, 1).map((one) => write({ entries: [one] })),
        write({
          hardState: { term: 2, vote: 0 },
          truncateFrom: from,
          entries: entries(from, from + 3, 2),
        }),
        write({ truncateFrom: from + 2 }),
        ...entries(from + 2, from + 9, 2).map((one) => write({ entries: [one] })),
      ];
      const disk = makeDisk();
      const { wal } = await open(disk, setting);
      await Promise.all(writes.map((one) => wal.append(one)));
      segmentsMax = Math.max(segmentsMax, wal.segmentCount);
      for (const left of [disk.crash({ keep: "none" }), disk.crash({ keep: "all" })]) {
        const { recovered } = await open(left, setting);
        assert.equal(summary(recovered), model(writes), `cut at ${from}, ${setting.segmentBytes}`);
      }
    }
  }
  // One append after the other: each segment border is crossed by each cut in turn.
  for (let from = 1; from <= 20; from += 1) {
    const writes = [
      ...entries(1, 20, 1).map((one) => write({ entries: [one] })),
      write({ hardState: { term: 2, vote: 0 }, truncateFrom: from, entries: [entry(from, 2)] }),
      write({ entries: entries(from + 1, from + 5, 2) }),
    ];
    const disk = makeDisk();
    const { wal } = await open(disk, SMALL);
    for (const one of writes) await wal.append(one);
    segmentsMax = Math.max(segmentsMax, wal.segmentCount);
    const { recovered } = await open(disk.crash({ keep: "none" }), SMALL);
    assert.equal(summary(recovered), model(writes), `cut at ${from}`);
  }
  assert.ok(segmentsMax > 8, `at most ${segmentsMax} segments`);
});
