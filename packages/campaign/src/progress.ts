/** How far a campaign is: a line that is rewritten on a terminal, now and then one elsewhere. */

import { counted, duration, grouped, short } from "./number-text.ts";
import type { Tally } from "./tally.ts";

/** Where progress is shown. */
export interface Screen {
  readonly isTerminal: boolean;
  /** Characters in a line. */
  readonly width: number;
  write(text: string): void;
}

/** What a campaign still has before it. */
export interface Aim {
  /** Infinite when only the time limits it. */
  readonly seeds: number;
  readonly timeMs: number;
  /** All marks there are. */
  readonly marks: number;
}

const TERMINAL_MS = 200;
const LINES_MS = 5000;

export class Progress {
  readonly #screen: Screen;
  readonly #tally: Tally;
  readonly #aim: Aim;
  readonly #now: () => number;
  readonly #begun: number;
  #shownAt: number;
  #isLineOpen = false;

  constructor(screen: Screen, tally: Tally, aim: Aim, now: () => number) {
    this.#screen = screen;
    this.#tally = tally;
    this.#aim = aim;
    this.#now = now;
    this.#begun = now();
    this.#shownAt = this.#begun;
  }

  get elapsedMs(): number {
    return this.#now() - this.#begun;
  }

  /** After each seed, and now and then: shows something when it is time to. */
  tick(): void {
    const { isTerminal } = this.#screen;
    if (this.#now() - this.#shownAt < (isTerminal ? TERMINAL_MS : LINES_MS)) return;
    this.#shownAt = this.#now();
    const line = progressLine(this.#tally, this.#aim, this.elapsedMs);
    if (!isTerminal) {
      this.#screen.write(`${line}\n`);
      return;
    }
    this.#screen.write(`\r${line.slice(0, this.#screen.width - 1)}\x1b[K`);
    this.#isLineOpen = true;
  }

  /** A line that stays, above the one that is rewritten. */
  say(line: string): void {
    this.clear();
    this.#screen.write(`${line}\n`);
  }

  /** Takes the rewritten line away. */
  clear(): void {
    if (this.#isLineOpen) this.#screen.write("\r\x1b[K");
    this.#isLineOpen = false;
  }
}

function progressLine(tally: Tally, aim: Aim, elapsedMs: number): string {
  const seconds = Math.max(elapsedMs / 1000, 0.001);
  const share = shareDone(tally, aim, elapsedMs);
  // What matters most first: the end may be cut off on a narrow terminal.
  return [
    `${share}${counted(tally.seeds, "seed")}, ${grouped(tally.failed.length)} failed`,
    `${short(tally.seeds / seconds)}/s`,
    `${duration(tally.sums.simulatedMs)} simulated, ${short(tally.sums.simulatedMs / 1000 / seconds)}x`,
    `${short(tally.sums.events / seconds)} events/s`,
    `${short(tally.faultCount)} faults`,
    `${tally.marks.size}/${aim.marks} marks`,
  ].join(" | ");
}

function shareDone(tally: Tally, aim: Aim, elapsedMs: number): string {
  const share = Math.max(tally.seeds / aim.seeds, elapsedMs / aim.timeMs);
  return share > 0 ? `${Math.min(Math.floor(share * 100), 100)}% ` : "";
}
