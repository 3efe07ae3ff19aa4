/** What a script can say: one function per command. */

import assert from "node:assert/strict";
import {
  EMPTY,
  type Entry,
  type Message,
  type NodeId,
  narrateMessage,
  type RaftConfig,
} from "@holdfast/raft";
import {
  describePeers,
  describeServer,
  expectCluster,
  expectPeer,
  expectServer,
} from "./script-expect.ts";
import { linkOf, Stage } from "./stage.ts";
import type { Server } from "./world.ts";

export interface Scene {
  stage: Stage | undefined;
  checks: number;
}

export type Options = ReadonlyMap<string, string>;
type Command = (scene: Scene, words: readonly string[], options: Options) => void;
type ServerCommand = (stage: Stage, server: Server, words: readonly string[]) => void;

/** Times as in the paper's own experiments (§9.3), so that traces can be read beside it. */
const CONFIG: Partial<Omit<RaftConfig, "id" | "members">> = {
  electionTimeoutMs: 150,
  electionTimeoutMaxMs: 300,
  heartbeatMs: 50,
  retransmitMs: 100,
  trailingEntries: 0,
};

/** Options of `cluster` that are numbers of the core's configuration. */
const NUMBERS = new Map<string, keyof RaftConfig>([
  ["heartbeat", "heartbeatMs"],
  ["retransmit", "retransmitMs"],
  ["coalesce", "coalesceMs"],
  ["message", "messageBytesMax"],
  ["window", "windowMessages"],
  ["window-bytes", "windowBytes"],
  ["command", "commandBytesMax"],
  ["uncommitted", "uncommittedBytesMax"],
  ["trailing", "trailingEntries"],
]);

const SWITCHES = new Map<string, keyof RaftConfig>([
  ["prevote", "preVote"],
  ["checkquorum", "checkQuorum"],
  ["noop", "noop"],
]);

export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["cluster", cluster],
  ["log", onServer(log)],
  ["disk", onServer(disk)],
  ["persist", onServer(persist)],
  ["timeout", onServer(timeout)],
  ["elect", elect],
  ["advance", (scene, words) => stageOf(scene).pass(count(words[0]), false)],
  ["run", (scene, words) => stageOf(scene).pass(count(words[0]), true)],
  ["deliver", deliver],
  ["delay", delay],
  ["stabilize", (scene) => stageOf(scene).stabilize()],
  ["hold", links((stage, link) => stage.held.add(link))],
  ["release", links((stage, link) => stage.held.delete(link))],
  ["cut", cut],
  ["heal", (scene) => stageOf(scene).cut.clear()],
  ["propose", onServer(propose)],
  ["unreachable", onServer(unreachable)],
  ["crash", onServer((stage, server) => stage.world.crash(server))],
  ["restart", onServer(restart)],
  ["compact", onServer(compact)],
  ["snapshots", onServer(snapshots)],
  ["state", state],
  ["wire", wire],
  ["expect", expect],
]);

function stageOf(scene: Scene): Stage {
  assert.ok(scene.stage, "the first command must be cluster");
  return scene.stage;
}

function onServer(command: ServerCommand): Command {
  return (scene, [id, ...words]) => {
    const stage = stageOf(scene);
    command(stage, stage.world.server(count(id)), words);
  };
}

function links(change: (stage: Stage, link: string) => void): Command {
  return (scene, words) => {
    assert.ok(words.length > 0, "name a link such as 1>2");
    for (const link of words) change(stageOf(scene), linkNamed(link));
  };
}

export function count(word: string | undefined): number {
  const value = Number(word);
  assert.ok(word !== undefined && Number.isSafeInteger(value) && value >= 0, `no count: ${word}`);
  return value;
}

function linkNamed(word: string | undefined): string {
  assert.match(word ?? "", /^\d+>\d+$/, `no link such as 1>2: ${word}`);
  return word ?? "";
}

