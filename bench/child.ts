/** A process that answers questions, and that never outlives the one that asks. */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** After this long a process that was told to end is killed. */
const STOP_MS = 3000;

export class Child<Question extends object, Reply> {
  private readonly process: ChildProcess;
  private readonly waiting: { resolve(reply: Reply): void; reject(error: Error): void }[] = [];
  private readonly unasked: Reply[] = [];
  private ended = false;

  /** Runs a file of this folder. */
  constructor(file: string, args: readonly string[]) {
    this.process = fork(fileURLToPath(new URL(file, import.meta.url)), [...args]);
    this.process.on("message", (reply) => this.onReply(reply as Reply));
    this.process.once("exit", (code, signal) => {
      this.ended = true;
      const error = new Error(`Process ${file} ended: ${signal ?? `exit code ${code}`}`);
      for (const { reject } of this.waiting.splice(0)) reject(error);
    });
  }

  /** The answer. One question at a time, or the answers may be swapped. */
  ask(question: Question): Promise<Reply> {
    this.process.send(question);
    return this.next();
  }

  /** The next thing it says, asked or not. */
  next(): Promise<Reply> {
    const early = this.unasked.shift();
    if (early !== undefined) return Promise.resolve(early);
    if (this.ended) return Promise.reject(new Error("The process has ended"));
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
    });
  }

  /** Ends it in order, by force after a while. */
  async stop(): Promise<void> {
    if (this.ended) return;
    const exited = once(this.process, "exit");
    if (this.process.connected) this.process.disconnect();
    const force = setTimeout(() => this.process.kill("SIGKILL"), STOP_MS);
    await exited;
    clearTimeout(force);
  }

  private onReply(reply: Reply): void {
    const first = this.waiting.shift();
    if (first === undefined) this.unasked.push(reply);
    else first.resolve(reply);
  }
}
