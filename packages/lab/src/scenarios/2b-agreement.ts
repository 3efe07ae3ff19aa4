/** Part 2B: commands are agreed on, in order, at little cost (paper §5.3). */

import type { Index } from "@holdfast/raft";
import type { Command } from "../command.ts";
import { ELECTION_MS, type Harness } from "../harness.ts";

const ONCE = { retry: false };
const RETRY = { retry: true };

/** The first three commands take the first three places. */
export async function basicAgreement(h: Harness): Promise<void> {
  for (let index = 1; index <= 3; index++) {
    h.expect(h.committed(index).count === 0, `Index ${index} is committed before its command was started`);
    const at = await h.one(index * 100, h.servers, ONCE);
    h.expect(at === index, `Expected index ${index}, got ${at}`);
  }
}

/** Each command crosses to each follower about once. */
export async function byteCount(h: Harness): Promise<void> {
  const commandLength = 5000;
  const rounds = 10;
  await h.one(99, h.servers, ONCE);
  const before = h.bytesSent();
  for (let index = 2; index < 2 + rounds; index++) {
    const text = Buffer.from(h.random.bytes(commandLength / 2)).toString("hex");
    const at = await h.one(text, h.servers, ONCE);
    h.expect(at === index, `Expected index ${index}, got ${at}`);
  }
  const used = h.bytesSent() - before;
  const limit = h.servers * rounds * commandLength + 50_000;
  h.expect(used <= limit, `Too many bytes: ${used}, at most ${limit}`);
}

/** A follower that was away catches up, and nobody waits for it meanwhile. */
export async function followerReconnects(h: Harness): Promise<void> {
  await h.one(101, h.servers, ONCE);
  const away = h.after(await h.checkOneLeader(), 1);
  h.disconnect(away);
  await h.one(102, h.servers - 1, ONCE);
  await h.one(103, h.servers - 1, ONCE);
  await h.pause(ELECTION_MS);
  await h.one(104, h.servers - 1, ONCE);
  await h.one(105, h.servers - 1, ONCE);

  h.connect(away);
  await h.one(106, h.servers, RETRY);
  await h.pause(ELECTION_MS);
  await h.one(107, h.servers, RETRY);
}

/** Followers fail one after the other: two of three agree, one of three doesn't. */
export async function followerFailure(h: Harness): Promise<void> {
  await h.one(101, h.servers, ONCE);
  h.disconnect(h.after(await h.checkOneLeader(), 1));
  await h.one(102, h.servers - 1, ONCE);
  await h.pause(ELECTION_MS);
  await h.one(103, h.servers - 1, ONCE);

  const leader = await h.checkOneLeader();
  h.disconnect(h.after(leader, 1));
  h.disconnect(h.after(leader, 2));
  const started = h.start(leader, 104);
  h.expect(started !== undefined, "The leader refused a command");
  h.expect(started.index === 4, `Expected index 4, got ${started.index}`);
  await h.pause(2 * ELECTION_MS);
  h.expect(h.committed(4).count === 0, "Index 4 committed without a majority");
}

/** Leaders fail one after the other. */
export async function leaderFailure(h: Harness): Promise<void> {
  await h.one(101, h.servers, ONCE);
  h.disconnect(await h.checkOneLeader());
  await h.one(102, h.servers - 1, ONCE);
  await h.pause(ELECTION_MS);
  await h.one(103, h.servers - 1, ONCE);

  h.disconnect(await h.checkOneLeader());
  for (let i = 0; i < h.servers; i++) h.start(i, 104);
  await h.pause(2 * ELECTION_MS);
  h.expect(h.committed(4).count === 0, "Index 4 committed without a majority");
}

/** Two of five servers agree on nothing; with the others back all goes on. */
export async function tooFewServers(h: Harness): Promise<void> {
  await h.one(10, h.servers, ONCE);
  const leader = await h.checkOneLeader();
  const away = [1, 2, 3].map((steps) => h.after(leader, steps));
  for (const i of away) h.disconnect(i);
  const started = h.start(leader, 20);
  h.expect(started !== undefined, "The leader refused a command");
  h.expect(started.index === 2, `Expected index 2, got ${started.index}`);
  await h.pause(2 * ELECTION_MS);
  h.expect(h.committed(2).count === 0, "Index 2 committed without a majority");

  for (const i of away) h.connect(i);
  // The others may have chosen a leader without the entry at index 2, or keep the one who has it.
  const next = h.start(await h.checkOneLeader(), 30);
  h.expect(next !== undefined, "The next leader refused a command");
  h.expect(next.index === 2 || next.index === 3, `Expected index 2 or 3, got ${next.index}`);
  await h.one(1000, h.servers, RETRY);
}

