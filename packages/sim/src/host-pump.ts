/**
 * How virtual time lets its host finish all promise jobs between two events: the one file of this
 * package that looks at where it runs.
 */

import type { Pump } from "./scheduler.ts";

/** This host can't tell when its promise jobs have ended. Give `pump` one that can. */
export class PumpError extends Error {
  readonly code = "SIM_PUMP";

  constructor(message: string) {
    super(message);
    this.name = "PumpError";
  }
}

/** What is used of the host, as far as it has it. */
interface Host {
  readonly process?: { readonly nextTick?: (run: () => void) => void };
  readonly setImmediate?: (run: () => void) => unknown;
  readonly setTimeout?: (run: () => void, delayMs: number) => unknown;
  readonly MessageChannel?: new () => {
    readonly port1: { onmessage: (() => void) | null; close(): void };
    readonly port2: { postMessage(message: unknown): void };
  };
}

const host = globalThis as unknown as Host;

// Taken before anything can be put in their place.
const nextTick = host.process?.nextTick?.bind(host.process);
const { setImmediate: nextTurn, setTimeout: setTimer, MessageChannel: Channel } = host;

/** So often the event loop turns, so that a thread can be told to stop. */
const STEPS_PER_TURN = 20_000;

const settled: Promise<void> = Promise.resolve();

let isAway = false;

/** Whether the pump waits for a turn of the event loop: what runs then is the platform's. */
export function isPumpAway(): boolean {
  return isAway;
}

/** A way to be called when no promise job is left. */
interface Way {
  /** Calls what it was opened with, once, when no promise job is left. */
  ask(): void;
  close(): void;
}

/** Undefined where the host has nothing for it. */
type OpenWay = (turn: () => void) => Way | undefined;

/**
 * Each step runs as a promise job that asks for a tick; Node runs a tick's callback only when no
 * promise job is left. Only documented behaviour, and of the ways that were measured on Node 20, 22
 * and 24 (3 awaits per event) the fastest such: 4.3 million events a second, against 1.2 with
 * `setImmediate` and 6.5 with the internal `process._tickCallback`. A tick may not ask for the next
 * one directly: promise jobs would starve. In real runs, where an event does more than that, the
 * internal ways are 3 % (`process._tickCallback`) and 8 % (`%PerformMicrotaskCheckpoint`) faster.
 */
const byTicks: OpenWay = (turn) => {
  if (nextTick === undefined || nextTurn === undefined) return undefined;
  let steps = 0;
  const hop = (): void => {
    void settled.then(turn);
  };
  const away = (): void => {
    isAway = true;
    nextTurn(() => {
      isAway = false;
      // Not the step itself: outside of a promise job ticks come before promise jobs.
      hop();
    });
  };
  const ask = (): void => {
    if (++steps % STEPS_PER_TURN === 0) away();
    else nextTick(hop);
  };
  return { ask, close: () => {} };
};

/** In a browser: promise jobs end before the next message is delivered. */
const byMessages: OpenWay = (turn) => {
  if (Channel === undefined) return undefined;
  const { port1, port2 } = new Channel();
  port1.onmessage = turn;
  return { ask: () => port2.postMessage(0), close: () => port1.close() };
};

/** The last resort: some hosts make each timer wait for milliseconds. */
const byTimers: OpenWay = (turn) => {
  if (setTimer === undefined) return undefined;
  return { ask: () => void setTimer(turn, 0), close: () => {} };
};

interface Run {
  readonly step: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs that take turns, a step each. There is never more than one step on its way: what one run has
 * begun ends before the next one has its turn.
 */
class Carousel {
  readonly #open: OpenWay;
  readonly #runs: Run[] = [];
  #next = 0;
  #way: Way | undefined;

  constructor(open: OpenWay) {
    this.#open = open;
  }

  readonly pump: Pump = (step) =>
    new Promise((resolve, reject) => {
      this.#runs.push({ step, resolve, reject });
      if (this.#way !== undefined) return;
      this.#way = this.#open(this.#turn);
      if (this.#way === undefined) reject(new PumpError("The host has nothing for this pump"));
      else this.#way.ask();
    });

  readonly #turn = (): void => {
    const run = this.#runs[this.#next];
    if (run !== undefined && this.#goesOn(run)) this.#next++;
    else this.#runs.splice(this.#next, 1);
    if (this.#next >= this.#runs.length) this.#next = 0;
    if (this.#runs.length > 0) {
      this.#way?.ask();
    } else {
      this.#way?.close();
      this.#way = undefined;
    }
  };

  #goesOn({ step, resolve, reject }: Run): boolean {
    try {
      if (step()) return true;
      resolve();
    } catch (error) {
      reject(error);
    }
    return false;
  }
}

let chosen: Promise<Pump> | undefined;

/**
 * The pump of whatever host this is: Node, a browser, another one. Several runs in one thread take
 * turns. Rejects with {@link PumpError} when none of the ways it knows is good here: each is tried
 * out before its first use.
 */
export const hostPump: Pump = async (step) => {
  chosen ??= firstGood([byTicks, byMessages, byTimers]);
  const pump = await chosen;
  return pump(step);
};

async function firstGood(ways: readonly OpenWay[]): Promise<Pump> {
  const reasons: string[] = [];
  for (const way of ways) {
    const { pump } = new Carousel(way);
    try {
      await checkPump(pump);
      return pump;
    } catch (error) {
      if (!(error instanceof PumpError)) throw error;
      reasons.push(error.message);
    }
  }
  throw new PumpError(`No pump works on this host: ${reasons.join("; ")}`);
}

/**
 * Throws {@link PumpError} unless `pump` lets chains of promises of any length end before the next
 * step. Code that asks for ticks of its own (`process.nextTick`) is not covered: nothing that is
 * simulated may use the platform.
 */
export async function checkPump(pump: Pump): Promise<void> {
  let finished = 0;
  const handler = async (depth: number): Promise<void> => {
    await settled;
    await Promise.all([settled, settled]);
    if (depth > 0) await handler(depth - 1);
    else finished++;
  };
  for (let begun = 0; begun < 10; begun++) {
    const expected = finished + 1;
    void handler(20);
    let steps = 0;
    await pump(() => {
      if (finished !== expected) {
        throw new PumpError(
          "The event pump is broken: a step began before the promise jobs of the one before had ended",
        );
      }
      if (steps++ === 2) return false;
      return true;
    });
  }
}

/** The ways by themselves, to be tried out where the first one would always win. */
export const PUMPS: Readonly<Record<"ticks" | "messages" | "timers", Pump>> = {
  ticks: new Carousel(byTicks).pump,
  messages: new Carousel(byMessages).pump,
  timers: new Carousel(byTimers).pump,
};
