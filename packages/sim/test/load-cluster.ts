/** A cluster that is one list in memory, right or wrong in one way, for tests of the workloads. */

import type { Entry, NodeId } from "@holdfast/raft";
import {
  type Answer,
  type Broken,
  type Chosen,
  createWorkload,
  type Door,
  HashLedger,
  hostPump,
  type Load,
  LoadMachine,
  type LoadResult,
  Random,
  Scheduler,
  type Standing,
  VirtualClock,
  type Workload,
} from "@holdfast/sim";

/** What is wrong with it, every so many commands. */
export type Fault =
  /** Reads are answered from a state of some time ago. */
  | "stale-read"
  /** A write is answered and forgotten. */
  | "lost-write"
  /** A command is put into the list again, later. */
  | "double-append"
  /** Answered as failed, and done. */
  | "failed-but-applied"
  /** The last node applies two commands in the other order. */
  | "swapped"
  /** The last node applies the command before once more, in the place of one that reads. */
  | "double-apply"
  /** Answered with another term, or another result. */
  | "wrong-term"
  | "wrong-result";

export interface ClusterOptions {
  readonly nodes?: number;
  readonly fault?: Fault;
  /** Of 1000 commands so many are refused, and so many answered by nothing. */
  readonly refused?: number;
  readonly silent?: number;
}

const EVERY = 23;
const SILENCE = new Promise<Answer>(() => {});

export class ListCluster implements Door {
  readonly nodes: number;
  readonly log: Entry[] = [];
  readonly machines: readonly LoadMachine[];
  readonly reports: Broken[] = [];
  readonly ledger: HashLedger = new HashLedger((broken) => this.reports.push(broken));
  readonly scheduler: Scheduler = new Scheduler({ eventsMax: 10_000_000 });
  /** Nodes that are down, and nodes that never answer. */
  readonly down = new Set<NodeId>();
  readonly mute = new Set<NodeId>();
  lead: NodeId = 1;
  delayMs = 4;
  #term = 1;
  #count = 0;
  readonly #clock = new VirtualClock(this.scheduler);
  readonly #random: Random;
  readonly #options: ClusterOptions;
  /** Results that reads gave, oldest first. */
  readonly #past = new Map<number, LoadResult>();
  #held: Entry | undefined;
  #before: Entry | undefined;

  constructor(seed: number, options: ClusterOptions = {}) {
    this.nodes = options.nodes ?? 3;
    this.machines = Array.from({ length: this.nodes }, () => new LoadMachine());
    this.#random = new Random(seed).fork("list cluster");
    this.#options = options;
  }

  isUp(node: NodeId): boolean {
    return !this.down.has(node);
  }

  leader(): NodeId {
    return this.lead;
  }

  now(): number {
    return this.scheduler.now;
  }

  sleep(ms: number): Promise<void> {
    return this.#clock.sleep(ms);
  }

  run<T>(main: () => Promise<T>): Promise<T> {
    return this.scheduler.run(main, hostPump);
  }

  get chosen(): Chosen {
    return { last: this.log.length, at: (index) => this.log[index - 1] };
  }

  get standings(): readonly Standing[] {
    const applied = this.log.length;
    return this.machines.map((machine, i) => ({ node: i + 1, applied, machine }));
  }

