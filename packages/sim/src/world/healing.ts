/**
 * The second phase: a majority is healed, the faults of all others stay for good, and progress is
 * demanded (I-12). The first phase alone would never notice a cluster that is safe because it does
 * nothing.
 */

import type { NodeId, Raft } from "@holdfast/raft";
import { CheckFailed } from "../check-failed.ts";
import type { Progress } from "../load/progress.ts";
import type { RunFigures } from "../outcome.ts";
import type { Fate } from "../plan/draw-healing.ts";
import { healedWeather } from "../plan/draw-surroundings.ts";
import { backlogMs } from "./backlog.ts";
import { linksIn } from "./network-faults.ts";
import { pausedForGood, processOf } from "./process-faults.ts";
import type { Server } from "./server.ts";
import type { Stage } from "./stage.ts";
import type { World } from "./world.ts";

/**
 * Bounds, in longest election timeouts. A round of votes splits in less than a third of all cases.
 */
const LEADER_WITHIN = 20;
const COMMIT_WITHIN = 25;
const EACH_WITHIN = 10;
const CAUGHT_UP_WITHIN = 25;

export type Recovery = NonNullable<RunFigures["recovery"]>;

/** The servers that must make progress. Throws when one of them may not. */
export function healed(world: World): readonly Server[] {
  const { healing } = world.plan;
  world.isHealed = true;
  world.network.heal();
  world.network.weather = healedWeather(world.plan.weather);
  for (const server of world.servers) {
    server.traps.clear();
    server.disk.faults.heal();
    processOf(server)?.resume();
  }
  const isCore = new Set(healing.core);
  for (const server of world.servers) {
    if (server.twin !== undefined) server.crash(false, "all");
    server.start();
    if (!isCore.has(server.id)) leaveBroken(world, server);
  }
  // Without a whole core nothing could be demanded, and a run must not pass for want of demands.
  const refused = healing.core.filter((id) => world.refused.has(id));
  if (refused.length > 0) {
    const message = `Refused to start, for a damaged disk: ${refused.join(", ")}`;
    throw new CheckFailed("liveness: the core is not whole", message);
  }
  return world.servers.filter(({ id }) => isCore.has(id));
}

function leaveBroken(world: World, server: Server): void {
  const how = world.plan.healing.others[server.id] ?? "down";
  if (how === "down") retire(server);
  else if (how === "paused") pausedForGood(server);
  else if (how === "hung-disk") server.disk.faults.hang();
  // The process learns of it when it next asks its disk for something, and is started in vain.
  else if (how === "dead-disk") server.disk.faults.die();
  else if (how === "cut") world.network.cut(linksIn(world, { kind: "isolate", who: server.id }));
  else world.network.cut(linksIn(world, { kind: how, who: server.id }));
}

/** Down for good, whatever was to start it again. */
function retire(server: Server): void {
  server.crash(false, "all");
  server.refuse();
}

/**
 * Waits until there is a leader, a commit, and all of the core have caught up. Meanwhile clients
 * stop, each in its time.
 */
export async function recover(
  world: World,
  core: readonly Server[],
  stage: Stage,
): Promise<Recovery> {
  const { timeoutMs } = world;
  const began = world.now();
  const since = (): number => (world.now() - began) / timeoutMs;
  const [leader] = await Promise.all([elects(world, core).then(since), stage.stop()]);
  if (isPatient(world)) await catchesUpAlone(world, core);
  const asked = since();
  const { firstMs } = await answers(world, core, stage);
  const commit = asked + firstMs / timeoutMs;
  // An outsider whose disk hangs or is dead has been asked for writes now (G14).
  await until(world, "liveness: an outsider leads on", COMMIT_WITHIN * timeoutMs, () =>
    core.some(({ raft }) => raft?.role.kind === "leader" && isNewest(raft, core)),
  );
  const goal = Math.max(...core.map(({ raft }) => raft?.commit ?? 0));
  await until(world, "liveness: not all have caught up", catchUpMs(world, core), () =>
    core.every(({ raft }) => (raft?.applied ?? -1) >= goal),
  );
  const ids = new Set(core.map(({ id }) => id));
  await until(
    world,
    "liveness: something is never given back",
    CAUGHT_UP_WITHIN * timeoutMs,
    // With a leader still: one whose disk was too slow may have left its office meanwhile.
    () => core.every((server) => isAtRest(server, ids)) && leaderOver(world, core) !== undefined,
  );
  return { leader, commit, caughtUp: since() };
}

function elects(world: World, core: readonly Server[]): Promise<void> {
  const withinMs = (LEADER_WITHIN + slackTimeouts(world)) * world.timeoutMs;
  return until(world, "liveness: no leader", withinMs, () => leaderOver(world, core) !== undefined);
}

/**
 * In half of the plans operations come first, and must be done while some are behind still. In the
 * other half nobody writes before all have caught up: each new entry would make the leader look
 * again at a peer that it takes for complete (seed 30102962).
 */
function isPatient(world: World): boolean {
  return world.random.fork("patience").chance(1, 2);
}

/** Nothing is proposed: who lacks something gets it all the same. */
function catchesUpAlone(world: World, core: readonly Server[]): Promise<void> {
  const check = "liveness: not all catch up while nobody writes";
  return until(world, check, catchUpMs(world, core), () => {
    const leader = leaderOver(world, core);
    if (leader === undefined) return false;
    // Its disk is bad, and only writes would show that: see `leaderOver`.
    if (!core.includes(leader)) return true;
    return core.every((server) => hasAllOf(leader, server));
  });
}

