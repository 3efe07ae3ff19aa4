/** One supervised server process: started, watched, started again when it dies by itself. */

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { type ChildMessage, parseChildMessage } from "./supervision.ts";

/** A server that died is started again after this long, doubled while it keeps dying young. */
const RESTART_MS = 1000;
const RESTART_MS_MAX = 30_000;
/** Having lived this long it counts as healthy again. */
const HEALTHY_MS = 10_000;
/** A server that does not end by itself this long after SIGTERM is killed. */
const STOP_MS = 5000;

export interface ServerProcessOptions {
  /** The program, then its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly onMessage: (message: ChildMessage) => void;
  /** One line that it printed. */
  readonly onLine: (line: string) => void;
  /** It ended by itself; `restartMs` from now it starts again, unless `hold` is called. */
  readonly onDeath: (how: string, restartMs: number) => void;
}

export class ServerProcess {
  readonly #options: ServerProcessOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #restart: NodeJS.Timeout | undefined;
  #restartMs = RESTART_MS;
  #held = false;

  constructor(options: ServerProcessOptions) {
    this.#options = options;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const [program, ...args] = this.#options.command;
    const child = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      // A group of its own: Ctrl-C reaches the supervisor alone, which stops the servers in order.
      detached: process.platform !== "win32",
    });
    const startedAt = performance.now();
    this.#child = child;
    child.on("message", (value) => {
      const message = parseChildMessage(value);
      if (message !== undefined) this.#options.onMessage(message);
    });
    for (const stream of [child.stdout, child.stderr]) this.#readLines(stream);
    this.#exited = new Promise((resolve) => {
      let ended = false;
      const onEnd = (how: string): void => {
        if (ended) return;
        ended = true;
        this.#child = undefined;
        if (!this.#held) this.#onDeath(how, performance.now() - startedAt);
        resolve();
      };
      child.once("error", (error) => onEnd(`could not be started: ${error.message}`));
      child.once("exit", (code, signal) => {
        onEnd(signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`);
      });
    });
  }

  /** From now on it stays dead when it dies. */
  hold(): void {
    this.#held = true;
    clearTimeout(this.#restart);
  }

  /** Ends it in order, by force after a while. Resolves when it has gone. */
  async stop(): Promise<void> {
    this.hold();
    this.#child?.kill("SIGTERM");
    const force = setTimeout(() => this.kill(), STOP_MS);
    await this.#exited;
    clearTimeout(force);
  }

  kill(): void {
    this.hold();
    this.#child?.kill("SIGKILL");
  }

  #readLines(stream: Readable | null): void {
    if (stream === null) return;
    createInterface({ input: stream }).on("line", this.#options.onLine);
  }

  #onDeath(how: string, livedMs: number): void {
    if (livedMs >= HEALTHY_MS) this.#restartMs = RESTART_MS;
    const delayMs = this.#restartMs;
    this.#restartMs = Math.min(2 * delayMs, RESTART_MS_MAX);
    this.#restart = setTimeout(() => this.start(), delayMs);
    this.#options.onDeath(how, delayMs);
  }
}