  async propose(node: NodeId, command: Uint8Array, timeoutMs: number): Promise<Answer> {
    const { refused = 30, silent = 30, fault } = this.#options;
    const roll = this.#random.below(1000);
    const isLater = this.#random.chance(1, 2);
    const isFaulty = ++this.#count % EVERY === 0;
    if (this.mute.has(node)) return SILENCE;
    await this.sleep(this.#random.below(1 + this.delayMs));
    if (roll < refused) return { kind: "failed", reason: "no-leader" };
    if (roll < refused + silent) {
      // Of those that nobody hears of, one half takes place: some at once, some much later.
      if (isLater)
        void this.sleep(timeoutMs * 3 * this.#random.fraction()).then(() => this.append(command));
      await this.sleep(timeoutMs);
      return { kind: "unknown" };
    }
    const { index, term, result } = this.#do(command, isFaulty ? fault : undefined);
    await this.sleep(this.#random.below(1 + this.delayMs));
    if (isFaulty && fault === "failed-but-applied") return { kind: "failed", reason: "superseded" };
    if (isFaulty && fault === "wrong-term") return { kind: "ok", index, term: term + 1, result };
    return { kind: "ok", index, term, result };
  }

  /** Puts a command at the end of the list, and applies it everywhere. */
  append(data: Uint8Array): Entry & { readonly result: LoadResult } {
    if (this.#random.chance(1, 50)) {
      this.#term++;
      this.#push({
        index: this.log.length + 1,
        term: this.#term,
        kind: "noop",
        data: new Uint8Array(0),
      });
    }
    const entry: Entry = { index: this.log.length + 1, term: this.#term, kind: "command", data };
    return { ...entry, result: this.#push(entry) };
  }

  #do(command: Uint8Array, fault: Fault | undefined): Entry & { readonly result: LoadResult } {
    if (fault === "lost-write") {
      return {
        index: this.log.length + 1,
        term: this.#term,
        kind: "command",
        data: command,
        result: null,
      };
    }
    if (fault === "double-append") void this.sleep(30).then(() => this.append(command));
    if (fault === "swapped" || fault === "double-apply") this.#odd = fault;
    const done = this.append(command);
    const stale = this.#past.get(this.#past.size - 12) ?? null;
    if (typeof done.result !== "boolean") this.#past.set(this.#past.size, done.result);
    if (fault === "stale-read" || fault === "wrong-result") return { ...done, result: stale };
    return done;
  }

  #odd: "swapped" | "double-apply" | undefined;

  #push(entry: Entry): LoadResult {
    this.log.push(entry);
    let result: LoadResult = null;
    for (const [i, machine] of this.machines.entries()) {
      const isLast = i === this.machines.length - 1;
      if (isLast) this.#applyLast(machine, entry);
      else if (entry.kind === "command") result = machine.apply(entry.data, entry);
      if (this.#held === undefined || !isLast)
        this.ledger.note(i + 1, entry.index, machine.stateHash());
    }
    return result;
  }

  /** The last node is the one that does wrong. */
  #applyLast(machine: LoadMachine, entry: Entry): void {
    if (entry.kind !== "command") return;
    const held = this.#held;
    if (held !== undefined) {
      this.#held = undefined;
      machine.apply(entry.data, held);
      machine.apply(held.data, entry);
    } else if (this.#odd === "swapped") {
      this.#held = entry;
    } else if (this.#odd === "double-apply" && this.#before !== undefined) {
      machine.apply(this.#before.data, entry);
    } else {
      machine.apply(entry.data, entry);
    }
    this.#odd = undefined;
    this.#before = entry;
  }
}

export const LOAD: Load = {
  model: "key-value",
  clients: 5,
  keys: 3,
  thinkMs: 20,
  timeoutMs: 200,
  reads: 400,
  valueBytes: 64,
};

export const MODELS: readonly Load["model"][] = ["register", "key-value", "append-list", "counter"];

export interface Ran {
  readonly cluster: ListCluster;
  readonly workload: Workload;
  readonly reports: readonly Broken[];
}

/** Clients at work for so long, then time for all to end. */
export async function runLoad(
  load: Load,
  cluster: ListCluster,
  { seed = 1, forMs = 5000 }: { readonly seed?: number; readonly forMs?: number } = {},
): Promise<Ran> {
  const workload = createWorkload({
    load,
    door: cluster,
    random: new Random(seed).fork("load"),
    report: (broken) => cluster.reports.push(broken),
  });
  await cluster.run(async () => {
    workload.start();
    await cluster.sleep(forMs);
    await workload.stop();
    // What was under way when its client gave up is done by then.
    await cluster.sleep(4 * load.timeoutMs);
  });
  return { cluster, workload, reports: cluster.reports };
}
