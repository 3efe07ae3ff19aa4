/**
 * What the disk can do without a log: bytes written in place into allocated space, then flushed.
 */

import { closeSync, fdatasync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

const PIECE = new Uint8Array(1 << 20);

/** A file of fixed length, filled beforehand, written from its beginning to its end and again. */
export class BareLog {
  private readonly fd: number;
  private readonly fileBytes: number;
  private position = 0;

  constructor(dir: string, fileBytes: number) {
    this.fd = openSync(join(dir, "bare.log"), "w+");
    this.fileBytes = fileBytes;
    for (let at = 0; at < fileBytes; at += PIECE.length) {
      writeSync(this.fd, PIECE, 0, Math.min(PIECE.length, fileBytes - at), at);
      fdatasyncSync(this.fd);
    }
  }

  /** Writes `bytes` and flushes: one batch of a log, without all that makes it a log. */
  append(bytes: Uint8Array): Promise<void> {
    if (this.position + bytes.length > this.fileBytes) this.position = 0;
    writeSync(this.fd, bytes, 0, bytes.length, this.position);
    this.position += bytes.length;
    return new Promise((resolve, reject) => {
      fdatasync(this.fd, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  close(): void {
    closeSync(this.fd);
  }
}

/**
 * The least that serves many writers: their bytes are put into one buffer, which is written and
 * flushed while the next ones come, and all of them are told. No records, no checksums, no order.
 */
export class GatheringLog {
  private readonly bare: BareLog;
  private readonly data: Uint8Array;
  private waiting: (() => void)[] = [];
  private isRunning = false;

  /** Each append writes `data`. */
  constructor(bare: BareLog, data: Uint8Array) {
    this.bare = bare;
    this.data = data;
  }

  append(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push(resolve);
      if (this.isRunning) return;
      this.isRunning = true;
      this.run().catch(reject);
    });
  }

  private async run(): Promise<void> {
    // All who append in this turn share the first flush.
    await undefined;
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      const bytes = Buffer.allocUnsafe(batch.length * this.data.length);
      for (let at = 0; at < batch.length; at++) bytes.set(this.data, at * this.data.length);
      await this.bare.append(bytes);
      for (const resolve of batch) resolve();
      await undefined;
    }
    this.isRunning = false;
  }
}
