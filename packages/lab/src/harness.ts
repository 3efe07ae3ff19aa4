/**
 * What the scenarios are written with: the checks, waits and counters of the course. Scenarios
 * count servers from 0.
 */

import type { Index, Term } from "@holdfast/raft";
import type { Random } from "@holdfast/sim";
import { Cluster, type ClusterOptions } from "./cluster.ts";
import { type Command, encodeCommand, showCommand } from "./command.ts";
import { CourseFailure } from "./failure.ts";

/** The harness's idea of an election time-out. */
export const ELECTION_MS = 1000;

/** Longest time for one scenario. */
const SCENARIO_LIMIT_MS = 120_000;

/** The figures of one row of the table. */
export interface Figures {
  readonly ms: number;
  readonly calls: number;
  readonly bytes: number;
  /** How far the highest applied index moved. */
  readonly commits: number;
  /** The part of `ms` that the harness slept by its own rules: no Raft can be faster. */
  readonly floorMs: number;
}

export type HarnessOptions = Omit<ClusterOptions, "onFailure">;

export class Harness {
  /** For choices that a scenario makes. */
  readonly random: Random;
  readonly #options: HarnessOptions;
  readonly #cluster: Cluster;
  readonly #createdMs: number;
  readonly #jitter: Random;
  readonly #failed: Promise<never>;
  #fail: (error: Error) => void = () => {};
  #failure: Error | undefined;
  #begun: Figures = { ms: 0, calls: 0, bytes: 0, commits: 0, floorMs: 0 };
  #floorMs = 0;