/** Commands started at the same time all commit. */
export async function concurrentStarts(h: Harness): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    // Give the term a chance to settle.
    if (attempt > 0) await h.pause(3000);
    const leader = await h.checkOneLeader();
    const first = h.start(leader, 1);
    if (first === undefined) continue;
    const indexes: Index[] = [];
    for (let i = 0; i < 5; i++) {
      const started = h.start(leader, 100 + i);
      if (started?.term === first.term) indexes.push(started.index);
    }
    if (h.termMoved(first.term)) continue;
    const commands = await waitForAll(h, indexes, first.term);
    if (commands === undefined) continue;
    for (let i = 0; i < 5; i++) {
      h.expect(commands.includes(100 + i), `Command ${100 + i} is missing among ${commands.join(", ")}`);
    }
    return;
  }
  h.fail("The term changed in each of 5 attempts");
}

async function waitForAll(h: Harness, indexes: readonly Index[], term: number): Promise<Command[] | undefined> {
  const commands: Command[] = [];
  for (const index of indexes) {
    const command = await h.wait(index, h.servers, term);
    if (command === undefined) return undefined;
    commands.push(command);
  }
  return commands;
}

/** A leader with entries that nobody else has comes back and gives them up. */
export async function leaderRejoins(h: Harness): Promise<void> {
  await h.one(101, h.servers, RETRY);
  const first = await h.checkOneLeader();
  h.disconnect(first);
  for (const command of [102, 103, 104]) h.start(first, command);
  await h.one(103, 2, RETRY);

  const second = await h.checkOneLeader();
  h.disconnect(second);
  h.connect(first);
  await h.one(104, 2, RETRY);
  h.connect(second);
  await h.one(105, h.servers, RETRY);
}

/** Logs with fifty wrong entries each are repaired without a round trip per entry. */
export async function fastBackup(h: Harness): Promise<void> {
  const agreeOnMany = async (): Promise<void> => {
    for (let i = 0; i < 50; i++) await h.one(h.anyCommand(), 3, RETRY);
  };
  const startMany = async (leader: number): Promise<void> => {
    for (let i = 0; i < 50; i++) h.start(leader, h.anyCommand());
    await h.pause(ELECTION_MS / 2);
  };
  await h.one(h.anyCommand(), h.servers, RETRY);

  // A leader with one follower takes commands that can't commit.
  const first = await h.checkOneLeader();
  const pair = [first, h.after(first, 1)];
  const others = [2, 3, 4].map((steps) => h.after(first, steps));
  for (const i of others) h.disconnect(i);
  await startMany(first);

  // The other three go on without the two.
  for (const i of pair) h.disconnect(i);
  for (const i of others) h.connect(i);
  await agreeOnMany();

  // One of the three is cut off too; what their leader takes now can't commit either.
  const second = await h.checkOneLeader();
  const cut = second === h.after(first, 2) ? h.after(second, 1) : h.after(first, 2);
  h.disconnect(cut);
  await startMany(second);

  // The first two and the one that was cut off last: of these only the last has all that committed.
  for (let i = 0; i < h.servers; i++) h.disconnect(i);
  for (const i of [...pair, cut]) h.connect(i);
  await agreeOnMany();

  for (let i = 0; i < h.servers; i++) h.connect(i);
  await h.one(h.anyCommand(), h.servers, RETRY);
}

/** An election, a dozen commands and an idle second each take few calls. */
export async function callCount(h: Harness): Promise<void> {
  await h.checkOneLeader();
  const forElection = h.callsReceived();
  h.expect(forElection >= 1 && forElection <= 30, `The first election took ${forElection} calls, expected 1 to 30`);

  const commands = 10;
  for (let attempt = 0; attempt < 5; attempt++) {
    if (attempt > 0) await h.pause(3000);
    const used = await callsForBurst(h, commands);
    if (used === undefined) continue;
    const limit = (commands + 1 + 3) * 3;
    h.expect(used <= limit, `${commands + 2} commands took ${used} calls, at most ${limit}`);

    const before = h.callsReceived();
    await h.pause(ELECTION_MS);
    const idle = h.callsReceived() - before;
    h.expect(idle <= 3 * 20, `An idle second took ${idle} calls, at most 60`);
    return;
  }
  h.fail("The term changed in each of 5 attempts");
}

/** Calls until a burst of commands is applied everywhere; nothing when the term moved meanwhile. */
async function callsForBurst(h: Harness, commands: number): Promise<number | undefined> {
  const leader = await h.checkOneLeader();
  const before = h.callsReceived();
  const first = h.start(leader, 1);
  if (first === undefined) return undefined;
  const burst: Command[] = [];
  for (let i = 1; i < commands + 2; i++) {
    const command = h.random.below(2 ** 31);
    burst.push(command);
    const started = h.start(leader, command);
    if (started?.term !== first.term) return undefined;
    h.expect(started.index === first.index + i, `Expected index ${first.index + i}, got ${started.index}`);
  }
  for (let i = 1; i <= commands; i++) {
    const command = await h.wait(first.index + i, h.servers, first.term);
    if (command === undefined) return undefined;
    h.expect(command === burst[i - 1], `Index ${first.index + i} holds ${command}, expected ${burst[i - 1]}`);
  }
  return h.termMoved(first.term) ? undefined : h.callsReceived() - before;
}
