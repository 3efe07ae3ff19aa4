/**
 * The production stack as a server of the course: `openReplica` on a simulated disk and the
 * course's network.
 */

import { narrate, type Term } from "@holdfast/raft";
import { type Machine, openReplica, type Replica } from "@holdfast/replica";
import { Random, SimDisk } from "@holdfast/sim";
import type { Consumer, CourseMake, CourseServer, CourseStore, Launch } from "./course-server.ts";
import { packetFacts } from "./packet-facts.ts";
import type { Subject } from "./play.ts";
import { courseConfig, SEGMENT_BYTES, SNAPSHOT_CHUNK_BYTES, SYNC_MS_MAX } from "./timing.ts";

/** One for all tests: servers of different runs never meet. */
const CLUSTER_ID = 6824;

/** A disk that loses with the power what was not synced. */
class PowerStore implements CourseStore {
  readonly disk: SimDisk;

  constructor(disk: SimDisk) {
    this.disk = disk;
  }

  cut(): CourseStore {
    return new PowerStore(this.disk.crash({ keep: "none" }));
  }
}

const make: CourseMake = {
  newStore(_id, seed, clock) {
    const random = new Random(seed);
    return new PowerStore(
      new SimDisk({
        random: () => random.fraction(),
        clock,
        syncMs: () => random.fraction() * SYNC_MS_MAX,
      }),
    );
  },

  async launch(launch: Launch): Promise<CourseServer> {
    const { id, servers, store, port, clock, random, tell, onFailure, consumer } = launch;
    if (!(store instanceof PowerStore)) throw new TypeError("Not a disk of this make of servers");
    const life: Life = { replica: undefined, onFailure };
    life.replica = await openReplica({
      config: courseConfig(id, servers),
      clusterId: CLUSTER_ID,
      disk: store.disk,
      network: port,
      clock,
      machine: courseMachine(consumer, life),
      random,
      segmentBytes: SEGMENT_BYTES,
      preallocate: false,
      snapshotChunkBytes: SNAPSHOT_CHUNK_BYTES,
      snapshotEveryEntries: 0,
      snapshotEveryBytes: 0,
      observe: (event) => tell(narrate(event)),
      onFailure,
    });
    return courseServer(life.replica, onFailure);
  },
};

/** The production stack. */
export const replicas: Subject = { make, facts: packetFacts };

interface Life {
  replica: Replica<void> | undefined;
  readonly onFailure: (error: Error) => void;
}

/**
 * Each `apply` ends when the harness has read the entry: the course's unbuffered channel. A
 * snapshot from a peer is always accepted: where the course lets the service decide, this service
 * would say yes to every newer one, and the replica never offers an older one.
 */
function courseMachine(consumer: Consumer, life: Life): Machine<void> {
  return {
    apply(command, { index }): void {
      const snapshot = consumer.command(index, command);
      if (snapshot === undefined || life.replica === undefined) return;
      // From within the delivery, as the course's service does it; what comes of it is awaited
      // elsewhere.
      life.replica.compact(index, [snapshot]).catch(life.onFailure);
    },
    // Never asked for: the service makes its own.
    snapshot: () => [],
    async restore(chunks, { index }): Promise<void> {
      const pieces: Uint8Array[] = [];
      for await (const piece of chunks) pieces.push(piece);
      consumer.snapshot(index, Buffer.concat(pieces));
    },
  };
}

function courseServer(replica: Replica<void>, onFailure: (error: Error) => void): CourseServer {
  const term = (): Term => replica.status().term;
  return {
    start(command) {
      const result = replica.start(command);
      if (!result.ok) return { index: -1, term: term(), isLeader: false };
      return { index: result.first, term: result.term, isLeader: true };
    },
    state() {
      const status = replica.status();
      return { term: status.term, isLeader: status.role === "leader" };
    },
    logBytes: () => replica.status().walBytes,
    kill() {
      replica.close().catch(onFailure);
    },
  };
}
