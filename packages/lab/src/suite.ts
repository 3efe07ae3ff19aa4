/** The 28 scenarios in the course's order. */

import type { Harness } from "./harness.ts";
import * as election from "./scenarios/2a-election.ts";
import * as agreement from "./scenarios/2b-agreement.ts";
import * as persistence from "./scenarios/2c-persistence.ts";
import * as snapshots from "./scenarios/2d-snapshots.ts";

export type Part = "2A" | "2B" | "2C" | "2D";

export interface Scenario {
  /** The course's number up to 25; the rest is beyond the reference table. */
  readonly number: number;
  /** The name in one word, for the command line. */
  readonly id: string;
  readonly part: Part;
  /** As the course prints it. */
  readonly name: string;
  readonly servers: number;
  readonly isReliable: boolean;
  readonly play: (harness: Harness) => Promise<void>;
}

type Line = readonly [Part, string, number, "reliable" | "unreliable", Scenario["play"]];

const LINES: readonly Line[] = [
  ["2A", "initial election", 3, "reliable", election.initialElection],
  ["2A", "election after network failure", 3, "reliable", election.electionAfterFailure],
  ["2A", "multiple elections", 7, "reliable", election.multipleElections],
  ["2B", "basic agreement", 3, "reliable", agreement.basicAgreement],
  ["2B", "RPC byte count", 3, "reliable", agreement.byteCount],
  ["2B", "agreement after follower reconnects", 3, "reliable", agreement.followerReconnects],
  ["2B", "no agreement if too many followers disconnect", 5, "reliable", agreement.tooFewServers],
  ["2B", "concurrent Start()s", 3, "reliable", agreement.concurrentStarts],
  ["2B", "rejoin of partitioned leader", 3, "reliable", agreement.leaderRejoins],
  [
    "2B",
    "leader backs up quickly over incorrect follower logs",
    5,
    "reliable",
    agreement.fastBackup,
  ],
  ["2B", "RPC counts aren't too high", 3, "reliable", agreement.callCount],
  ["2C", "basic persistence", 3, "reliable", persistence.basicPersistence],
  ["2C", "more persistence", 5, "reliable", persistence.morePersistence],
  [
    "2C",
    "partitioned leader and one follower crash, leader restarts",
    3,
    "reliable",
    persistence.partitionedLeader,
  ],
  ["2C", "Figure 8", 5, "reliable", persistence.figure8],
  ["2C", "unreliable agreement", 5, "unreliable", persistence.unreliableAgreement],
  ["2C", "Figure 8 (unreliable)", 5, "unreliable", persistence.figure8Unreliable],
  ["2C", "churn", 5, "reliable", persistence.churn],
  ["2C", "unreliable churn", 5, "unreliable", persistence.churn],
  ["2D", "snapshots basic", 3, "reliable", snapshots.snapshotsBasic],
  ["2D", "install snapshots (disconnect)", 3, "reliable", snapshots.snapshotsDisconnect],
  [
    "2D",
    "install snapshots (disconnect+unreliable)",
    3,
    "unreliable",
    snapshots.snapshotsDisconnect,
  ],
  ["2D", "install snapshots (crash)", 3, "reliable", snapshots.snapshotsCrash],
  ["2D", "install snapshots (unreliable+crash)", 3, "unreliable", snapshots.snapshotsCrash],
  ["2D", "crash and restart all servers", 3, "reliable", snapshots.crashAll],
  ["2B", "progressive failure of followers", 3, "reliable", agreement.followerFailure],
  ["2B", "failure of leaders", 3, "reliable", agreement.leaderFailure],
  ["2D", "snapshot initialization after crash", 3, "reliable", snapshots.snapshotAfterCrash],
];

export const SUITE: readonly Scenario[] = LINES.map(
  ([part, name, servers, net, play], at): Scenario => ({
    number: at + 1,
    id: name
      .toLowerCase()
      .replaceAll("'", "")
      .replaceAll(/[^a-z0-9]+/g, "-")
      .replace(/-$/, ""),
    part,
    name,
    servers,
    isReliable: net === "reliable",
    play,
  }),
);

/**
 * Scenarios by part (`2C`), number (`17`), id, name, or a piece of a name; all when nothing is
 * asked for. Empty when nothing fits.
 */
export function select(only: string | undefined): readonly Scenario[] {
  if (only === undefined) return SUITE;
  const wanted = only.toLowerCase();
  const exact = SUITE.filter(({ part, number, id, name }) =>
    [part.toLowerCase(), String(number), id, name.toLowerCase()].includes(wanted),
  );
  if (exact.length > 0) return exact;
  return SUITE.filter(({ name, id }) => name.toLowerCase().includes(wanted) || id.includes(wanted));
}
