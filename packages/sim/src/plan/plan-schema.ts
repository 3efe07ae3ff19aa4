/**
 * The shape of a stored plan, field by field. What fields mean together stands in plan-rules.ts.
 */

import { PACKET_KINDS } from "@holdfast/replica";
import type { DiskOperation } from "../disk-operation.ts";
import { LANES } from "../network.ts";
import type { FaultKind, Shape } from "./fault.ts";
import { PLAN_VERSION } from "./plan.ts";
import {
  amount,
  anyText,
  byName,
  type Check,
  either,
  type Fields,
  flag,
  key,
  listOf,
  oneOf,
  recordOf,
  shape,
  someOf,
  whole,
} from "./shape-check.ts";

const nodeId = whole(1);
const ms = amount(0);
const perMille = whole(0, 1000);
const count = whole(1);

const who: Check = either(
  "must be a node's id, leader, follower or candidate",
  nodeId,
  oneOf(["leader", "follower", "candidate"]),
);

const weather = shape(
  { delayMs: ms, jitterMs: ms, lost: perMille, repeated: perMille },
  { tail: oneOf(["even", "long"]), lateReplies: perMille, replayed: perMille, replayMs: ms },
);

const SHAPES: Readonly<Record<Shape["kind"], Fields>> = {
  isolate: { who },
  deaf: { who },
  mute: { who },
  split: { groups: listOf(listOf(nodeId)) },
  bridge: { who },
  ring: { order: listOf(nodeId) },
  link: { from: who, to: who },
};
const links = byName("kind", SHAPES);
const linksOrAll = either("must be all or links", oneOf(["all"]), links);

const OPERATIONS: readonly DiskOperation[] = [
  "list",
  "open",
  "create",
  "rename",
  "remove",
  "sync-directory",
  "read",
  "write",
  "sync",
  "truncate",
  "close",
];
const operation = oneOf(OPERATIONS);
const message = oneOf(PACKET_KINDS);

const moment: Check = either(
  "must be a moment: on disk with a side, or on send",
  shape({ on: oneOf(["disk"]), side: oneOf(["before", "after"]) }, { operation }),
  shape({ on: oneOf(["send"]) }, { message }),
);

const ending: Fields = {
  power: flag,
  keep: oneOf(["none", "all", "some"]),
  // Left open (null in JSON): until the cluster heals.
  downMs: (value, field) => {
    if (value !== undefined) ms(value, field);
  },
};
const area = oneOf(["wal", "snapshot"]);

const FAULTS: Readonly<Record<FaultKind, Fields>> = {
  crash: { who, ...ending },
  "crash-on": { who, moment, nth: count, ...ending },
  outage: ending,
  "crash-loop": { who, times: count, upMs: ms, ...ending },
  stop: { who, downMs: ms },
  pause: { who, forMs: ms },
  "clock-jump": { who, aheadMs: ms },
  "clock-drift": { who, ppm: whole(-900_000, 900_000) },
  twin: { who, forMs: ms },
  weather: { weather, forMs: ms },
  partition: { shape: links, forMs: ms },
  flap: { shape: links, periodMs: amount(0.01), times: count },
  clog: { shape: links, forMs: ms },
  "slow-link": { shape: links, bytesPerSecond: count, forMs: ms },
  break: { shape: links },
  corrupt: { shape: linksOrAll, damaged: perMille, forMs: ms },
  filter: {
    shape: linksOrAll,
    messages: listOf(message),
    lost: perMille,
    forMs: ms,
  },
  "disk-error": { who, operation, code: oneOf(["io", "no-space"]), times: count },
  "disk-slow": { who, syncMs: ms, forMs: ms },
  "disk-hang": { who, forMs: ms },
  "disk-full": { who, forMs: ms },
  "disk-dead": { who: nodeId },
  "disk-lies": { who, forMs: ms },
  "disk-damage": {
    who: nodeId,
    area,
    place: oneOf(["head", "middle", "tail"]),
    damage: oneOf(["flip-bit", "zero-sector", "noise-sector", "truncate", "misdirected-write"]),
    downMs: ms,
  },
  "disk-loss": { who: nodeId, area, downMs: ms },
  "disk-clone": { who: nodeId, of: nodeId, downMs: ms },
  "disk-rollback": { who: nodeId, agoMs: ms, downMs: ms },
};

const lanes = someOf(LANES);

/** What may be left out. */
const OPTIONAL: Partial<Readonly<Record<FaultKind, Fields>>> = {
  partition: { lanes },
  clog: { lanes },
  "slow-link": { lanes },
  break: { lanes },
};

/** The core checks the rest of them: see plan-rules.ts. */
const knobs = shape(
  {},
  {
    electionTimeoutMs: count,
    electionTimeoutMaxMs: count,
    heartbeatMs: count,
    preVote: flag,
    checkQuorum: flag,
    noop: flag,
    messageBytesMax: count,
    windowMessages: count,
    windowBytes: count,
    retransmitMs: count,
    coalesceMs: whole(0),
    commandBytesMax: count,
    uncommittedBytesMax: count,
    trailingEntries: whole(0),
    segmentBytes: count,
    preallocate: flag,
    snapshotChunkBytes: count,
    snapshotEveryEntries: whole(0),
    snapshotEveryBytes: whole(0),
    applySliceMs: amount(0.001),
    proposalsMax: count,
  },
);

const load = shape({
  model: oneOf(["register", "key-value", "append-list", "counter"]),
  clients: whole(0),
  keys: count,
  thinkMs: ms,
  timeoutMs: amount(1),
  reads: perMille,
  valueBytes: whole(0),
});

const healing = shape({
  core: listOf(nodeId),
  others: recordOf(
    key(nodeId),
    oneOf(["down", "cut", "deaf", "mute", "paused", "hung-disk", "dead-disk"]),
  ),
  calmTimeouts: whole(0),
});

export const PLAN_SHAPE: Check = shape(
  {
    format: oneOf(["holdfast-plan"]),
    version: oneOf([PLAN_VERSION]),
    seed: anyText,
    nodes: count,
    safetyMs: ms,
    knobs,
    nodeKnobs: recordOf(key(nodeId), knobs),
    weather,
    disks: shape(
      { syncMs: ms, syncJitterMs: ms, afterFailedSync: oneOf(["keeps", "reverts"]) },
      { otherMs: ms },
    ),
    clocks: listOf(shape({ offsetMs: ms, driftPpm: whole(-900_000, 900_000) })),
    maybe: recordOf(anyText, perMille),
    load,
    faults: listOf(byName("kind", withPlace(FAULTS), OPTIONAL)),
    healing,
  },
  {
    recipe: anyText,
    carrying: oneOf(["raw", "connections"]),
    shuffled: flag,
    supervisorMs: amount(1),
    slowApplyMs: amount(1),
  },
);

function withPlace(faults: Readonly<Record<string, Fields>>): Readonly<Record<string, Fields>> {
  const placed = Object.entries(faults).map(([kind, fields]): [string, Fields] => [
    kind,
    { id: whole(1), at: ms, ...fields },
  ]);
  return Object.fromEntries(placed);
}
