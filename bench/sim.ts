/**
 * How fast the simulator is: whole runs, all checkers on, in events and simulated seconds per
 * second of processor time, beside a bare scheduler on the same pump.
 */

import process from "node:process";
import { hostPump, type Plan, runPlan, Scheduler, TimedEvent } from "@holdfast/sim";
import { grouped, handOver, printTable, type Row } from "./report.ts";
import { type Case, cases } from "./sim-plans.ts";

/** What a loaded cluster of five should do on one core. */
const EVENTS_TARGET = 200_000;
const SPEED_TARGET = 100;
/** Each case is run until it has taken so long. */
const CASE_MS = 1000;
const BARE_EVENTS = 300_000;
/** Events that wait in the bare scheduler, about as many as in a run. */
const BARE_WAITING = 50;

/**
 * Processor time of this process, garbage collection and compilers included: what else the machine
 * does is no matter.
 */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

interface Sums {
  events: number;
  simulatedMs: number;
  operations: number;
  tookMs: number;
}

async function runAll(plans: readonly Plan[], sums: Sums): Promise<void> {
  const begunMs = processorMs();
  for (const plan of plans) {
    const { figures, failure } = await runPlan(plan, { pump: hostPump });
    if (failure !== undefined) throw new Error(`Seed ${plan.seed} fails: ${failure.message}`);
    sums.events += figures.events;
    sums.simulatedMs += figures.simulatedMs;
    sums.operations += figures.operations.ok;
  }
  sums.tookMs += processorMs() - begunMs;
}

async function measure(plans: readonly Plan[]): Promise<Sums> {
  const sums: Sums = { events: 0, simulatedMs: 0, operations: 0, tookMs: 0 };
  while (sums.tookMs < CASE_MS) await runAll(plans, sums);
  return sums;
}

/** Comes again and again, after one promise job. */
class Beat extends TimedEvent {
  readonly #scheduler: Scheduler;
  readonly #delayMs: number;

  constructor(scheduler: Scheduler, delayMs: number) {
    super();
    this.#scheduler = scheduler;
    this.#delayMs = delayMs;
  }

  override run(): void {
    void this.#again();
  }

  async #again(): Promise<void> {
    await undefined;
    this.#scheduler.schedule(this, this.#delayMs);
  }
}

/** Events per second of a scheduler in which nothing happens. */
async function bare(): Promise<number> {
  const scheduler = new Scheduler({ eventsMax: 2 * BARE_EVENTS });
  const begunMs = processorMs();
  const main = new Promise<void>((resolve) => {
    scheduler.after(BARE_EVENTS / BARE_WAITING, resolve);
  });
  for (let at = 0; at < BARE_WAITING; at++) scheduler.schedule(new Beat(scheduler, 1), at / 64);
  await scheduler.run(() => main, hostPump);
  return (scheduler.ran * 1000) / (processorMs() - begunMs);
}

function verdict(isTarget: boolean, events: number, speed: number): string {
  if (!isTarget) return "";
  return events >= EVENTS_TARGET && speed >= SPEED_TARGET ? "reached" : "missed";
}

async function rowOf({ name, plans, isTarget }: Case): Promise<Row> {
  const bareBefore = await bare();
  const { events, simulatedMs, operations, tookMs } = await measure(plans);
  const bareEvents = (bareBefore + (await bare())) / 2;
  const eventsPerSecond = (events * 1000) / tookMs;
  const simulatedPerSecond = simulatedMs / tookMs;
  return {
    name,
    operationsPerSimulatedSecond: (operations * 1000) / simulatedMs,
    eventsPerSimulatedSecond: (events * 1000) / simulatedMs,
    usPerEvent: (tookMs * 1000) / events,
    eventsPerSecond,
    simulatedPerSecond,
    bareEventsPerSecond: bareEvents,
    toBare: eventsPerSecond / bareEvents,
    target: verdict(isTarget, eventsPerSecond, simulatedPerSecond),
  };
}

function fixed(value: string | number | undefined, digits: number): string {
  return Number(value).toFixed(digits);
}

function lineOf(row: Row): readonly string[] {
  return [
    String(row["name"]),
    fixed(row["operationsPerSimulatedSecond"], 0),
    grouped(Number(row["eventsPerSimulatedSecond"])),
    fixed(row["usPerEvent"], 2),
    grouped(Number(row["eventsPerSecond"])),
    fixed(row["simulatedPerSecond"], 0),
    fixed(row["toBare"], 3),
    String(row["target"]),
  ];
}

const HEAD = [
  "runs",
  "ops/sim s",
  "events/sim s",
  "µs/event",
  "events/s",
  "sim s/s",
  "to bare",
  "",
];

const all = cases();
// The compilers have seen everything before anything is measured.
for (const { plans } of all) await measure(plans.slice(0, 2));
const rows: Row[] = [];
for (const one of all) rows.push(await rowOf(one));
console.log(
  `Per second of processor time on one core; targets for the loaded five: ` +
    `${grouped(EVENTS_TARGET)} events/s and ${SPEED_TARGET} simulated seconds`,
);
printTable(
  HEAD,
  rows.map((row) => lineOf(row)),
);
const bares = rows.map((row) => Number(row["bareEventsPerSecond"]));
console.log(
  `bare: a scheduler in which nothing happens, beside each row; ` +
    `${grouped(Math.min(...bares))} to ${grouped(Math.max(...bares))} events/s`,
);
handOver(rows);
