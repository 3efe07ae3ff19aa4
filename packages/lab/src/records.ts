/**
 * What the servers' state machines have been given, and the checks on it: order, equal values,
 * snapshots.
 */

import type { Index } from "@holdfast/raft";
import { type Command, decodeCommand, showCommand } from "./command.ts";
import { decodeCourseSnapshot, encodeCourseSnapshot } from "./course-snapshot.ts";
import { CourseFailure } from "./failure.ts";

/** A snapshot is made when this many indexes lie behind the one before. */
const SNAPSHOT_INTERVAL = 10;

/**
 * Servers are counted from 0 here, and from 1 in messages. Checks that fail throw a
 * {@link CourseFailure}.
 */
export class Records {
  /** The highest index that any server was given. */
  maxIndex: Index = 0;
  readonly #logs: Map<Index, Command>[];
  readonly #lastApplied: Index[];

  constructor(servers: number) {
    this.#logs = Array.from({ length: servers }, () => new Map<Index, Command>());
    this.#lastApplied = new Array<Index>(servers).fill(0);
  }

  /** A restarted server is given everything again, and is held to what it was given before. */
  restarted(server: number): void {
    this.#lastApplied[server] = 0;
  }

  /**
   * The check of parts 2A to 2C: nobody differs, nothing is skipped; what was applied may come
   * again.
   */
  applied(server: number, index: Index, bytes: Uint8Array): void {
    const command = decodeCommand(bytes);
    this.#logs.forEach((log, other) => {
      const theirs = log.get(index);
      if (theirs !== undefined && theirs !== command) {
        const one = `server ${server + 1} applied ${showCommand(command)}`;
        const two = `server ${other + 1} ${showCommand(theirs)}`;
        throw new CourseFailure(`Commit index ${index}: ${one}, ${two}`);
      }
    });
    const log = this.#log(server);
    log.set(index, command);
    this.maxIndex = Math.max(this.maxIndex, index);
    if (index > 1 && !log.has(index - 1)) {
      throw new CourseFailure(
        `Server ${server + 1} applied index ${index} out of order: ${index - 1} is missing`,
      );
    }
  }

  /** The check of part 2D: exactly the next index. Returns a snapshot when it is time for one. */
  appliedNext(server: number, index: Index, bytes: Uint8Array): Uint8Array | undefined {
    const expected = (this.#lastApplied[server] ?? 0) + 1;
    if (index !== expected) {
      throw new CourseFailure(`Server ${server + 1} applied index ${index}, expected ${expected}`);
    }
    this.applied(server, index, bytes);
    this.#lastApplied[server] = index;
    if ((index + 1) % SNAPSHOT_INTERVAL !== 0) return undefined;
    return encodeCourseSnapshot(index, this.#log(server));
  }

  /** The server's state machine takes its whole state from a snapshot. */
  restored(server: number, index: Index, bytes: Uint8Array): void {
    const snapshot = decodeCourseSnapshot(bytes);
    if (snapshot === undefined)
      throw new CourseFailure(`Server ${server + 1} got a snapshot at ${index} that can't be read`);
    if (snapshot.index !== index) {
      throw new CourseFailure(
        `Server ${server + 1} got a snapshot of index ${snapshot.index} as that of ${index}`,
      );
    }
    this.#logs[server] = snapshot.commands;
    this.#lastApplied[server] = index;
  }

  /** How many servers have applied `index`, and what. */
  committed(index: Index): { readonly count: number; readonly command: Command | undefined } {
    let count = 0;
    let command: Command | undefined;
    for (const log of this.#logs) {
      const theirs = log.get(index);
      if (theirs === undefined) continue;
      if (count > 0 && theirs !== command) {
        throw new CourseFailure(
          `Committed values at index ${index} differ: ${showCommand(command)}, ${showCommand(theirs)}`,
        );
      }
      count++;
      command = theirs;
    }
    return { count, command };
  }

  #log(server: number): Map<Index, Command> {
    const log = this.#logs[server];
    if (log === undefined) throw new RangeError(`No server ${server + 1}`);
    return log;
  }
}
