/** The clients of one model: each lane of a client does one operation after the other. */

import type { ClientId } from "@holdfast/linearizability";
import type { NodeId } from "@holdfast/raft";
import type { Load } from "../plan/plan.ts";
import type { Random } from "../random.ts";
import type { Answers } from "./answers.ts";
import { Courier } from "./courier.ts";
import type { Answer, Door } from "./door.ts";
import { drawHabits, drawPauseMs, type Habits, LANES_MAX } from "./habits.ts";
import { KeyPool } from "./key-pool.ts";
import { type ClientEvents, Recorder } from "./recorder.ts";
import type { Asked, Subject } from "./subject.ts";
import { Targets } from "./targets.ts";

export interface ClientsOptions {
  readonly load: Load;
  readonly door: Door;
  readonly random: Random;
  readonly events?: ClientEvents | undefined;
}

/** What does one thing at a time: one session of the machine. */
export interface Lane {
  readonly name: ClientId;
  readonly session: number;
  readonly habits: Habits;
  readonly random: Random;
  /** For what happens only after failures: it mustn't shift the other draws. */
  readonly again: Random;
  /** Of its last operation. */
  number: number;
  /** By key, what it last saw there. */
  readonly seen: Map<number, number>;
}

/** Where an operation goes, and how long it is waited for. */
export interface Aim {
  readonly node: NodeId;
  readonly timeoutMs: number;
}

interface Draws {
  readonly slot: number;
  readonly isRead: boolean;
  readonly roll: number;
}

/** A pause before the same is sent again, and before anybody is looked for when all are down. */
const RETRY_MS = 8;

export class Clients<Input, Output, State> {
  readonly recorder: Recorder<Input, Output, State>;
  readonly targets: Targets;
  readonly courier: Courier;
  readonly #subject: Subject<Input, Output, State>;
  readonly #load: Load;
  readonly #door: Door;
  readonly #random: Random;
  readonly #keys: KeyPool;
  #atWork = 0;
  #isStopping = false;
  #stopped: (() => void) | undefined;

  constructor(
    subject: Subject<Input, Output, State>,
    answers: Answers,
    { load, door, random, events }: ClientsOptions,
  ) {
    this.#subject = subject;
    this.#load = load;
    this.#door = door;
    this.#random = random;
    this.#keys = new KeyPool(subject.keys ?? Math.max(1, load.keys), subject);
    this.recorder = new Recorder(subject, door, events);
    this.targets = new Targets(door);
    this.courier = new Courier(door, answers, load.valueBytes);
  }

  start(): void {
    for (let client = 1; client <= this.#load.clients; client++) {
      const random = this.#random.fork(`client ${client}`);
      const habits = drawHabits(random, this.#load.thinkMs);
      for (let lane = 0; lane < habits.lanes; lane++) {
        void this.#work(makeLane(client, lane, habits, random));
      }
    }
  }

  /** Not one of those that work by themselves: does what it is told. */
  extraLane(name: string): Lane {
    const random = this.#random.fork(name);
    return { ...makeLane(0, 0, drawHabits(random, 0), random), name };
  }

  stop(): Promise<void> {
    this.#isStopping = true;
    return new Promise((resolve) => {
      this.#stopped = resolve;
      this.#noteEnd();
    });
  }

  async #work(lane: Lane): Promise<void> {
    const { random, habits } = lane;
    for (;;) {
      await this.#door.sleep(drawPauseMs(random, habits));
      if (this.#isStopping) return;
      const draws = this.#draw(random);
      const node = this.targets.pick(random, habits.leaderBias);
      if (node === 0) {
        await this.#door.sleep(RETRY_MS);
        continue;
      }
      this.#atWork++;
      await this.#operate(lane, draws, { node, timeoutMs: this.#load.timeoutMs });
      this.#atWork--;
      this.#noteEnd();
    }
  }

  /** One operation to one node, sent once. */
  operateOnce(lane: Lane, aim: Aim): Promise<Answer> {
    return this.#operate(lane, this.#draw(lane.random), aim, 1);
  }

  #draw(random: Random): Draws {
    const slot = random.below(this.#keys.size);
    const isRead = random.below(1000) < this.#load.reads;
    return { slot, isRead, roll: random.below(1000) };
  }

  async #operate(
    lane: Lane,
    draws: Draws,
    aim: Aim,
    triesMax: number = lane.habits.triesMax,
  ): Promise<Answer> {
    const key = this.#keys.key(draws.slot);
    const value = this.recorder.next + 1;
    const seen = lane.seen.get(key) ?? 0;
    const asked = this.#subject.ask({ key, value, seen, isRead: draws.isRead, roll: draws.roll });
    lane.number++;
    if (!draws.isRead) this.#keys.wrote(draws.slot);
    const id = this.recorder.called(lane.name, aim.node, asked.input);
    const answer = await this.#insist(lane, asked, key, aim, triesMax);
    if (answer.kind === "ok") {
      const output = this.#subject.output(answer.result);
      this.recorder.ok(id, asked.input, output);
      lane.seen.set(key, this.#subject.seenAfter(asked, output));
    } else if (answer.kind === "failed") {
      this.recorder.failed(id, asked.input);
    } else {
      this.recorder.unknown(id, asked.input);
      if (!draws.isRead) this.#keys.lost(draws.slot, key);
    }
    return answer;
  }

  /**
   * Sends it until one answer is good. What may have been applied is sent again only if the machine
   * knows it again; otherwise it might happen twice.
   */
  async #insist(
    lane: Lane,
    { op, value, to }: Asked<Input>,
    key: number,
    aim: Aim,
    triesMax: number,
  ): Promise<Answer> {
    const { session, number } = lane;
    const letter = { op, session, number, key, value, to };
    let { node } = aim;
    let doubt: Answer | undefined;
    for (let tries = 1; ; tries++) {
      const answer = await this.courier.send(letter, node, aim.timeoutMs);
      if (answer.kind === "ok") return answer;
      if (answer.kind === "unknown") doubt = answer;
      const mayRepeat = doubt === undefined || this.#subject.isRepeatable;
      if (tries >= triesMax || !mayRepeat || this.#isStopping) return doubt ?? answer;
      await this.#door.sleep(RETRY_MS);
      node = this.targets.pick(lane.again, lane.habits.leaderBias) || node;
    }
  }

  #noteEnd(): void {
    if (this.#atWork === 0) this.#stopped?.();
  }
}

function makeLane(client: number, lane: number, habits: Habits, random: Random): Lane {
  return {
    name: lane === 0 ? client : `${client}.${lane}`,
    session: client * LANES_MAX + lane,
    habits,
    random: random.fork(`lane ${lane}`),
    again: random.fork(`lane ${lane} again`),
    number: 0,
    seen: new Map(),
  };
}
