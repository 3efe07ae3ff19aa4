/** Part 2D: the log is trimmed behind snapshots, and those bring servers up to date (paper §7). */

import type { Harness } from "../harness.ts";

const RETRY = { retry: true };

/** No server's log may ever take this much disk. */
const LOG_BYTES_MAX = 2000;

/** More than enough commands for a snapshot or two. */
function someCommands(h: Harness): number {
  return 5 + h.random.below(10);
}

function checkLogSize(h: Harness): void {
  const bytes = h.logBytesMax();
  h.expect(bytes < LOG_BYTES_MAX, `A log takes ${bytes} bytes: it was not trimmed`);
}

/** Snapshots on all servers, none ever away. */
export async function snapshotsBasic(h: Harness): Promise<void> {
  await h.one(h.anyCommand(), h.servers, RETRY);
  const leader = await h.checkOneLeader();
  for (let round = 0; round < 30; round++) {
    startSome(h, round % 3 === 1 ? h.after(leader, 1) : leader);
    await h.one(h.anyCommand(), h.servers, RETRY);
    checkLogSize(h);
  }
}

/**
 * A server is cut off while the others go on beyond a snapshot; every third time it is the leader.
 */
export function snapshotsDisconnect(h: Harness): Promise<void> {
  return snapshotsWithout(h, {
    leave: (victim) => h.disconnect(victim),
    back: (victim) => {
      h.connect(victim);
      return Promise.resolve();
    },
  });
}

/** A server crashes while the others go on beyond a snapshot; every third time it is the leader. */
export function snapshotsCrash(h: Harness): Promise<void> {
  return snapshotsWithout(h, {
    leave: (victim) => h.crash1(victim),
    back: async (victim) => {
      await h.start1(victim);
      h.connect(victim);
    },
  });
}

interface Absence {
  leave(victim: number): void;
  back(victim: number): Promise<void>;
}

async function snapshotsWithout(h: Harness, absence: Absence): Promise<void> {
  await h.one(h.anyCommand(), h.servers, RETRY);
  let leader = await h.checkOneLeader();
  for (let round = 0; round < 30; round++) {
    const follower = h.after(leader, 1);
    const [victim, sender] = round % 3 === 1 ? [leader, follower] : [follower, leader];
    absence.leave(victim);
    await h.one(h.anyCommand(), h.servers - 1, RETRY);
    startSome(h, sender);
    await h.one(h.anyCommand(), h.servers - 1, RETRY);
    checkLogSize(h);

    await absence.back(victim);
    await h.one(h.anyCommand(), h.servers, RETRY);
    leader = await h.checkOneLeader();
  }
}

function startSome(h: Harness, sender: number): void {
  for (let rest = someCommands(h); rest > 0; rest--) h.start(sender, h.anyCommand());
}

/** All servers crash and come back from snapshot and log; indexes go on where they were. */
export async function crashAll(h: Harness): Promise<void> {
  await h.one(h.anyCommand(), h.servers, RETRY);
  for (let round = 0; round < 5; round++) {
    for (let rest = someCommands(h); rest > 0; rest--)
      await h.one(h.anyCommand(), h.servers, RETRY);
    const before = await h.one(h.anyCommand(), h.servers, RETRY);
    await restartAll(h);
    const after = await h.one(h.anyCommand(), h.servers, RETRY);
    h.expect(after > before, `Index ${after} after the restart, ${before} before it`);
  }
}

/** Two restarts in a row: the second must still find the snapshot that the first one read. */
export async function snapshotAfterCrash(h: Harness): Promise<void> {
  await h.one(h.anyCommand(), h.servers, RETRY);
  for (let i = 0; i < 11; i++) await h.one(h.anyCommand(), h.servers, RETRY);
  for (let restart = 0; restart < 2; restart++) {
    await restartAll(h);
    await h.one(h.anyCommand(), h.servers, RETRY);
  }
}

async function restartAll(h: Harness): Promise<void> {
  for (let i = 0; i < h.servers; i++) h.crash1(i);
  for (let i = 0; i < h.servers; i++) {
    await h.start1(i);
    h.connect(i);
  }
}