  private constructor(options: HarnessOptions) {
    this.#options = options;
    this.random = options.random.fork("scenario");
    this.#jitter = options.random.fork("harness");
    this.#createdMs = options.clock.now();
    this.#failed = new Promise((_, reject) => {
      this.#fail = (error): void => {
        this.#failure ??= error;
        reject(error);
      };
    });
    // The race in `run` reports it; without a race nobody need hear it.
    this.#failed.catch(() => {});
    this.#cluster = new Cluster({ ...options, onFailure: (error) => this.#fail(error) });
  }

  /**
   * Runs `scenario` on a fresh cluster, all servers up and connected, and returns its figures.
   * Rejects when a check fails.
   */
  static async run(
    options: HarnessOptions,
    scenario: (harness: Harness) => Promise<void>,
  ): Promise<Figures> {
    const harness = new Harness(options);
    try {
      return await Promise.race([harness.#run(scenario), harness.#failed]);
    } finally {
      harness.#cluster.shutDown();
    }
  }

  async #run(scenario: (harness: Harness) => Promise<void>): Promise<Figures> {
    for (let i = 0; i < this.servers; i++) await this.start1(i);
    for (let i = 0; i < this.servers; i++) this.connect(i);
    this.#begun = this.#counts();
    await scenario(this);
    this.#checkTime();
    const { ms, calls, bytes, commits, floorMs } = this.#counts();
    const begun = this.#begun;
    return {
      ms: ms - begun.ms,
      calls: calls - begun.calls,
      bytes: bytes - begun.bytes,
      commits: commits - begun.commits,
      floorMs: floorMs - begun.floorMs,
    };
  }

  /** Milliseconds of the clock in use. */
  nowMs(): number {
    return this.#options.clock.now();
  }

  get servers(): number {
    return this.#cluster.size;
  }

  /** Ends the scenario. */
  fail(message: string): never {
    throw new CourseFailure(message);
  }

  expect(condition: boolean, message: string): asserts condition {
    if (!condition) this.fail(message);
  }

  /** The server `steps` places after `i`. */
  after(i: number, steps: number): number {
    return (i + steps) % this.servers;
  }

  /** A fresh command that equals no other. */
  anyCommand(): Command {
    return Buffer.from(this.random.bytes(8)).readBigUInt64LE() >> 1n;
  }

  /** A sleep that the scenario prescribes. */
  pause(ms: number): Promise<void> {
    this.#floorMs += ms;
    return this.sleep(ms);
  }

  /** A sleep while waiting for the servers. */
  async sleep(ms: number): Promise<void> {
    await this.#options.clock.sleep(ms);
    if (this.#failure !== undefined) throw this.#failure;
  }

  // The cluster's operations.

  start1(i: number): Promise<void> {
    return this.#cluster.start(i);
  }

  crash1(i: number): void {
    this.#cluster.crash(i);
  }

  connect(i: number): void {
    this.#cluster.connect(i);
  }

  disconnect(i: number): void {
    this.#cluster.disconnect(i);
  }

  isUp(i: number): boolean {
    return this.#cluster.server(i) !== undefined;
  }

  isConnected(i: number): boolean {
    return this.#cluster.isConnected(i);
  }

  setReliable(isReliable: boolean): void {
    this.#cluster.network.isReliable = isReliable;
  }

  setLongReordering(isOn: boolean): void {
    this.#cluster.network.hasLongReordering = isOn;
  }

  /** Hands `command` to server `i`: its index and term when that server believes it leads. */
  start(i: number, command: Command): { readonly index: Index; readonly term: Term } | undefined {
    const started = this.#cluster.server(i)?.start(encodeCommand(command));
    return started?.isLeader === true ? started : undefined;
  }

  term(i: number): Term {
    const server = this.#cluster.server(i);
    this.expect(server !== undefined, `Server ${i + 1} is down and has no term`);
    return server.state().term;
  }

  /** True when some server has gone beyond `term`. */
  termMoved(term: Term): boolean {
    return this.#everyServer().some((i) => this.isUp(i) && this.term(i) > term);
  }

  // The checks.

  /**
   * The one leader among the connected servers. Fails when there is none for about 5 s, or two in a
   * term.
   */
  async checkOneLeader(): Promise<number> {
    for (let round = 0; round < 10; round++) {
      const ms = 450 + this.#jitter.below(100);
      await (round === 0 ? this.pause(ms) : this.sleep(ms));
      const leaders = new Map<Term, number>();
      for (const i of this.#everyServer()) {
        const state = this.#connectedState(i);
        if (state?.isLeader !== true) continue;
        const other = leaders.get(state.term);
        if (other !== undefined) {
          this.fail(`Servers ${other + 1} and ${i + 1} both lead in term ${state.term}`);
        }
        leaders.set(state.term, i);
      }
      // A leader of an older term may not know yet that it is none.
      const newest = leaders.get(Math.max(...leaders.keys()));
      if (newest !== undefined) return newest;
    }
    return this.fail("Expected one leader, got none");
  }

  checkNoLeader(): void {
    for (const i of this.#everyServer()) {
      this.expect(
        this.#connectedState(i)?.isLeader !== true,
        `Expected no leader, but server ${i + 1} claims to be it`,
      );
    }
  }

  /** The term in which all connected servers are; 0 when none is connected. */
  checkTerms(): Term {
    const terms = this.#everyServer().flatMap((i) => this.#connectedState(i)?.term ?? []);
    this.expect(new Set(terms).size <= 1, `Servers disagree on the term: ${terms.join(", ")}`);
    return terms[0] ?? 0;
  }

  committed(index: Index): { readonly count: number; readonly command: Command | undefined } {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#cluster.records.committed(index);
  }

  /**
   * Waits up to half a minute until `servers` have applied `index`, and returns what. Nothing comes
   * back when a server has gone beyond `term`: the entry may never commit then.
   */
  async wait(index: Index, servers: number, term?: Term): Promise<Command | undefined> {
    let ms = 10;
    for (let round = 0; round < 30; round++) {
      if (this.committed(index).count >= servers) break;
      await this.sleep(ms);
      if (ms < 1000) ms *= 2;
      if (term !== undefined && this.termMoved(term)) return undefined;
    }
    const { count, command } = this.committed(index);
    this.expect(count >= servers, `Only ${count} of ${servers} servers applied index ${index}`);
    return command;
  }

  /**
   * Gets `command` agreed on by `servers` servers within 10 s, whoever leads, and returns its
   * index. With `retry` it is handed over again when 2 s bring nothing. `isAside` marks calls
   * beside the scenario's own flow.
   */
  async one(
    command: Command,
    servers: number,
    options: { readonly retry: boolean; readonly isAside?: boolean },
  ): Promise<Index> {
    if (options.isAside !== true) this.#floorMs += 20;
    const begunMs = this.#options.clock.now();
    let turn = 0;
    while (this.#options.clock.now() - begunMs < 10_000) {
      let index: Index | undefined;
      for (let tries = 0; tries < this.servers && index === undefined; tries++) {
        turn = this.after(turn, 1);
        if (this.isConnected(turn)) index = this.start(turn, command)?.index;
      }
      if (index === undefined) {
        await this.sleep(50);
        continue;
      }
      if (await this.#agrees(index, command, servers)) return index;
      if (!options.retry) break;
    }
    return this.fail(`No agreement on ${showCommand(command)} among ${servers} servers`);
  }

  async #agrees(index: Index, command: Command, servers: number): Promise<boolean> {
    const begunMs = this.#options.clock.now();
    while (this.#options.clock.now() - begunMs < 2000) {
      const { count, command: there } = this.committed(index);
      if (count > 0 && count >= servers && there === command) return true;
      await this.sleep(20);
    }
    return false;
  }

  // The counters.

  /** Calls that reached the present lives of the servers. */
  callsReceived(): number {
    return this.#everyServer().reduce((sum, i) => sum + this.#cluster.callsTo(i), 0);
  }

  bytesSent(): number {
    return this.#cluster.network.byteCount;
  }

  logBytesMax(): number {
    return this.#cluster.logBytesMax();
  }

  #counts(): Figures {
    return {
      ms: this.#options.clock.now(),
      calls: this.#cluster.network.callCount,
      bytes: this.#cluster.network.byteCount,
      commits: this.#cluster.records.maxIndex,
      floorMs: this.#floorMs,
    };
  }

  #checkTime(): void {
    const ms = this.#options.clock.now() - this.#createdMs;
    this.expect(
      ms <= SCENARIO_LIMIT_MS,
      `Took ${Math.round(ms / 1000)} s, more than ${SCENARIO_LIMIT_MS / 1000}`,
    );
  }

  #connectedState(i: number): { readonly term: Term; readonly isLeader: boolean } | undefined {
    return this.isConnected(i) ? this.#cluster.server(i)?.state() : undefined;
  }

  #everyServer(): number[] {
    return Array.from({ length: this.servers }, (_, i) => i);
  }
}
