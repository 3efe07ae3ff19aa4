/** Plays one scenario once, in virtual or in real time. */

import { hostPump, Random, Scheduler, TraceHash, VirtualClock } from "@holdfast/sim";
import type { ReadFacts } from "./call-port.ts";
import type { CourseMake } from "./course-server.ts";
import { type Figures, Harness } from "./harness.ts";

import { RealClock } from "./real-clock.ts";
import type { Scenario } from "./suite.ts";

/** A scenario of the suite has some 100,000; one that needs this many spins. */
const EVENTS_MAX = 20_000_000;

/** The servers under test. */
export interface Subject {
  readonly make: CourseMake;
  readonly facts: ReadFacts;
}

export interface PlayOptions {
  readonly seed: number;
  /** On the machine's clock instead of virtual time. */
  readonly isReal: boolean;
  /** Takes one line of narration, with the time. */
  readonly tell?: (line: string) => void;
}

export interface Played {
  readonly figures: Figures | undefined;
  /** Why it failed; empty when it passed. */
  readonly failure: string;
  /** Equal for equal seeds in virtual time. */
  readonly traceHash: string;
  /** What it took on this machine. */
  readonly wallMs: number;
}

/** Never rejects: whatever goes wrong is the scenario's failure. */
export async function play(
  scenario: Scenario,
  subject: Subject,
  options: PlayOptions,
): Promise<Played> {
  const begunMs = performance.now();
  const scheduler = new Scheduler({ eventsMax: EVENTS_MAX });
  const trace = options.isReal ? new TraceHash() : scheduler.trace;
  const clock = options.isReal ? new RealClock() : new VirtualClock(scheduler);
  const createdMs = clock.now();
  const { tell } = options;
  const run = (): Promise<Figures> =>
    Harness.run(
      {
        servers: scenario.servers,
        isReliable: scenario.isReliable,
        hasSnapshots: scenario.part === "2D",
        clock,
        random: new Random(options.seed).fork(scenario.id),
        trace,
        ...subject,
        tell:
          tell === undefined
            ? (): void => {}
            : (text): void => tell(`${timeStamp(clock.now() - createdMs)}  ${text}`),
      },
      scenario.play,
    );
  let figures: Figures | undefined;
  let failure = "";
  try {
    figures = options.isReal ? await run() : await scheduler.run(run, hostPump);
  } catch (error) {
    failure = describe(error);
  }
  return { figures, failure, traceHash: trace.digest(), wallMs: performance.now() - begunMs };
}

function timeStamp(ms: number): string {
  return (ms / 1000).toFixed(4).padStart(9);
}

/**
 * A broken check says enough in its message; anything else is a fault of the code and needs its
 * place.
 */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && error.code === "LAB_FAILED"
    ? error.message
    : (error.stack ?? error.message);
}
