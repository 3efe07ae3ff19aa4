/**
 * Keeps the servers of a demo cluster alive, says what happens to them, and stops them in order.
 */

import { type Address, formatAddress } from "./address.ts";
import type { Color } from "./output.ts";
import { ServerProcess } from "./server-process.ts";
import type { ChildMessage } from "./supervision.ts";

export interface SupervisedServer {
  readonly id: number;
  readonly client: Address;
  readonly command: readonly [string, ...string[]];
}

export interface SupervisorOptions {
  readonly servers: readonly SupervisedServer[];
  /** Prints one line of somebody: a node's, or the supervisor's own. */
  readonly print: (who: string, color: Color, line: string) => void;
}

interface Member {
  readonly server: SupervisedServer;
  readonly name: string;
  readonly color: Color;
  readonly process: ServerProcess;
  /** It served clients once: from then on its death is survived. */
  hasListened: boolean;
}

const COLORS: readonly Color[] = ["cyan", "magenta", "yellow", "blue", "green"];
const OWN_NAME = "cluster";

export class Supervisor {
  readonly #members: readonly Member[];
  readonly #print: SupervisorOptions["print"];
  /** Resolves with one line when a server can't be started in the first place. */
  readonly failed: Promise<string>;
  #fail: (line: string) => void = () => {};
  #term = 0;
  #leader = 0;
  #saidReady = false;
  #stopping = false;

  constructor(options: SupervisorOptions) {
    this.#print = options.print;
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
    this.#members = options.servers.map((server, i) => this.#member(server, i));
  }

  start(): void {
    for (const { process } of this.#members) process.start();
  }

  /** One after the other, the leader last, so that nobody campaigns meanwhile. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const { process } of this.#members) process.hold();
    const order = this.#members.toSorted(
      (a, b) => Number(a.server.id === this.#leader) - Number(b.server.id === this.#leader),
    );
    for (const member of order) {
      await member.process.stop();
      this.#say(`${member.name} has stopped`);
    }
  }

  kill(): void {
    for (const { process } of this.#members) process.kill();
  }

  #member(server: SupervisedServer, i: number): Member {
    const name = `node ${server.id}`;
    const color = COLORS[i % COLORS.length] ?? "cyan";
    const member: Member = {
      server,
      name,
      color,
      hasListened: false,
      process: new ServerProcess({
        command: server.command,
        onLine: (line) => this.#print(name, color, line),
        onMessage: (message) => this.#onMessage(member, message),
        onDeath: (how, restartMs) => this.#onDeath(member, how, restartMs),
      }),
    };
    return member;
  }

  #onMessage(member: Member, message: ChildMessage): void {
    switch (message.kind) {
      case "listening":
        member.hasListened = true;
        break;
      case "leader":
        this.#onLeader(message.term, message.leader);
        break;
      case "failed":
        if (member.hasListened) this.#print(member.name, member.color, message.message);
        else this.#fail(`${member.name}: ${message.message}`);
        return;
    }
    this.#sayReady();
  }

  #onLeader(term: number, leader: number): void {
    if (term < this.#term || (term === this.#term && leader === this.#leader)) return;
    this.#term = term;
    this.#leader = leader;
    this.#say(`node ${leader} leads in term ${term}`);
  }

  #onDeath(member: Member, how: string, restartMs: number): void {
    if (this.#stopping) return;
    if (!member.hasListened) {
      this.#fail(`${member.name} ${how}`);
      return;
    }
    const was = member.server.id === this.#leader ? " (the leader)" : "";
    this.#say(`${member.name}${was} ${how}; it starts again in ${restartMs / 1000} s`);
  }

  /** Once, when everybody listens and somebody leads. */
  #sayReady(): void {
    const leader = this.#members.find(({ server }) => server.id === this.#leader);
    const isReady = leader !== undefined && this.#members.every((member) => member.hasListened);
    if (this.#saidReady || !isReady) return;
    this.#saidReady = true;
    const urls = this.#members.map(({ server }) => `http://${formatAddress(server.client)}`);
    const url = (i: number): string => urls[i % urls.length] ?? "";
    this.#say("ready; clients may ask any of these:");
    for (const { server, name, process } of this.#members) {
      this.#say(`  ${name}  http://${formatAddress(server.client)}  process ${process.pid ?? "-"}`);
    }
    this.#say("try: write on one node, read on another, see who leads");
    this.#say(`  curl -s ${url(0)}/v3/kv/put -d '{"key":"Zm9v","value":"YmFy"}'`);
    this.#say(`  curl -s ${url(1)}/v3/kv/range -d '{"key":"Zm9v"}'`);
    this.#say(`  curl -s ${url(2)}/status`);
    this.#say(
      `then kill the leader (kill -9 ${leader.process.pid ?? "-"}) and watch; Ctrl-C stops all`,
    );
  }

  #say(line: string): void {
    this.#print(OWN_NAME, "green", line);
  }
}
