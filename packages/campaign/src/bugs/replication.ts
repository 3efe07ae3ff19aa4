/** Planted in replication: appends, refusals, progress of peers, windows (paper §5.3). */

import type { PlantedBug } from "./bug.ts";
import { STUCK, WRONG } from "./checks.ts";

const FOLLOWING = "raft/following.js";
const LEADING = "raft/leading.js";

export const REPLICATION_BUGS: readonly PlantedBug[] = [
  {
    name: "append-cuts-without-conflict",
    title: "Every append cuts the uncommitted log behind it, also where it is equal",
    cites: ["B2", "B3", "§5.3"],
    changes: [
      {
        file: FOLLOWING,
        find: "const conflict = firstConflict(raft, entries);",
        put: `const equal = Math.max(prevIndex, commit);
    const conflict = log.lastIndex > equal ? equal + 1 : 0;`,
      },
    ],
    expect: WRONG,
    seedsMax: 100,
  },
  {
    name: "conflict-not-cut",
    title: "Entries that contradict the leader's stay in the log",
    cites: ["§5.3", "Fig. 2"],
    changes: [{ file: FOLLOWING, find: "truncateLog(raft, conflict);", put: ";" }],
    expect: [...WRONG, ...STUCK],
    seedsMax: 200,
  },
  {
    name: "previous-entry-unchecked",
    title: "An append is taken whatever the term of the entry before it",
    cites: ["§5.3", "Fig. 2"],
    changes: [
      {
        file: FOLLOWING,
        find: "if (!log.matches(prevIndex, prevTerm)) {",
        put: "if (prevIndex > log.lastIndex) {",
      },
    ],
    expect: WRONG,
    seedsMax: 400,
  },
  {
    name: "heartbeat-vouches-for-tail",
    title: "An accepted heartbeat acknowledges the follower's whole log",
    cites: ["B4", "B12"],
    changes: [
      {
        file: FOLLOWING,
        find: "const covered = prevIndex + entries.length;",
        put: "const covered = entries.length === 0 ? log.lastIndex : prevIndex + entries.length;",
      },
    ],
    expect: [...WRONG, ...STUCK],
    seedsMax: 200,
  },
  {
    name: "compacted-prev-refused",
    title: "An append behind an entry that is compacted counts as a conflict",
    cites: ["B5"],
    changes: [
      {
        file: FOLLOWING,
        find: "return request.prevIndex < raft.log.startIndex",
        put: "return false",
      },
    ],
    expect: [...WRONG, ...STUCK],
    seedsMax: 200,
  },
  {
    name: "append-over-start-dropped",
    title: "What an append has beyond the start of a log is neither taken nor sent again",
    cites: ["B5", "§7"],
    changes: [
      { file: FOLLOWING, find: "if (beyond.length > 0) {", put: "if (false) {" },
      { file: "raft/progress.js", find: "if (last > this.match)", put: "if (false)" },
    ],
    expect: [...WRONG, ...STUCK],
    seedsMax: 1000,
  },
  // Without the assertion that sees it at once: the healed majority must see it, too.
  {
    name: "lost-append-forgotten",
    title: "What is lost on its way to a streaming peer waits until something new is proposed",
    cites: ["G3", "§5.3"],
    changes: [
      {
        file: "raft/progress.js",
        find: `this.next = Math.max(this.match + 1, this.windowFirst[0] ?? this.next);
        this.probe(floorSeq);`,
        put: `const { flow } = this;
        this.probe(floorSeq);
        this.flow = flow;`,
      },
      {
        file: "raft/invariants.js",
        find: "assert(!isAhead || peer.messagesInWindow > 0,",
        put: "assert(true,",
      },
    ],
    expect: STUCK,
    seedsMax: 500,
  },
  {
    name: "stale-append-accepted",
    title: "Appends of deposed leaders are taken",
    cites: ["A8", "§5.1"],
    changes: [
      {
        file: "raft/step.js",
        find: "message.term < raft.term ? onStale(raft, message)",
        put: 'message.term < raft.term && message.kind !== "append-request" ? onStale(raft, message)',
      },
      {
        file: "raft/step.js",
        find: "otherLeader(raft, message.from) || onAppendRequest(raft, message)",
        put: "onAppendRequest(raft, message)",
      },
    ],
    expect: [...WRONG, ...STUCK],
    seedsMax: 200,
  },
  {
    name: "match-from-next",
    title: "Any acknowledgement counts for all that was sent",
    cites: ["B10", "B11"],
    changes: [
      {
        file: LEADING,
        find: "peer.accepted(response.seq, response.index, leader.seq)",
        put: "peer.accepted(response.seq, peer.next - 1, leader.seq)",
      },
    ],
    expect: WRONG,
    seedsMax: 100,
  },
  {
    name: "match-starts-at-commit",
    title: "A new leader believes that every peer holds what is committed",
    cites: ["Fig. 2", "B10"],
    changes: [
      {
        file: "raft/role.js",
        find: "peer.sentAt = now - config.coalesceMs;",
        put: `peer.sentAt = now - config.coalesceMs;
        peer.match = raft.commit;`,
      },
    ],
    expect: [...WRONG, ...STUCK],
    seedsMax: 200,
  },
  {
    name: "refusal-counts-as-match",
    title: "The place where logs may agree is taken for one where they do",
    cites: ["B12", "§5.3"],
    changes: [
      {
        file: LEADING,
        find: "const agree = raft.log.lastIndexUpTo(response.index, response.hintTerm);",
        put: `const agree = raft.log.lastIndexUpTo(response.index, response.hintTerm);
    peer.match = Math.max(peer.match, agree);`,
      },
    ],
    expect: [...WRONG, ...STUCK],
    seedsMax: 1000,
  },
  {
    name: "hint-off-by-one",
    title: "After a refusal the leader goes on one entry too late",
    cites: ["B13", "§5.3"],
    changes: [
      {
        file: LEADING,
        find: "peer.refused(Math.max(agree, peer.match) + 1, leader.seq + 1);",
        put: "peer.refused(Math.min(Math.max(agree, peer.match) + 2, raft.log.lastIndex + 1), leader.seq + 1);",
      },
    ],
    expect: STUCK,
    seedsMax: 200,
  },
  {
    name: "hint-is-log-end",
    title: "A refusal names the end of the follower's log, not where the logs may agree",
    cites: ["B13", "§5.3"],
    changes: [
      {
        file: FOLLOWING,
        find: "const found = log.lastIndexUpTo(request.prevIndex, request.prevTerm);",
        put: "const found = log.lastIndex;",
      },
    ],
    expect: STUCK,
    seedsMax: 3000,
  },
  {
    name: "in-flight-not-clamped",
    title: "A write that was under way when the log was cut vouches for what replaced it",
    cites: ["B15"],
    changes: [{ file: "raft/outbox.js", find: "clampInFlight(raft, from - 1);", put: "" }],
    expect: WRONG,
    seedsMax: 1000,
  },
  {
    name: "durable-not-lowered",
    title: "Cutting the log leaves its durable end where it was",
    cites: ["B15", "H5"],
    changes: [
      {
        file: "raft/log.js",
        find: `if (this.durable >= from)
            this.durable = from - 1;`,
        put: "",
      },
    ],
    expect: WRONG,
    seedsMax: 200,
  },
  {
    name: "window-bytes-leak",
    title: "Bytes that were under way to a lost peer are never given back",
    cites: ["G1"],
    changes: [{ file: "raft/progress.js", find: "this.bytesInWindow = 0;", put: "" }],
    expect: [...WRONG, ...STUCK],
    seedsMax: 100,
  },
  {
    name: "uncommitted-bytes-leak",
    title: "Committed entries don't give their bytes back to the leader's budget",
    cites: ["G2"],
    changes: [
      { file: "raft/commit.js", find: "leader.uncommittedBytes -= entryBytes(entry);", put: ";" },
    ],
    expect: [...WRONG, ...STUCK],
    seedsMax: 50,
  },
  {
    name: "silent-for-ever",
    title: "A peer that was given up once gets no entries any more",
    cites: ["G3", "G4"],
    changes: [{ file: "raft/replicate.js", find: "peer.silent = false;", put: "" }],
    expect: STUCK,
    seedsMax: 200,
  },
];