/** `cluster voters=3 seed=1 pieces=1 prevote=on election=150..300 window=64 ...` */
function cluster(scene: Scene, words: readonly string[], options: Options): void {
  assert.ok(scene.stage === undefined, "one cluster per script");
  assert.equal(words.length, 0, "cluster takes only key=value");
  const config: Record<string, number | boolean> = {};
  let [voters, seed, snapshotPieces] = [3, 1, 1];
  for (const [key, value] of options) {
    const number = NUMBERS.get(key);
    const toggle = SWITCHES.get(key);
    if (number !== undefined) config[number] = count(value);
    else if (toggle !== undefined) config[toggle] = isOn(value);
    else if (key === "voters") voters = count(value);
    else if (key === "seed") seed = count(value);
    else if (key === "pieces") snapshotPieces = count(value);
    else assert.fail(`unknown option ${key}`);
  }
  scene.stage = new Stage({ voters, seed, snapshotPieces, config: { ...CONFIG, ...config } });
}

function isOn(word: string): boolean {
  assert.ok(word === "on" || word === "off", `neither on nor off: ${word}`);
  return word === "on";
}

/**
 * `log 2 1 1 2`: server 2 comes up with these terms in its log, and the last of them as its current
 * term.
 */
function log({ world }: Stage, server: Server, words: readonly string[]): void {
  assert.equal(server.raft.term, 0, "a log can be given only before the first election");
  const entries = words.map(
    (word, at): Entry => ({ index: at + 1, term: count(word), kind: "command", data: EMPTY }),
  );
  const term = entries.at(-1)?.term ?? 0;
  world.crash(server);
  server.platter.entries = entries;
  server.platter.hardState = { term, vote: 0 };
  world.restart(server);
}

/**
 * `disk 2 slow`: its writes wait for `persist`; `disk 2 fast`: they complete at once, those that
 * wait too.
 */
function disk(stage: Stage, server: Server, [pace]: readonly string[]): void {
  assert.ok(pace === "slow" || pace === "fast", `neither slow nor fast: ${pace}`);
  if (pace === "slow") stage.slow.add(server.id);
  else {
    stage.completeWrites(server, server.pending.length);
    stage.slow.delete(server.id);
  }
}

/** `persist 2 [n]`: the n oldest writes of server 2 are on disk, all when n is left out. */
function persist(stage: Stage, server: Server, [number]: readonly string[]): void {
  assert.ok(server.pending.length > 0, `server ${server.id} has no write to complete`);
  stage.completeWrites(server, number === undefined ? server.pending.length : count(number));
}

/** `timeout 1`: the clock moves on to its deadline and only its timer runs. */
function timeout(stage: Stage, server: Server): void {
  const { world } = stage;
  world.now = Math.max(world.now, server.raft.deadline);
  stage.input(server, { kind: "tick" });
}

/** `elect 1`: its election timer runs out and it wins. */
function elect(scene: Scene, [id]: readonly string[]): void {
  const stage = stageOf(scene);
  const server = stage.world.server(count(id));
  timeout(stage, server);
  stage.settle();
  stage.stabilize();
  scene.checks++;
  assert.equal(server.raft.role.kind, "leader", `server ${server.id} did not win`);
}

/** `delay 1>2 [kind] [last]`: a message that only arrives when it is delivered as `late`. */
function delay(scene: Scene, [link, ...rest]: readonly string[]): void {
  const stage = stageOf(scene);
  const { wire } = stage.world;
  const message = pick(wire, linkNamed(link), rest);
  wire.splice(wire.indexOf(message), 1);
  stage.late.push(message);
  stage.tell(`delayed: ${narrateMessage(message)}`);
}

/**
 * `deliver all`, or `deliver 1>2 [kind] [late] [last] [drop|dup|damage]`: the first fitting message
 * unless `last`.
 */
function deliver(scene: Scene, words: readonly string[]): void {
  const stage = stageOf(scene);
  scene.checks++;
  if (words[0] === "all") {
    assert.ok(stage.deliverRound(), "nothing is under way");
    return;
  }
  const [link, ...rest] = words;
  const messages = rest.includes("late") ? stage.late : stage.world.wire;
  const message = pick(messages, linkNamed(link), rest);
  if (!rest.includes("dup")) messages.splice(messages.indexOf(message), 1);
  if (rest.includes("drop")) stage.tell(`lost: ${narrateMessage(message)}`);
  else stage.deliver(rest.includes("damage") ? damaged(stage, message) : message);
}

const FATES = ["late", "last", "drop", "dup", "damage"];

