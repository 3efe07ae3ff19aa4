/** Three real servers on this machine that a test may kill and start again. */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { StatusPage } from "../src/kv-routes.ts";
import { eventually, freeBasePort, Program } from "./program.ts";

export class Servers {
  readonly #t: TestContext;
  readonly #dir: string;
  readonly #base: number;
  readonly #flags: readonly string[];
  readonly #programs = new Map<number, Program>();
  readonly ids: readonly number[];

  private constructor(
    t: TestContext,
    options: { dir: string; base: number; count: number; flags: readonly string[] },
  ) {
    this.#t = t;
    this.#dir = options.dir;
    this.#base = options.base;
    this.#flags = options.flags;
    this.ids = Array.from({ length: options.count }, (_, i) => i + 1);
  }

  static async start(
    t: TestContext,
    options: { readonly dir: string; readonly count: number; readonly flags: readonly string[] },
  ): Promise<Servers> {
    const base = await freeBasePort(options.count);
    const servers = new Servers(t, { ...options, base });
    for (const id of servers.ids) servers.start(id);
    await servers.leader();
    return servers;
  }

  start(id: number): void {
    const peers = this.ids.map((peer) => `${peer}=127.0.0.1:${this.#base + 100 + peer - 1}`);
    const program = new Program(this.#t, [
      "serve",
      `--id=${id}`,
      `--dir=${join(this.#dir, String(id))}`,
      `--client=127.0.0.1:${this.#base + id - 1}`,
      `--peers=${peers.join(",")}`,
      ...this.#flags,
    ]);
    this.#programs.set(id, program);
  }

  url(id: number): string {
    return `http://127.0.0.1:${this.#base + id - 1}`;
  }

  /** `kill -9`. */
  async crash(id: number): Promise<void> {
    await this.#program(id).kill("SIGKILL");
  }

  async stop(id: number): Promise<number | null> {
    return (await this.#program(id).kill("SIGTERM")).code;
  }

  output(id: number): string {
    const { stdout, stderr } = this.#program(id);
    return stdout + stderr;
  }

  /** Undefined while it doesn't answer. */
  async status(id: number): Promise<StatusPage | undefined> {
    const response = await fetch(`${this.url(id)}/status`).catch(() => undefined);
    return response?.status === 200 ? ((await response.json()) as StatusPage) : undefined;
  }

  /** The node that says of itself that it leads, once there is one; the newest if there are two. */
  async leader(): Promise<number> {
    let leader: StatusPage | undefined;
    await eventually("somebody leads", async () => {
      const pages = await Promise.all(this.ids.map((id) => this.status(id)));
      const leaders = pages.filter((page) => page?.role === "leader");
      leader = leaders.sort((a, b) => (b?.term ?? 0) - (a?.term ?? 0))[0];
      return leader !== undefined;
    });
    assert.ok(leader !== undefined);
    return leader.id;
  }

  /** Waits until a node has applied what is committed now. */
  async caughtUp(id: number): Promise<void> {
    const target = (await this.status(await this.leader()))?.commit ?? 0;
    await eventually(`node ${id} applies up to ${target}`, async () => {
      return ((await this.status(id))?.applied ?? 0) >= target;
    });
  }

  #program(id: number): Program {
    const program = this.#programs.get(id);
    assert.ok(program !== undefined, `node ${id} was never started`);
    return program;
  }
}
