/** Part 2C: what was promised survives crashes, also on a bad network (paper §5.4, Fig. 8). */

import type { Index } from "@holdfast/raft";
import type { Command } from "../command.ts";
import { ELECTION_MS, type Harness } from "../harness.ts";

const RETRY = { retry: true };

/** Everybody, then each in turn, crashes and comes back; nothing is lost. */
export async function basicPersistence(h: Harness): Promise<void> {
  await h.one(11, h.servers, RETRY);
  for (let i = 0; i < h.servers; i++) await h.start1(i);
  for (let i = 0; i < h.servers; i++) {
    h.disconnect(i);
    h.connect(i);
  }
  await h.one(12, h.servers, RETRY);

  const first = await h.checkOneLeader();
  h.disconnect(first);
  await h.start1(first);
  h.connect(first);
  await h.one(13, h.servers, RETRY);

  const second = await h.checkOneLeader();
  h.disconnect(second);
  await h.one(14, h.servers - 1, RETRY);
  await h.start1(second);
  h.connect(second);
  // The one that was away must have it before the next is cut off.
  await h.wait(4, h.servers);

  const third = h.after(await h.checkOneLeader(), 1);
  h.disconnect(third);
  await h.one(15, h.servers - 1, RETRY);
  await h.start1(third);
  h.connect(third);
  await h.one(16, h.servers, RETRY);
}

/** Majorities change by restarts, so that a restarted server's memory decides. */
export async function morePersistence(h: Harness): Promise<void> {
  let command = 10;
  for (let round = 0; round < 5; round++) {
    await h.one(command++, h.servers, RETRY);
    const leader = await h.checkOneLeader();
    const [one, two, three, four] = [1, 2, 3, 4].map((steps) => h.after(leader, steps)) as [
      number,
      number,
      number,
      number,
    ];
    for (const i of [one, two]) h.disconnect(i);
    await h.one(command++, h.servers - 2, RETRY);

    for (const i of [leader, three, four]) h.disconnect(i);
    for (const i of [one, two]) {
      await h.start1(i);
      h.connect(i);
    }
    await h.pause(ELECTION_MS);

    // Of these three only the last has the newest entry: it must win.
    await h.start1(three);
    h.connect(three);
    await h.one(command++, h.servers - 2, RETRY);
    for (const i of [four, leader]) h.connect(i);
  }
  await h.one(1000, h.servers, RETRY);
}

/** Leader and one follower crash, and the follower that was cut off meanwhile must not win. */
export async function partitionedLeader(h: Harness): Promise<void> {
  await h.one(101, 3, RETRY);
  const leader = await h.checkOneLeader();
  const behind = h.after(leader, 2);
  h.disconnect(behind);
  await h.one(102, 2, RETRY);

  h.crash1(leader);
  h.crash1(h.after(leader, 1));
  h.connect(behind);
  await h.start1(leader);
  h.connect(leader);
  await h.one(103, 2, RETRY);

  await h.start1(h.after(leader, 1));
  h.connect(h.after(leader, 1));
  await h.one(104, h.servers, RETRY);
}

/**
 * The sleep of both Figure 8 scenarios: mostly a few ms, now and then long enough for an election.
 */
function figure8Sleep(h: Harness): Promise<void> {
  const isLong = h.random.chance(100, 1000);
  return h.pause(isLong ? h.random.below(ELECTION_MS / 2) : h.random.below(13));
}

/**
 * Leaders crash right after they took a command: an old entry on a majority is not yet committed
 * (Fig. 8).
 */
export async function figure8(h: Harness): Promise<void> {
  await h.one(h.anyCommand(), 1, RETRY);
  let up = h.servers;
  for (let round = 0; round < 1000; round++) {
    const leader = lastLeader(h, () => h.anyCommand());
    await figure8Sleep(h);
    if (leader !== undefined) {
      h.crash1(leader);
      up--;
    }
    if (up >= 3) continue;
    const revived = h.random.below(h.servers);
    if (h.isUp(revived)) continue;
    await h.start1(revived);
    h.connect(revived);
    up++;
  }
  await reviveAll(h);
  await h.one(h.anyCommand(), h.servers, RETRY);
}

