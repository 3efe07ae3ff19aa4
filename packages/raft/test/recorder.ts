/**
 * A world that keeps a record of what every server was given and what it decided, to play it again
 * elsewhere.
 */

import assert from "node:assert/strict";
import {
  type Effects,
  type Input,
  type Raft,
  type StepResult,
  step,
  takeEffects,
} from "@holdfast/raft";
import { Log } from "../src/log.ts";
import { Progress } from "../src/progress.ts";
import { type Server, World, type WorldOptions } from "./world.ts";

export type Turn =
  | { readonly kind: "step"; readonly input: Input; readonly now: number; result: StepResult }
  | { readonly kind: "take"; effects: Effects | undefined };

/** One life of a server: how it came up, all that happened to it, and how it ended. */
export interface Life {
  readonly server: Server;
  readonly born: Raft;
  readonly turns: Turn[];
  /** Copies of the state between two turns, by the number of turns before. */
  readonly copies: Map<number, Raft>;
}

const COPY_EVERY = 40;
const UNKNOWN: StepResult = { ok: false, reason: "impossible", detail: "not known yet" };

export class Recorder extends World {
  readonly lives: Life[] = [];
  /** All bytes that went in or came out, and what they were when they were first seen. */
  readonly bytes = new Map<Uint8Array, string>();
  readonly #current = new Map<Server, Life>();

  constructor(options: WorldOptions) {
    super(options);
    for (const server of this.servers) this.#begin(server);
  }

  override step(server: Server, input: Input): StepResult {
    freezeDeep(input, this.bytes);
    const turn: Turn = { kind: "step", input, now: this.now, result: UNKNOWN };
    this.#record(server, turn);
    turn.result = super.step(server, input);
    return turn.result;
  }

  override flush(server: Server): Effects {
    const turn: Turn = { kind: "take", effects: undefined };
    this.#record(server, turn);
    const effects = super.flush(server);
    turn.effects = effects;
    return effects;
  }

  /** Nothing that left the core may change any more. */
  protected override took(effects: Effects): void {
    freezeDeep(effects, this.bytes);
  }

  override restart(server: Server): void {
    super.restart(server);
    this.#begin(server);
  }

  #begin(server: Server): void {
    const life: Life = { server, born: cloneRaft(server.raft), turns: [], copies: new Map() };
    this.lives.push(life);
    this.#current.set(server, life);
  }

  #record(server: Server, turn: Turn): void {
    const life = this.#current.get(server);
    assert.ok(life);
    if (life.turns.length % COPY_EVERY === COPY_EVERY - 1) {
      life.copies.set(life.turns.length, cloneRaft(server.raft));
    }
    life.turns.push(turn);
  }
}

/** Plays the turns again on `raft` and compares every result and all effects. */
export function replay(raft: Raft, turns: readonly Turn[]): void {
  for (const turn of turns) {
    if (turn.kind === "step") assert.deepEqual(step(raft, turn.input, turn.now), turn.result);
    else assert.deepEqual(takeEffects(raft), turn.effects);
  }
}

/**
 * A copy that shares nothing: the state is plain data but for the methods of its two data
 * structures.
 */
export function cloneRaft(raft: Raft): Raft {
  const copy = structuredClone(raft);
  Object.setPrototypeOf(copy.log, Log.prototype);
  if (copy.role.kind === "leader") {
    for (const peer of copy.role.peers) Object.setPrototypeOf(peer, Progress.prototype);
  }
  return copy;
}

/** Freezes everything in reach but bytes, which can't be: they are noted in `bytes`. */
export function freezeDeep(value: unknown, bytes: Map<Uint8Array, string>): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  if (value instanceof Uint8Array) {
    if (!bytes.has(value)) bytes.set(value, String(value));
    return;
  }
  Object.freeze(value);
  for (const each of Object.values(value)) freezeDeep(each, bytes);
}
