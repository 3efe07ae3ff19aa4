/** Planted in snapshots and what feeds the state machine (paper §7). */

import type { PlantedBug } from "./bug.ts";
import { STORE, STUCK, WRONG } from "./checks.ts";

const CORE = "raft/snapshot.js";
const ENGINE = "replica/driver-engine.js";
const OWN = "replica/driver-snapshots.js";
const PUMP = "replica/apply-pump.js";
const ARRIVALS = "replica/snapshots/arrivals.js";
const QUEUE = "replica/disk-queue.js";
const START = "replica/driver-start.js";
const SNAPSHOTS = "replica/snapshots/snapshot-store.js";

export const SNAPSHOT_BUGS: readonly PlantedBug[] = [
  {
    name: "snapshot-index-low",
    title: "A snapshot is filed one entry before the state that it holds",
    cites: ["I1", "I3"],
    changes: [
      {
        file: ENGINE,
        find: "meta: ({ index, term }) => ({ index, term,",
        put: "meta: ({ index, term }) => ({ index: index - 1, term,",
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 100,
  },
  {
    name: "snapshot-index-high",
    title: "A snapshot is filed one entry behind the state that it holds",
    cites: ["I1"],
    changes: [
      {
        file: ENGINE,
        find: "meta: ({ index, term }) => ({ index, term,",
        put: "meta: ({ index, term }) => ({ index: index + 1, term,",
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 100,
  },
  {
    name: "snapshot-not-at-rest",
    title: "The state machine goes on while its snapshot is being read",
    cites: ["I1", "E8"],
    changes: [
      {
        file: OWN,
        find: "return this.#take(at);",
        put: `void this.#take(at);
        return undefined;`,
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 200,
  },
  {
    name: "snapshot-overtakes-apply",
    title: "A received snapshot is restored in front of entries that wait to be applied",
    cites: ["E8"],
    changes: [{ file: PUMP, find: "this.#queue.push(meta);", put: "this.#queue.unshift(meta);" }],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 4000,
  },
  {
    name: "restore-skipped",
    title: "A received snapshot moves the position of the state machine and not its state",
    cites: ["I6", "I9"],
    changes: [
      {
        file: PUMP,
        find: "await restoreMachine(machine, await open(meta), meta);",
        put: "await open(meta);",
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 100,
  },
  {
    name: "snapshot-not-synced",
    title: "An own snapshot gets its name before its bytes are on disk",
    cites: ["H3", "D12"],
    changes: [{ file: "replica/snapshots/image.js", find: "await file.sync();", put: "" }],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 200,
  },
  {
    name: "received-snapshot-not-synced",
    title: "A received snapshot gets its name before its bytes are on disk",
    cites: ["H3", "D15"],
    changes: [{ file: SNAPSHOTS, find: "await incoming.sync();", put: "" }],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 1000,
  },
  {
    name: "snapshot-name-not-synced",
    title: "The log is cut when the snapshot has its name, before the directory is on disk",
    cites: ["H2", "D12"],
    changes: [
      {
        file: SNAPSHOTS,
        find: `await this.#disk.syncDirectory();
        const others`,
        put: "const others",
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 200,
  },
  {
    name: "compaction-before-snapshot",
    title: "The log is cut when a snapshot is begun, not when it is durable",
    cites: ["E15", "§7"],
    changes: [
      {
        file: OWN,
        find: "await this.#store.save(meta, chunks);",
        put: `this.#hooks.taken(meta.index);
            await this.#store.save(meta, chunks);`,
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 500,
  },
  {
    name: "install-not-awaited",
    title: "The log begins anew behind a received snapshot that isn't in force yet",
    cites: ["D15", "E6"],
    changes: [
      {
        file: QUEUE,
        find: `if (write.snapshot !== undefined && !(await this.#install(write.snapshot)))
                break;`,
        put: `if (write.snapshot !== undefined)
                void this.#install(write.snapshot);`,
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 200,
  },
  {
    name: "entries-behind-snapshot-lost",
    title: "A restart with a snapshot forgets the log behind it",
    cites: ["B5", "E15"],
    changes: [
      {
        file: START,
        find: "if (snapshot === undefined || holds(recovered, snapshot)) {",
        put: "if (snapshot === undefined) {",
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 100,
  },
  {
    name: "log-kept-beside-snapshot",
    title: "A restart finds the old log beside the installed snapshot",
    cites: ["E6"],
    changes: [
      {
        file: "replica/wal/recovery.js",
        find: "let kept = record.reset === undefined ? entries : [];",
        put: "let kept = entries;",
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 200,
  },
  {
    name: "matching-log-dropped",
    title: "A snapshot replaces a log that already holds it and more",
    cites: ["§7", "E6"],
    changes: [{ file: CORE, find: "if (raft.log.matches(index, term)) {", put: "if (false) {" }],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 3000,
  },
  {
    name: "old-snapshot-installed",
    title: "A snapshot that is older than what is committed replaces the log",
    cites: ["E8", "B19"],
    changes: [
      {
        file: CORE,
        find: "if (request.lastIndex <= raft.commit) {",
        put: "if (request.lastIndex <= raft.log.startIndex) {",
      },
      { file: CORE, find: "if (raft.log.matches(index, term)) {", put: "if (false) {" },
      { file: CORE, find: "else if (index > raft.commit) {", put: "else {" },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 3000,
  },
  {
    name: "snapshot-offset-unchecked",
    title: "A piece of a snapshot is kept wherever it belongs",
    cites: ["E17", "Fig. 13"],
    changes: [
      { file: CORE, find: "if (request.offset === incoming.offset) {", put: "if (true) {" },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 200,
  },
  {
    name: "snapshot-checksum-ignored",
    title: "The checksum of a snapshot's payload isn't compared",
    cites: ["E16", "D7"],
    changes: [
      {
        file: "replica/snapshots/image.js",
        find: "if (crc !== header.payloadCrc) {",
        put: "if (false) {",
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 8000,
  },
  {
    name: "given-up-snapshot-left",
    title: "The file of a snapshot that is given up for a newer one stays",
    cites: ["E12", "D10"],
    changes: [
      {
        file: ARRIVALS,
        find: "before.meta.index !== meta.index",
        put: "before.meta.index === meta.index",
      },
    ],
    expect: [...STUCK],
    seedsMax: 1000,
  },
  {
    name: "snapshot-state-for-ever",
    title: "A peer that has its snapshot is never sent entries again",
    cites: ["E2", "E4"],
    changes: [
      { file: CORE, find: 'if (peer.flow === "snapshot")', put: "if (false)" },
      {
        file: "raft/leading.js",
        find: 'if (peer.flow !== "stream" && meets(raft, peer)) {',
        put: 'if (peer.flow === "probe" && meets(raft, peer)) {',
      },
    ],
    expect: STUCK,
    seedsMax: 100,
  },
  {
    name: "snapshot-never-resumed",
    title: "A piece of a snapshot that was lost is never asked for again",
    cites: ["E2", "G3"],
    changes: [
      {
        file: "raft/leading.js",
        find: `outgoing.sentAt = Number.POSITIVE_INFINITY;
        peer.silent = true;`,
        put: "outgoing.sentAt = Number.MAX_VALUE;",
      },
      {
        file: "raft/leading.js",
        find: `if (peer.outgoing !== undefined)
        peer.outgoing.sentAt = Number.POSITIVE_INFINITY;
    else`,
        put: "if (peer.outgoing === undefined)",
      },
    ],
    expect: STUCK,
    seedsMax: 200,
  },
];
