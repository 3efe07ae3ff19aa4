/** Planted in what is acknowledged and committed (paper §5.3, §5.4.2; thesis §10.2.1). */

import type { PlantedBug } from "./bug.ts";
import { STUCK, WRONG } from "./checks.ts";

const COMMIT = "raft/commit.js";
const FOLLOWING = "raft/following.js";
const QUORUM = "raft/quorum.js";

export const COMMIT_BUGS: readonly PlantedBug[] = [
  {
    name: "ack-before-fsync",
    title: "A follower acknowledges entries before they are on disk",
    cites: ["B9", "thesis §3.8"],
    changes: [
      {
        file: FOLLOWING,
        find: "emit(raft, appendResponse(raft, request, true, index, 0), index);",
        put: "raft.outbox.send.push(appendResponse(raft, request, true, index, 0));",
      },
    ],
    expect: WRONG,
    seedsMax: 50,
  },
  {
    name: "ack-overlap-in-flight",
    title: "A repeated append is acknowledged while its first copy is still being synced",
    cites: ["B9", "B15"],
    changes: [
      {
        file: "raft/outbox.js",
        find: "promised <= raft.log.durable",
        put: "promised <= raft.written",
      },
    ],
    expect: WRONG,
    seedsMax: 100,
  },
  {
    name: "leader-counts-unsynced",
    title: "A leader counts its own entries before they are on disk",
    cites: ["B9", "thesis §10.2.1"],
    changes: [
      {
        file: COMMIT,
        find: "reached.push(raft.log.durable);",
        put: "reached.push(raft.log.lastIndex);",
      },
    ],
    expect: WRONG,
    seedsMax: 50,
  },
  {
    name: "commit-old-term",
    title: "Entries of earlier terms commit by counting",
    cites: ["B1", "§5.4.2", "Figure 8"],
    changes: [
      {
        file: COMMIT,
        find: "if (raft.log.termAt(index) !== raft.term) {",
        put: "if (false) {",
      },
    ],
    expect: WRONG,
    seedsMax: 2000,
  },
  {
    name: "commit-quorum-short",
    title: "One copy less than a majority commits",
    cites: ["B7"],
    changes: [
      {
        file: QUORUM,
        find: "return values[majorityOf(count) - 1];",
        put: "return values[Math.max(0, majorityOf(count) - 2)];",
      },
    ],
    expect: WRONG,
    seedsMax: 50,
  },
  {
    name: "commit-quorum-even",
    title: "Half of an even number of copies commits",
    cites: ["B7"],
    changes: [
      {
        file: QUORUM,
        find: "return values[majorityOf(count) - 1];",
        put: "return values[(count - 1) >>> 1];",
      },
    ],
    expect: WRONG,
    seedsMax: 200,
  },
  {
    name: "commit-beyond-verified",
    title: "A follower commits up to the end of its log, not of what was compared",
    cites: ["B4", "§5.3"],
    changes: [
      {
        file: FOLLOWING,
        find: "Math.min(request.commit, covered)",
        put: "Math.min(request.commit, log.lastIndex)",
      },
    ],
    expect: [...WRONG, ...STUCK],
    seedsMax: 500,
  },
];