/**
 * The log, and whatever is known to be committed is applied. A leader that begins with an empty
 * entry knows that of its whole log; without one only the next proposal can tell (§5.4.2, §8).
 */
function hasAllOf(leader: Server, { raft }: Server): boolean {
  if (leader.raft === undefined || raft === undefined) return false;
  const { log, commit, config } = leader.raft;
  const known = config.noop ? log.lastIndex : commit;
  return raft.log.lastIndex >= log.lastIndex && raft.applied >= known;
}

/** Asks the leader first: whether anything commits at all is no matter of who is behind. */
async function answers(world: World, core: readonly Server[], stage: Stage): Promise<Progress> {
  const slack = slackTimeouts(world);
  const leader = leaderOver(world, core)?.id;
  const ids = core.map(({ id }) => id);
  const progress = await stage.progress({
    core: [...ids.filter((id) => id === leader), ...ids.filter((id) => id !== leader)],
    electionTimeoutMaxMs: world.timeoutMs,
    firstTimeouts: COMMIT_WITHIN + slack,
    eachTimeouts: EACH_WITHIN + slack,
    // A node answers for what it has applied: who is behind must get there first (seed 30010672).
    graceMs: (id) => backlogMs(world, world.server(id), core),
    rounds: 1,
  });
  if (progress.broken !== undefined) {
    throw new CheckFailed(progress.broken.check, progress.broken.message);
  }
  return progress;
}

function catchUpMs(world: World, core: readonly Server[]): number {
  const backlogs = core.map((server) => backlogMs(world, server, core));
  return CAUGHT_UP_WITHIN * world.timeoutMs + Math.max(...backlogs);
}

/** Nothing happens to a healthy core: no election, no step-down. */
export async function staysCalm(world: World, core: readonly Server[]): Promise<void> {
  const { watch, timeoutMs } = world;
  const { calmTimeouts } = world.plan.healing;
  if (calmTimeouts === 0) return;
  const changes = (): number => core.reduce((sum, { id }) => sum + (watch.changes[id] ?? 0), 0);
  const before = changes();
  await world.sleep(calmTimeouts * timeoutMs);
  const since = changes() - before;
  if (since > 0) {
    throw new CheckFailed("liveness: unrest without a fault", `${since} changes of leadership`);
  }
}

/**
 * Whom all of the core follow. It may be an outsider with a hung or dead disk: as long as nobody
 * asks for a write neither it nor anybody else can know.
 */
function leaderOver(world: World, core: readonly Server[]): Server | undefined {
  const { others } = world.plan.healing;
  const leader = world.servers.find(
    (server) =>
      server.raft?.role.kind === "leader" &&
      (core.includes(server) || hasBadDisk(others[server.id])) &&
      isNewest(server.raft, core),
  );
  const isFollowed = core.every(
    ({ id, raft }) =>
      id === leader?.id || (raft?.role.kind === "follower" && raft.role.leader === leader?.id),
  );
  return isFollowed ? leader : undefined;
}

function hasBadDisk(fate: Fate | undefined): boolean {
  return fate === "hung-disk" || fate === "dead-disk";
}

function isNewest(raft: Raft, core: readonly Server[]): boolean {
  return core.every((other) => (other.raft?.term ?? 0) <= raft.term);
}

/** Every budget, window and queue is as it was before the first command (G1, G2, G6). */
function isAtRest(server: Server, core: ReadonlySet<NodeId>): boolean {
  const status = server.life?.replica?.status();
  const { raft } = server;
  if (status === undefined || raft === undefined) return false;
  if (status.waitingProposals > 0 || status.waitingWrites > 0) return false;
  if (raft.commit !== raft.log.lastIndex || raft.applied !== raft.commit) return false;
  if (arrivalsOf(server) > 1) return false;
  return raft.role.kind !== "leader" || isIdle(raft.role, core);
}

/**
 * Files of snapshots that came, or came in part, and are not in force. The log may have overtaken
 * one, which goes when the next one comes or with the next start; of a second one nobody knows.
 */
function arrivalsOf({ disk }: Server): number {
  return disk.names().filter((name) => name.endsWith("-incoming.tmp")).length;
}

/** Nobody in the core is probed for ever, and no window stays taken. */
function isIdle(
  leader: Extract<Raft["role"], { kind: "leader" }>,
  core: ReadonlySet<NodeId>,
): boolean {
  if (leader.uncommittedBytes !== 0) return false;
  return leader.peers.every(
    ({ id, flow, bytesInWindow }) => !core.has(id) || (flow === "stream" && bytesInWindow === 0),
  );
}

/**
 * A connection that is down is dialled again after a second at the latest, whatever timeouts are.
 */
const DIAL_MS = 1500;

function slackTimeouts({ plan, timeoutMs }: World): number {
  return plan.carrying === "connections" ? DIAL_MS / timeoutMs : 0;
}

async function until(
  world: World,
  check: string,
  withinMs: number,
  isReached: () => boolean,
): Promise<void> {
  const end = world.now() + withinMs;
  while (!isReached()) {
    if (world.now() >= end) throw new CheckFailed(check, describe(world, withinMs));
    await world.sleep(world.timeoutMs / 50);
  }
}

function describe(world: World, withinMs: number): string {
  const lines = world.servers.map(({ id, standing, raft }) => {
    if (raft === undefined) return `${id} ${standing}`;
    const { role, term, commit, applied, log } = raft;
    const extent = `log ${log.startIndex}..${log.lastIndex}`;
    return `${id} ${role.kind} in term ${term}, ${extent}, commit ${commit}, applied ${applied}`;
  });
  return `not within ${Math.round(withinMs)} ms: ${lines.join("; ")}`;
}