/**
 * Fig. 8 by partitions instead of crashes, on a network that loses and reorders; cut-off leaders go
 * on taking commands.
 */
export async function figure8Unreliable(h: Harness): Promise<void> {
  const command = (): Command => h.random.below(10_000);
  await h.one(command(), 1, RETRY);
  let connected = h.servers;
  for (let round = 0; round < 1000; round++) {
    if (round === 200) h.setLongReordering(true);
    const leader = lastLeader(h, command);
    await figure8Sleep(h);
    if (leader !== undefined && h.random.chance(500, 1000)) {
      h.disconnect(leader);
      connected--;
    }
    if (connected >= 3) continue;
    const back = h.random.below(h.servers);
    if (h.isConnected(back)) continue;
    h.connect(back);
    connected++;
  }
  for (let i = 0; i < h.servers; i++) {
    if (!h.isConnected(i)) h.connect(i);
  }
  await h.one(command(), h.servers, RETRY);
}

/** Hands a command to every server that is up; the last one that took it and is connected. */
function lastLeader(h: Harness, command: () => Command): number | undefined {
  let leader: number | undefined;
  for (let i = 0; i < h.servers; i++) {
    if (h.start(i, command()) !== undefined && h.isConnected(i)) leader = i;
  }
  return leader;
}

/** Many commands at once over lossy links. */
export async function unreliableAgreement(h: Harness): Promise<void> {
  const aside: Promise<Index>[] = [];
  for (let round = 1; round < 50; round++) {
    for (let i = 0; i < 4; i++)
      aside.push(h.one(100 * round + i, 1, { retry: true, isAside: true }));
    await h.one(round, 1, RETRY);
  }
  h.setReliable(true);
  await Promise.all(aside);
  await h.one(100, h.servers, RETRY);
}

/**
 * Clients write without pause while servers crash, restart, and lose their links: what they saw
 * committed stays.
 */
export async function churn(h: Harness): Promise<void> {
  const flag = { isOver: false };
  const clients = [0, 1, 2].map((number) => churnClient(h, number, flag));
  for (let round = 0; round < 20; round++) {
    await disturb(h);
    await h.pause((ELECTION_MS * 7) / 10);
  }
  await h.pause(ELECTION_MS);
  h.setReliable(true);
  await reviveAll(h);
  flag.isOver = true;
  const seen = (await Promise.all(clients)).flat();
  await h.pause(ELECTION_MS);

  const last = await h.one(h.anyCommand(), h.servers, RETRY);
  const kept = new Set<Command | undefined>();
  for (let index = 1; index <= last; index++) kept.add(await h.wait(index, h.servers));
  for (const command of seen)
    h.expect(kept.has(command), `Command ${command} was committed and is lost`);
}

/** By chance cuts one server off, brings one back, crashes one. */
async function disturb(h: Harness): Promise<void> {
  if (h.random.chance(200, 1000)) h.disconnect(h.random.below(h.servers));
  if (h.random.chance(500, 1000)) {
    const i = h.random.below(h.servers);
    if (!h.isUp(i)) await h.start1(i);
    h.connect(i);
  }
  if (h.random.chance(200, 1000)) {
    const i = h.random.below(h.servers);
    if (h.isUp(i)) h.crash1(i);
  }
}

/** Returns the commands that this client saw committed. */
async function churnClient(
  h: Harness,
  number: number,
  flag: { readonly isOver: boolean },
): Promise<Command[]> {
  const seen: Command[] = [];
  while (!flag.isOver) {
    const command = h.anyCommand();
    let index: Index | undefined;
    for (let i = 0; i < h.servers; i++) index = h.start(i, command)?.index ?? index;
    if (index === undefined) {
      await h.sleep(79 + number * 17);
      continue;
    }
    for (const ms of [10, 20, 50, 100, 200]) {
      const there = h.committed(index);
      if (there.count > 0) {
        if (there.command === command) seen.push(command);
        break;
      }
      await h.sleep(ms);
    }
  }
  return seen;
}

/** In the end everybody is up and connected. */
async function reviveAll(h: Harness): Promise<void> {
  for (let i = 0; i < h.servers; i++) {
    if (!h.isUp(i)) await h.start1(i);
    if (!h.isConnected(i)) h.connect(i);
  }
}
