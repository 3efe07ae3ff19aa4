/** What the harness asks of a server under test: the course's interface, in our words. */

import type { Index, NodeId, Term } from "@holdfast/raft";
import type { SleepingClock } from "@holdfast/sim";
import type { CallPort } from "./call-port.ts";

/** What `start` answers: where the command will stand if it commits. */
export interface Started {
  readonly index: Index;
  readonly term: Term;
  readonly isLeader: boolean;
}

/** One life of a server. */
export interface CourseServer {
  /** Returns at once, never waits for others. Refuses when this server doesn't lead. */
  start(command: Uint8Array): Started;
  state(): { readonly term: Term; readonly isLeader: boolean };
  /** Bytes of log that a restart would have to read. */
  logBytes(): number;
  /** Goes quiet. Never waits, and is never asked anything again. */
  kill(): void;
}

/**
 * Where committed entries go: the other end of the course's unbuffered channel. A call returns when
 * it has been read.
 */
export interface Consumer {
  /**
   * When a snapshot comes back, the service has one of everything up to `index`; the server must
   * take it over before it delivers anything more, and while it is still delivering this very
   * entry.
   */
  command(index: Index, command: Uint8Array): Uint8Array | undefined;
  snapshot(index: Index, snapshot: Uint8Array): void;
}

/** What survives a server: its disk. */
export interface CourseStore {
  /**
   * The power fails: what is on the disk at this moment, as a new disk. The old one reaches nothing
   * any more.
   */
  cut(): CourseStore;
}

export interface Launch {
  readonly id: NodeId;
  readonly servers: readonly NodeId[];
  /** Counts the lives of this server, from 1. */
  readonly life: number;
  readonly port: CallPort;
  readonly store: CourseStore;
  readonly clock: SleepingClock;
  readonly consumer: Consumer;
  /** A seed for this life. */
  readonly random: number;
  /** The server broke: the scenario must end. */
  readonly onFailure: (error: Error) => void;
  /** One line of narration. */
  readonly tell: (text: string) => void;
}

/** The make of servers under test. */
export interface CourseMake {
  newStore(id: NodeId, random: number, clock: SleepingClock): CourseStore;
  /** Resolves when the server has read its disk and delivered its snapshot. */
  launch(launch: Launch): Promise<CourseServer>;
}
