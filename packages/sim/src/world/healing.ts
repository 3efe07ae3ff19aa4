/**
 * The second phase: a majority is healed, the faults of all others stay for good, and progress is
 * demanded (I-12). The first phase alone would never notice a cluster that is safe because it does
 * nothing.
 */

import type { NodeId, Raft } from "@holdfast/raft";
import { CheckFailed } from "../check-failed.ts";
import type { RunFigures } from "../outcome.ts";
import type { Fate } from "../plan/draw-healing.ts";
import { healedWeather } from "../plan/draw-surroundings.ts";
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

/** The servers that must make progress: undefined when too few are left that may. */
export function healed(world: World): readonly Server[] | undefined {
  const { healing } = world.plan;
  world.isHealed = true;
  world.network.heal();
  world.network.weather = healedWeather(world.plan.weather);
  for (const server of world.servers) {
    server.trap = undefined;
    server.disk.faults.heal();
    server.disk.faults.syncMs = world.plan.disks.syncMs;
    processOf(server)?.resume();
  }
  const isCore = new Set(healing.core);
  for (const server of world.servers) {
    server.start();
    if (!isCore.has(server.id)) leaveBroken(world, server);
  }
  const core = world.servers.filter(({ id }) => isCore.has(id) && !world.refused.has(id));
  return core.length * 2 > world.nodes ? core : undefined;
}

function leaveBroken(world: World, server: Server): void {
  const how = world.plan.healing.others[server.id] ?? "down";
  if (how === "down") retire(server);
  else if (how === "paused") pausedForGood(server);
  else if (how === "hung-disk") server.disk.faults.hang();
  else if (how === "dead-disk") killDisk(server);
  else if (how === "cut") world.network.cut(linksIn(world, { kind: "isolate", who: server.id }));
  else world.network.cut(linksIn(world, { kind: how, who: server.id }));
}

/** Down for good, whatever was to start it again. */
function retire(server: Server): void {
  server.crash(false, "all");
  server.refuse();
}

/** The process learns of it when it next asks its disk for something, and is started in vain. */
function killDisk(server: Server): void {
  server.isDiskFaulty = true;
  server.disk.faults.die();
}

/** Waits until there is a leader, a commit, and all of the core have caught up. */
export async function recover(
  world: World,
  core: readonly Server[],
  stage: Stage,
): Promise<Recovery> {
  const { timeoutMs } = world;
  const slack = slackTimeouts(world);
  const began = world.now();
  const since = (): number => (world.now() - began) / timeoutMs;
  const leaderWithinMs = (LEADER_WITHIN + slack) * timeoutMs;
  await until(world, "liveness: no leader", leaderWithinMs, () => leads(world, core));
  const leader = since();
  const progress = await stage.progress({
    core: core.map(({ id }) => id),
    electionTimeoutMaxMs: timeoutMs,
    firstTimeouts: COMMIT_WITHIN + slack,
    eachTimeouts: EACH_WITHIN + slack,
    // A node answers for what it has applied: who is behind must get there first (seed 30010672).
    graceMs: (id) => backlogMs(world, world.server(id), core),
    rounds: 1,
  });
  if (progress.broken !== undefined) {
    throw new CheckFailed(progress.broken.check, progress.broken.message);
  }
  const commit = leader + progress.firstMs / timeoutMs;
  // An outsider whose disk hangs or is dead has been asked for writes now (G14).
  await until(world, "liveness: an outsider leads on", COMMIT_WITHIN * timeoutMs, () =>
    core.some(({ raft }) => raft?.role.kind === "leader" && isNewest(raft, core)),
  );
  const goal = Math.max(...core.map(({ raft }) => raft?.commit ?? 0));
  const backlogs = core.map((server) => backlogMs(world, server, core));
  const moreMs = 200 * roundTripMs(world) + Math.max(...backlogs);
  const withinMs = CAUGHT_UP_WITHIN * timeoutMs + moreMs;
  await until(world, "liveness: not all have caught up", withinMs, () =>
    core.every(({ raft }) => (raft?.applied ?? -1) >= goal),
  );
  const ids = new Set(core.map(({ id }) => id));
  await until(
    world,
    "liveness: something is never given back",
    CAUGHT_UP_WITHIN * timeoutMs,
    // With a leader still: one whose disk was too slow may have left its office meanwhile.
    () => core.every((server) => isAtRest(server, ids)) && leads(world, core),
  );
  return { leader, commit, caughtUp: since() };
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
 * All of the core follow one leader. It may be an outsider with a hung or dead disk: as long as
 * nobody asks for a write neither it nor anybody else can know.
 */
function leads(world: World, core: readonly Server[]): boolean {
  const { others } = world.plan.healing;
  const leader = world.servers.find(
    (server) =>
      server.raft?.role.kind === "leader" &&
      (core.includes(server) || hasBadDisk(others[server.id])) &&
      isNewest(server.raft, core),
  );
  return (
    leader !== undefined &&
    core.every(
      ({ id, raft }) =>
        id === leader.id || (raft?.role.kind === "follower" && raft.role.leader === leader.id),
    )
  );
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
  return raft.role.kind !== "leader" || isIdle(raft.role, core);
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

/**
 * What tiny windows and pieces add for a server that is behind the rest of the core: each round
 * trip carries that little, and the next waits.
 */
function backlogMs(world: World, { raft }: Server, core: readonly Server[]): number {
  const logs = core.flatMap((other) => (other.raft === undefined ? [] : [other.raft.log]));
  const last = raft?.log.lastIndex ?? 0;
  const entries = Math.max(last, ...logs.map(({ lastIndex }) => lastIndex)) - last;
  const needsSnapshot = logs.some(({ startIndex }) => startIndex > last);
  const bytes = needsSnapshot
    ? Math.max(...core.map(({ life }) => life?.replica?.status().snapshotBytes ?? 0))
    : 0;
  const pieces = bytes / (world.plan.knobs.snapshotChunkBytes ?? 256 << 10);
  return 2 * roundTripMs(world) * (entries + pieces);
}

function roundTripMs({ plan }: World): number {
  return 10 + plan.disks.syncMs + plan.disks.syncJitterMs;
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
