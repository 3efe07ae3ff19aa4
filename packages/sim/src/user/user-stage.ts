/** A user's clients at work on the simulated cluster: each asks for one thing after the other. */

import type { NodeId } from "@holdfast/raft";
import type { Broken } from "../load/broken.ts";
import type { Answer } from "../load/door.ts";
import { drawHabits, drawPauseMs, type Habits } from "../load/habits.ts";
import {
  demandProgress,
  type Operator,
  type Progress,
  type ProgressBounds,
} from "../load/progress.ts";
import { Targets } from "../load/targets.ts";
import type { RunFigures } from "../outcome.ts";
import type { Random } from "../random.ts";
import type { Stage, StageEnd } from "../world/stage.ts";
import type { World } from "../world/world.ts";
import { canonical } from "./canonical.ts";
import { checkRequests, type UserRequest } from "./requests.ts";

/** The next command; may throw. */
export type Ask = (
  random: Random,
  nth: number,
) => { readonly command: unknown; readonly bytes: Uint8Array };

/** One that asks for one thing at a time. */
interface Asker {
  readonly habits: Habits;
  readonly random: Random;
  /** For the user's draws alone: they shift nothing else. */
  readonly commands: Random;
}

/** A pause before anybody is looked for when all are down. */
const RETRY_MS = 8;

const UNKNOWN: Answer<never> = { kind: "unknown" };

export class UserStage implements Stage, Operator<Asker> {
  readonly requests: UserRequest[] = [];
  readonly #world: World;
  readonly #ask: Ask;
  readonly #random: Random;
  readonly #targets: Targets;
  #atWork = 0;
  #isStopping = false;
  #stopped: (() => void) | undefined;

  constructor(world: World, ask: Ask) {
    this.#world = world;
    this.#ask = ask;
    this.#random = world.random.fork("user load");
    this.#targets = new Targets(world);
  }

  get operations(): RunFigures["operations"] {
    const counts = { ok: 0, failed: 0, unknown: 0 };
    for (const { answer } of this.requests) counts[answer?.kind ?? "unknown"]++;
    return counts;
  }

  start(): void {
    const { clients, thinkMs } = this.#world.plan.load;
    for (let client = 1; client <= clients; client++) {
      const random = this.#random.fork(`client ${client}`);
      const habits = drawHabits(random, thinkMs);
      for (let lane = 0; lane < habits.lanes; lane++) {
        void this.#work(asker(habits, random.fork(`lane ${lane}`)));
      }
    }
  }

  stop(): Promise<void> {
    this.#isStopping = true;
    return new Promise((resolve) => {
      this.#stopped = resolve;
      this.#noteEnd();
    });
  }

  progress(bounds: ProgressBounds): Promise<Progress> {
    return demandProgress(this, this.#world, bounds);
  }

  extraLane(name: string): Asker {
    const random = this.#random.fork(name);
    return asker(drawHabits(random, 0), random);
  }

  async operateOnce(
    { commands }: Asker,
    { node, timeoutMs }: { readonly node: NodeId; readonly timeoutMs: number },
  ): Promise<Answer<unknown>> {
    const request = this.#next(commands, node);
    return request === undefined ? UNKNOWN : this.#send(request, timeoutMs);
  }

  audit({ chosen }: StageEnd): Broken | undefined {
    return checkRequests(this.requests, chosen);
  }

  async #work({ habits, random, commands }: Asker): Promise<void> {
    const world = this.#world;
    for (;;) {
      await world.sleep(drawPauseMs(random, habits));
      if (this.#isStopping) return;
      const node = this.#targets.pick(random, habits.leaderBias);
      if (node === 0) {
        await world.sleep(RETRY_MS);
        continue;
      }
      const request = this.#next(commands, node);
      if (request === undefined) return;
      this.#atWork++;
      await this.#send(request, world.plan.load.timeoutMs);
      this.#atWork--;
      this.#noteEnd();
    }
  }

  /** Undefined when the workload threw: the run is over. */
  #next(commands: Random, node: NodeId): UserRequest | undefined {
    try {
      const { command, bytes } = this.#ask(commands, this.requests.length);
      const request = { command, bytes, node, answer: undefined };
      this.requests.push(request);
      return request;
    } catch (error) {
      const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      this.#world.watch.broken({ check: "workload: threw", message, node: 0 });
      return undefined;
    }
  }

  /** Also when the node sleeps or dies there is an answer soon after `timeoutMs`. */
  #send(request: UserRequest, timeoutMs: number): Promise<Answer<unknown>> {
    const world = this.#world;
    return new Promise((resolve) => {
      const late = world.scheduler.after(1.25 * timeoutMs, () => resolve(UNKNOWN));
      void world.propose(request.node, request.bytes, timeoutMs).then((answer) => {
        late.cancel();
        request.answer =
          answer.kind === "ok" ? { ...answer, result: canonical(answer.result) } : answer;
        resolve(answer);
      });
    });
  }

  #noteEnd(): void {
    if (this.#atWork === 0) this.#stopped?.();
  }
}

function asker(habits: Habits, random: Random): Asker {
  return { habits, random, commands: random.fork("commands") };
}
