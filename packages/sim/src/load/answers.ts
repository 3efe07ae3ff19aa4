/** Every command that clients sent, what they were told, and what can be checked at that moment. */

import { assert, type Index, type NodeId } from "@holdfast/raft";
import type { Broken, OnBroken } from "./broken.ts";
import type { Answer } from "./door.ts";

/** One command that was sent: an operation may take several. */
export interface Attempt {
  readonly serial: number;
  readonly session: number;
  readonly number: number;
  readonly node: NodeId;
  /** The highest index that any client had been told of when it was sent. */
  readonly floor: Index;
  /** Undefined while there is none, or when the node died. */
  answer: Answer | undefined;
}

/** All commands that clients of a run have sent, and what each was told. */
export class Answers {
  readonly #report: OnBroken;
  readonly #attempts: Attempt[] = [];
  /** By index, the command that was answered with it. */
  readonly #serials: number[] = [];
  #highest: Index = 0;

  constructor(report: OnBroken) {
    this.#report = report;
  }

  /** By serial, from 1 on. */
  get attempts(): readonly Attempt[] {
    return this.#attempts;
  }

  /** The highest index that any client was told of. */
  get highest(): Index {
    return this.#highest;
  }

  at(serial: number): Attempt | undefined {
    return this.#attempts[serial - 1];
  }

  /** Returns the serial of the command that is about to be sent. */
  sent(session: number, number: number, node: NodeId): number {
    const serial = this.#attempts.length + 1;
    const floor = this.#highest;
    this.#attempts.push({ serial, session, number, node, floor, answer: undefined });
    return serial;
  }

  /** Also when the client had given up by then. */
  answered(serial: number, answer: Answer): void {
    const attempt = this.at(serial);
    assert(attempt !== undefined, "load.answers: nothing was sent");
    assert(attempt.answer === undefined, "load.answers: two answers");
    attempt.answer = answer;
    if (answer.kind !== "ok") return;
    const { index } = answer;
    const broken = this.#judge(attempt, index);
    this.#serials[index] = serial;
    if (index > this.#highest) this.#highest = index;
    if (broken !== undefined) this.#report(broken);
  }

  #judge({ serial, node, floor }: Attempt, index: Index): Broken | undefined {
    // All commands go through the log, in which the later one can't come first (paper §8).
    if (index <= floor) {
      return {
        check: "load: answered from before its call",
        message:
          `Node ${node} answered command ${serial} with index ${index}, ` +
          `when index ${floor} had been answered before it was sent`,
        node,
      };
    }
    const other = this.#serials[index];
    if (other === undefined) return undefined;
    return {
      check: "load: two commands answered with one index",
      message: `Commands ${other} and ${serial} were both answered with index ${index}`,
      node,
    };
  }
}
