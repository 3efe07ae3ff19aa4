/** Carries commands to nodes and looks at the clock for those who wait: nodes may die or freeze. */

import type { NodeId } from "@holdfast/raft";
import type { Answers } from "./answers.ts";
import { type Command, CommandWriter } from "./command.ts";
import type { Answer, Door } from "./door.ts";

interface Waiting {
  readonly deadline: number;
  readonly settle: (answer: Answer) => void;
}

const UNKNOWN: Answer = { kind: "unknown" };

/** What is to be sent, but for its serial. */
export type Letter = Omit<Command, "serial">;

export class Courier {
  readonly #door: Door;
  readonly #answers: Answers;
  readonly #writer: CommandWriter;
  readonly #waiting = new Set<Waiting>();
  #isWatching = false;

  /** Commands are filled up to `bytes`. */
  constructor(door: Door, answers: Answers, bytes: number) {
    this.#door = door;
    this.#answers = answers;
    this.#writer = new CommandWriter(bytes);
  }

  /** How many wait for an answer. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * The answer; `unknown` when there is none by about a quarter of `timeoutMs` after it. One that
   * comes later than that is noted, too.
   */
  send(letter: Letter, node: NodeId, timeoutMs: number): Promise<Answer> {
    const serial = this.#answers.sent(letter.session, letter.number, node);
    const { op, session, number, key, value, to } = letter;
    const bytes = this.#writer.write({ op, serial, session, number, key, value, to });
    return new Promise((resolve) => {
      const waiting: Waiting = { deadline: this.#door.now() + timeoutMs, settle: resolve };
      this.#waiting.add(waiting);
      void this.#door.propose(node, bytes, timeoutMs).then((answer) => {
        this.#answers.answered(serial, answer);
        if (this.#waiting.delete(waiting)) resolve(answer);
      });
      if (!this.#isWatching) void this.#watch(timeoutMs);
    });
  }

  async #watch(timeoutMs: number): Promise<void> {
    this.#isWatching = true;
    while (this.#waiting.size > 0) {
      await this.#door.sleep(Math.max(1, timeoutMs / 4));
      const now = this.#door.now();
      for (const waiting of this.#waiting) {
        if (waiting.deadline > now) continue;
        this.#waiting.delete(waiting);
        waiting.settle(UNKNOWN);
      }
    }
    this.#isWatching = false;
  }
}
