/** The real `holdfast` program as a child process, for tests that need the real thing. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { canListen } from "../src/address.ts";

const MAIN = fileURLToPath(new URL("../src/main.js", import.meta.url));

/** Longest wait for anything: loaded machines are slow, and a hang must still end. */
const PATIENCE_MS = 20_000;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Program {
  readonly #child: ChildProcess;
  readonly exited: Promise<Exit>;
  stdout = "";
  stderr = "";
  #hasExited = false;

  /** Killed at the end of the test if it still runs. */
  constructor(t: TestContext, args: readonly string[], cwd?: string) {
    this.#child = spawn(process.execPath, [MAIN, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      ...(cwd !== undefined && { cwd }),
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.exited = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => {
        this.#hasExited = true;
        resolve({ code, signal });
      });
    });
    t.after(() => this.kill("SIGKILL"));
  }

  get pid(): number {
    const { pid } = this.#child;
    assert.ok(pid !== undefined, "the program did not start");
    return pid;
  }

  /** Sends a signal and waits for the end. */
  async kill(signal: NodeJS.Signals): Promise<Exit> {
    this.#child.kill(signal);
    return await this.exited;
  }

  /**
   * The first match in what it has printed so far or will print; fails when it ends or stays
   * silent.
   */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    let match: RegExpExecArray | null = null;
    await eventually(`the program prints ${String(pattern)}`, () => {
      match = pattern.exec(this.stdout);
      if (match === null && this.#hasExited) {
        assert.fail(`ended without printing ${String(pattern)}:\n${this.stdout}${this.stderr}`);
      }
      return match !== null;
    });
    assert.ok(match !== null);
    return match;
  }
}

/** Runs the program to its end. */
export async function runToEnd(
  t: TestContext,
  args: readonly string[],
  cwd?: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const program = new Program(t, args, cwd);
  // One that should have ended by itself is killed, which no expected exit code can be mistaken
  // for.
  const tooLong = setTimeout(() => void program.kill("SIGKILL"), PATIENCE_MS);
  const { code } = await program.exited;
  clearTimeout(tooLong);
  return { code, stdout: program.stdout, stderr: program.stderr };
}

/** Asks again and again until it holds; fails after a long while. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    assert.ok(performance.now() < giveUpAt, `never came true: ${what}`);
    await sleep(20);
  }
}

export async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** A port such that it and its neighbours, and those 100 higher, are free now. */
export async function freeBasePort(count: number): Promise<number> {
  for (;;) {
    const base = await freePort();
    const ports = Array.from({ length: count }, (_, i) => [base + i, base + 100 + i]).flat();
    const free = await Promise.all(
      ports.map((port) => port < 65_536 && canListen({ host: "127.0.0.1", port })),
    );
    if (free.every(Boolean)) return base;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

/** True while a process of that id exists (and is not just waiting to be collected). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