function pick(messages: readonly Message[], link: string, words: readonly string[]): Message {
  const [kind, ...others] = words.filter((word) => !FATES.includes(word));
  assert.equal(others.length, 0, `more than one kind: ${kind} ${others.join(" ")}`);
  const fitting = messages.filter(
    (message) => linkOf(message) === link && (kind === undefined || message.kind === kind),
  );
  const message = fitting.at(words.includes("last") ? -1 : 0);
  assert.ok(message, `no ${kind ?? "message"} is under way on ${link}`);
  return message;
}

/** The first byte of a piece of a snapshot arrives falsified. */
function damaged(stage: Stage, message: Message): Message {
  assert.equal(message.kind, "snapshot-request", "only pieces of snapshots can be damaged");
  assert.ok(message.kind === "snapshot-request");
  stage.world.damaged++;
  const data = message.data.slice();
  data[0] = (data[0] ?? 0) ^ 1;
  stage.tell(`damaged: ${narrateMessage(message)}`);
  return { ...message, data };
}

/**
 * `cut 1 | 2 3`: no messages between the groups; `cut 1>3`: none that way. What is under way there
 * is lost.
 */
function cut(scene: Scene, words: readonly string[]): void {
  const stage = stageOf(scene);
  if (!words.includes("|")) {
    const links = words.map(linkNamed);
    assert.ok(links.length > 0, "name links or groups");
    stage.cutLinks((from, to) => links.includes(`${from}>${to}`));
    return;
  }
  const groups = words.join(" ").split("|");
  const groupOf = new Map<NodeId, number>();
  for (const [at, group] of groups.entries()) {
    for (const word of group.trim().split(" ")) groupOf.set(count(word), at);
  }
  assert.equal(groupOf.size, stage.world.servers.length, "name every server in one group");
  stage.cutLinks((from, to) => groupOf.get(from) !== groupOf.get(to));
}

/** `propose 1 a b`: one input with two commands. */
function propose(stage: Stage, server: Server, words: readonly string[]): void {
  const commands = words.map((word) => Uint8Array.from(word, (letter) => letter.charCodeAt(0)));
  const result = stage.input(server, { kind: "propose", commands });
  if (!result.ok) stage.tell(`${server.id}: refuses the proposal: ${result.reason}`);
}

/** `unreachable 1 3`: the transport of server 1 gives up on what it sent to server 3. */
function unreachable(stage: Stage, server: Server, [peer]: readonly string[]): void {
  stage.input(server, { kind: "unreachable", peer: count(peer) });
}

function restart(stage: Stage, server: Server): void {
  stage.world.restart(server);
  stage.tell(`${server.id}: is back: ${describeServer(server)}`);
}

/** `compact 1 [5]`: the application has a snapshot as of index 5, or of what was applied last. */
function compact(stage: Stage, server: Server, [index]: readonly string[]): void {
  stage.touch(server);
  const result = stage.world.compact(server, index === undefined ? undefined : count(index));
  if (!result.ok) stage.tell(`${server.id}: refuses the snapshot: ${result.detail}`);
}

/** `snapshots 1 unreadable`, `snapshots 1 readable`: what becomes of loading a piece. */
function snapshots(_stage: Stage, server: Server, [word]: readonly string[]): void {
  assert.ok(word === "unreadable" || word === "readable", `neither readable nor not: ${word}`);
  server.isUnreadable = word === "unreadable";
}

function state(scene: Scene): void {
  const stage = stageOf(scene);
  for (const server of stage.world.servers) {
    stage.tell(`${server.id}: ${describeServer(server)}`);
    for (const line of describePeers(server)) stage.tell(`${server.id}: ${line}`);
  }
}

function wire(scene: Scene): void {
  const stage = stageOf(scene);
  for (const message of stage.world.wire) stage.tell(`under way: ${narrateMessage(message)}`);
}

/**
 * `expect leader=2`, `expect 2 role=follower log=1,1,2`, `expect 1 peer=3 match=4 flow=stream`:
 * fails unless it is so.
 */
function expect(scene: Scene, [id]: readonly string[], options: Options): void {
  const stage = stageOf(scene);
  assert.ok(options.size > 0, "expect what?");
  scene.checks += options.size;
  if (id === undefined) expectCluster(stage, options);
  else if (options.has("peer")) expectPeer(stage.world.server(count(id)), options);
  else expectServer(stage.world.server(count(id)), options);
}
