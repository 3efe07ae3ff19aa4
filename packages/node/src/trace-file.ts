/**
 * A trace of this node in a file: written behind its back, in bounded memory. The format is in
 * docs/reference/trace-format.md.
 */

import { writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type TraceHeader, TraceLines, type TraceOutlet, type TraceStamp } from "@holdfast/replica";

export interface TraceFileOptions {
  readonly path: string;
  readonly header: TraceHeader;
  /** What may wait to be written, in bytes; 4 Mi unless told. */
  readonly waitingMax?: number;
}

export interface TraceStats {
  readonly path: string;
  /**
   * Events that are not in the file, for want of room or because it can't be written. Those of a
   * piece that was written only in part count, too: all of them.
   */
  readonly dropped: number;
  /** Why it can't be written; absent while it can. */
  readonly failure?: string;
}

const WAITING_MAX = 4 << 20;
/** So much is written at once, if it comes quickly; else what there is after a while. */
const PIECE = 256 << 10;
const FLUSH_MS = 100;

/**
 * Adds a recording to the file. Events that find no room are dropped, and the next that does tells
 * how many.
 */
export class TraceFile implements TraceOutlet {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #waitingMax: number;
  readonly #waiting = new TraceLines();
  /** How many events tell of themselves in it: not `dropped`, which tells of others. */
  #waitingEvents = 0;
  /** How much is being written, in bytes. */
  #writing = 0;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Dropped since the last event that was kept, and the first of them. */
  #missing = 0;
  #firstMissing: TraceStamp | undefined;
  #dropped = 0;
  #failure: string | undefined;
  #isClosed = false;

  /** Rejects with the file system's error. */
  static async open(options: TraceFileOptions): Promise<TraceFile> {
    const file = await open(options.path, "a");
    try {
      const { size } = await file.stat();
      return new TraceFile(file, options, size > 0);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private constructor(file: FileHandle, options: TraceFileOptions, continues: boolean) {
    this.#path = options.path;
    this.#file = file;
    this.#waitingMax = options.waitingMax ?? WAITING_MAX;
    // The last process may have died within a line.
    if (continues) this.#waiting.putGap();
    this.#waiting.putHeader(options.header);
    this.#hurry();
    process.on("exit", this.#exit);
  }

  get stats(): TraceStats {
    const failure = this.#failure === undefined ? {} : { failure: this.#failure };
    return { path: this.#path, dropped: this.#dropped, ...failure };
  }

  /** Never waits, never throws. */
  tell(...[stamp, standing, action]: Parameters<TraceOutlet["tell"]>): void {
    if (this.#isClosed) return;
    const isFull = this.#waiting.length + this.#writing >= this.#waitingMax;
    if (isFull || this.#failure !== undefined) {
      this.#dropped++;
      this.#missing++;
      this.#firstMissing ??= stamp;
      return;
    }
    this.#tellMissing();
    this.#waiting.put(stamp, standing, action);
    this.#waitingEvents++;
    this.#hurry();
    // A process whose node has failed may end without closing it.
    if (action.kind === "failed") void this.flush();
  }

  /** Resolves when all that waits is written, or can't be. Never rejects. */
  async flush(): Promise<void> {
    this.#tellMissing();
    for (;;) {
      this.#start();
      if (this.#running === undefined) return;
      await this.#running;
    }
  }

  /** Writes what waits and lets go of the file. Never rejects. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    process.off("exit", this.#exit);
    await this.flush();
    clearTimeout(this.#timer);
    await this.#file.close().catch((error: unknown) => this.#fail(error));
  }

  /** Something waits: it is written when it is much, or when it has waited for long. */
  #hurry(): void {
    if (this.#running !== undefined) return;
    if (this.#waiting.length >= PIECE) {
      this.#start();
    } else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#start();
      }, FLUSH_MS);
      // A process must not live on for this: what is left is written at its end.
      this.#timer.unref();
    }
  }

  #start(): void {
    if (this.#running === undefined && this.#waiting.length > 0) this.#running = this.#run();
  }

  /** Something waits: so it takes at least one write, and `#running` is set before it ends. */
  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const events = this.#waitingEvents;
      const bytes = this.#waiting.take();
      this.#waitingEvents = 0;
      this.#writing = bytes.length;
      try {
        await this.#file.appendFile(bytes);
      } catch (error) {
        this.#dropped += events;
        this.#fail(error);
      }
      this.#writing = 0;
    }
    this.#running = undefined;
  }

  #tellMissing(): void {
    const first = this.#firstMissing;
    if (first === undefined || this.#failure !== undefined) return;
    const { at, no, node, life } = first;
    const stamp = { at, no, node, life };
    const count = this.#missing;
    this.#missing = 0;
    this.#firstMissing = undefined;
    this.#waiting.put(stamp, undefined, { kind: "dropped", count });
    this.#hurry();
  }

  /** A node does its work without a trace, too. */
  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error.message : String(error);
    this.#dropped += this.#waitingEvents;
    this.#waitingEvents = 0;
    this.#waiting.take();
  }

  /** The process ends without a close: perhaps for a reason that the last events tell. */
  readonly #exit = (): void => {
    // What is half written can't be continued, and nothing may stand behind it.
    if (this.#running !== undefined) return;
    this.#tellMissing();
    if (this.#waiting.length === 0) return;
    try {
      writeSync(this.#file.fd, this.#waiting.take());
    } catch {
      // There is nobody left to tell.
    }
  };
}
