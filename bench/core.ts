/**
 * What the core costs without disk and network: three nodes in one thread, in committed entries per
 * second of processor time.
 */

import process from "node:process";
import {
  createRaft,
  type Effects,
  type Input,
  type Message,
  makeConfig,
  NOTHING_RESTORED,
  type Raft,
  step,
  takeEffects,
} from "@holdfast/raft";
import { handOver, type Row } from "./report.ts";

const ROUNDS = 7;
const ROUND_MS = 250;
const ENTRY_BYTES = 128;
/**
 * Every so many entries all nodes take a snapshot, so that logs stay as short as they are in
 * production.
 */
const COMPACT_EVERY = 1 << 16;
/** What the core should do on one core of a common server, in committed entries per second. */
const TARGETS: ReadonlyMap<number, number> = new Map([
  [1, 500_000],
  [64, 4_000_000],
]);
const BATCHES = [1, 8, 64, 512];

/** One node with an inbox. Its disk is done with a write before the next turn. */
class Seat {
  readonly raft: Raft;
  inbox: Input[] = [];

  constructor(id: number) {
    const config = makeConfig({ id, members: { voters: [1, 2, 3] }, trailingEntries: 1000 });
    this.raft = createRaft(config, { ...NOTHING_RESTORED, random: id }, 0);
  }
}

class Cluster {
  readonly seats: readonly Seat[] = [new Seat(1), new Seat(2), new Seat(3)];
  readonly leader: Seat;
  now = 0;
  steps = 0;
  #compactAt = COMPACT_EVERY;

  constructor() {
    const [first] = this.seats;
    if (first === undefined) throw new Error("No seat to lead");
    this.leader = first;
    this.now = first.raft.deadline;
    first.inbox.push({ kind: "tick" });
    for (let turn = 0; turn < 20; turn++) this.turn();
    if (first.raft.role.kind !== "leader") throw new Error("Nobody was elected");
  }

  /**
   * Every node steps what waits and takes its effects once. What they send arrives in the next
   * turn.
   */
  turn(): void {
    this.now += 0.01;
    for (const seat of this.seats) {
      const { inbox } = seat;
      seat.inbox = [];
      for (const input of inbox) this.#step(seat, input);
      if (seat.raft.deadline <= this.now) this.#step(seat, { kind: "tick" });
    }
    for (const seat of this.seats) this.#perform(seat, takeEffects(seat.raft));
    if (this.leader.raft.applied >= this.#compactAt) this.#compact();
  }

  #step(seat: Seat, input: Input): void {
    this.steps++;
    const result = step(seat.raft, input, this.now);
    if (!result.ok) throw new Error(`${input.kind}: ${result.detail}`);
  }

  #perform(seat: Seat, effects: Effects): void {
    this.#send(effects.send);
    const { write, apply } = effects;
    if (write !== undefined) {
      this.#send(write.thenSend);
      seat.inbox.push({ kind: "persisted", seq: write.seq });
    }
    const last = apply[apply.length - 1];
    if (last !== undefined) seat.inbox.push({ kind: "applied", index: last.index });
  }

  #send(messages: readonly Message[]): void {
    for (const message of messages) {
      this.seats[message.to - 1]?.inbox.push({ kind: "received", message });
    }
  }

  #compact(): void {
    this.#compactAt += COMPACT_EVERY;
    for (const seat of this.seats) {
      seat.inbox.push({ kind: "snapshot-taken", index: seat.raft.applied });
    }
  }

  /** Lets everything under way arrive, and checks that all three nodes have applied the same. */
  finish(): void {
    for (let turn = 0; turn < 20; turn++) this.turn();
    const { lastIndex } = this.leader.raft.log;
    for (const { raft } of this.seats) {
      if (raft.applied !== lastIndex) throw new Error(`Applied ${raft.applied} of ${lastIndex}`);
    }
  }
}

interface Sample {
  readonly entriesPerSecond: number;
  readonly stepNs: number;
  readonly stepsPerEntry: number;
}

/**
 * Processor time of this process, garbage collection included: what else the machine does is no
 * matter.
 */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function measure(cluster: Cluster, propose: Input): Sample {
  const stepsBefore = cluster.steps;
  const commitBefore = cluster.leader.raft.commit;
  const begunMs = processorMs();
  let tookMs = 0;
  while (tookMs < ROUND_MS) {
    for (let turn = 0; turn < 50; turn++) {
      cluster.leader.inbox.push(propose);
      cluster.turn();
    }
    tookMs = processorMs() - begunMs;
  }
  const steps = cluster.steps - stepsBefore;
  const entries = cluster.leader.raft.commit - commitBefore;
  return {
    entriesPerSecond: (entries * 1000) / tookMs,
    stepNs: (tookMs * 1e6) / steps,
    stepsPerEntry: steps / entries,
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/** Medians over several rounds, after one that only warms up. */
function run(batch: number): Sample {
  const cluster = new Cluster();
  // The core never copies a payload: one array can serve as all of them.
  const data = new Uint8Array(ENTRY_BYTES).fill(7);
  const propose: Input = { kind: "propose", commands: Array.from({ length: batch }, () => data) };
  measure(cluster, propose);
  const samples = Array.from({ length: ROUNDS }, () => measure(cluster, propose));
  cluster.finish();
  return {
    entriesPerSecond: median(samples.map((sample) => sample.entriesPerSecond)),
    stepNs: median(samples.map((sample) => sample.stepNs)),
    stepsPerEntry: median(samples.map((sample) => sample.stepsPerEntry)),
  };
}

function line(batch: number, { entriesPerSecond, stepNs, stepsPerEntry }: Sample): string {
  const target = TARGETS.get(batch);
  const cells = [
    String(batch).padStart(6),
    Math.round(entriesPerSecond).toLocaleString("en").padStart(14),
    stepNs.toFixed(0).padStart(9),
    stepsPerEntry.toFixed(2).padStart(13),
    (target?.toLocaleString("en") ?? "").padStart(12),
  ];
  if (target !== undefined) cells.push(entriesPerSecond >= target ? "  reached" : "  missed");
  return cells.join("");
}

console.log(
  `node ${process.version}, 3 nodes in one thread, ${ENTRY_BYTES}-byte entries, median of ${ROUNDS} rounds`,
);
console.log([" batch", "     entries/s", "  ns/step", "  steps/entry", "    target/s"].join(""));
const rows: Row[] = [];
for (const batch of BATCHES) {
  const sample = run(batch);
  console.log(line(batch, sample));
  rows.push({ batch, ...sample });
}
handOver(rows);
