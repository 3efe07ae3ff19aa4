/** The 28 scenarios in the course's order, with the rows of the reference table that they are compared to. */

import type { Harness } from "./harness.ts";
import * as election from "./scenarios/2a-election.ts";
import * as agreement from "./scenarios/2b-agreement.ts";
import * as persistence from "./scenarios/2c-persistence.ts";
import * as snapshots from "./scenarios/2d-snapshots.ts";

export type Part = "2A" | "2B" | "2C" | "2D";

/** One row of the reference table. */
export interface ReferenceRow {
  readonly seconds: number;
  readonly calls: number;
  readonly bytes: number;
  readonly commits: number;
}

/**
 * How a row's figures are compared: `usual`; `payload` where the commands themselves are most of the bytes; `churn`
 * where clients commit as much as they can, so that only cost per commit means anything.
 */
export type RowKind = "usual" | "payload" | "churn";

export interface Scenario {
  /** The course's number up to 25; the rest is beyond the reference table. */
  readonly number: number;
  readonly id: string;
  readonly part: Part;
  /** As the course prints it. */
  readonly name: string;
  readonly servers: number;
  readonly isReliable: boolean;
  readonly rowKind: RowKind;
  readonly reference: ReferenceRow | undefined;
  readonly play: (harness: Harness) => Promise<void>;
}

type Line = readonly [
  part: Part,
  id: string,
  name: string,
  servers: number,
  net: "reliable" | "unreliable",
  row: string,
  play: (harness: Harness) => Promise<void>,
  rowKind?: RowKind,
];

// Rows as in the table: seconds / calls / bytes / commits.
const LINES: readonly Line[] = [
  ["2A", "initial-election", "initial election", 3, "reliable", "3.1/59/16106/0", election.initialElection],
  ["2A", "network-failure", "election after network failure", 3, "reliable", "4.5/155/28011/0", election.electionAfterFailure],
  ["2A", "many-elections", "multiple elections", 7, "reliable", "5.4/767/133311/0", election.multipleElections],
  ["2B", "basic-agreement", "basic agreement", 3, "reliable", "0.9/16/4320/3", agreement.basicAgreement],
  ["2B", "byte-count", "RPC byte count", 3, "reliable", "2.5/47/113548/11", agreement.byteCount, "payload"],
  ["2B", "follower-reconnects", "agreement after follower reconnects", 3, "reliable", "6.0/145/36702/8", agreement.followerReconnects],
  ["2B", "too-few-servers", "no agreement if too many followers disconnect", 5, "reliable", "3.6/264/48573/3", agreement.tooFewServers],
  ["2B", "concurrent-starts", "concurrent Start()s", 3, "reliable", "0.7/12/3236/6", agreement.concurrentStarts],
  ["2B", "leader-rejoins", "rejoin of partitioned leader", 3, "reliable", "6.1/206/48674/4", agreement.leaderRejoins],
  ["2B", "fast-backup", "leader backs up quickly over incorrect follower logs", 5, "reliable", "26.9/5161/4229011/102", agreement.fastBackup],
  ["2B", "call-count", "RPC counts aren't too high", 3, "reliable", "2.4/47/13426/12", agreement.callCount],
  ["2C", "basic-persistence", "basic persistence", 3, "reliable", "5.8/122/31986/7", persistence.basicPersistence],
  ["2C", "more-persistence", "more persistence", 5, "reliable", "18.0/1287/244766/16", persistence.morePersistence],
  ["2C", "partitioned-leader", "partitioned leader and one follower crash, leader restarts", 3, "reliable", "2.1/41/9575/4", persistence.partitionedLeader],
  ["2C", "figure-8", "Figure 8", 5, "reliable", "27.6/956/188311/8", persistence.figure8],
  ["2C", "unreliable-agreement", "unreliable agreement", 5, "unreliable", "5.4/268/87648/246", persistence.unreliableAgreement],
  ["2C", "figure-8-unreliable", "Figure 8 (unreliable)", 5, "unreliable", "34.5/7867/18847875/414", persistence.figure8Unreliable],
  ["2C", "churn", "churn", 5, "reliable", "16.2/940/630034/242", persistence.churn, "churn"],
  ["2C", "churn-unreliable", "unreliable churn", 5, "unreliable", "16.2/1038/439758/341", persistence.churn, "churn"],
  ["2D", "snapshots", "snapshots basic", 3, "reliable", "6.9/136/48034/234", snapshots.snapshotsBasic],
  ["2D", "snapshots-cut", "install snapshots (disconnect)", 3, "reliable", "80.3/1886/763573/349", snapshots.snapshotsDisconnect],
  ["2D", "snapshots-cut-unreliable", "install snapshots (disconnect+unreliable)", 3, "unreliable", "86.8/2384/848912/312", snapshots.snapshotsDisconnect],
  ["2D", "snapshots-crash", "install snapshots (crash)", 3, "reliable", "36.6/852/546126/307", snapshots.snapshotsCrash],
  ["2D", "snapshots-crash-unreliable", "install snapshots (unreliable+crash)", 3, "unreliable", "68.0/1863/902888/348", snapshots.snapshotsCrash],
  ["2D", "crash-all", "crash and restart all servers", 3, "reliable", "31.0/684/183902/60", snapshots.crashAll],
  ["2B", "follower-failure", "progressive failure of followers", 3, "reliable", "", agreement.followerFailure],
  ["2B", "leader-failure", "failure of leaders", 3, "reliable", "", agreement.leaderFailure],
  ["2D", "snapshot-after-crash", "snapshot initialization after crash", 3, "reliable", "", snapshots.snapshotAfterCrash],
];

export const SUITE: readonly Scenario[] = LINES.map((line, at): Scenario => {
  const [part, id, name, servers, net, row, play, rowKind] = line;
  return {
    number: at + 1,
    id,
    part,
    name,
    servers,
    isReliable: net === "reliable",
    rowKind: rowKind ?? "usual",
    reference: parseRow(row),
    play,
  };
});

/** What the reference's 25 rows sum up to, as its authors give it: its rows are rounded. */
export const REFERENCE_SUM_SECONDS = 497.5;

function parseRow(row: string): ReferenceRow | undefined {
  if (row === "") return undefined;
  const [seconds, calls, bytes, commits] = row.split("/").map(Number);
  if (seconds === undefined || calls === undefined || bytes === undefined || commits === undefined) {
    throw new RangeError(`Not a reference row: ${row}`);
  }
  return { seconds, calls, bytes, commits };
}

/**
 * Scenarios by part (`2C`), number (`17`), id, or a piece of the name; all when nothing is asked for. Empty when
 * nothing fits.
 */
export function select(only: string | undefined): readonly Scenario[] {
  if (only === undefined) return SUITE;
  const wanted = only.toLowerCase();
  const exact = SUITE.filter(
    ({ part, number, id, name }) =>
      part.toLowerCase() === wanted || String(number) === wanted || id === wanted || name.toLowerCase() === wanted,
  );
  if (exact.length > 0) return exact;
  return SUITE.filter(({ name, id }) => name.toLowerCase().includes(wanted) || id.includes(wanted));
}
