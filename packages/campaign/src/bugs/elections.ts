/** Planted in elections: who may win, trials, timers, check-quorum (paper §5.4.1; thesis §9.6). */

import type { PlantedBug } from "./bug.ts";
import { STUCK, WRONG } from "./checks.ts";

const ELECTION = "raft/election.js";
const STEP = "raft/step.js";

export const ELECTION_BUGS: readonly PlantedBug[] = [
  {
    name: "no-up-to-date-check",
    title: "A vote goes to whoever asks first, however old its log",
    cites: ["§5.4.1"],
    changes: [
      {
        file: ELECTION,
        find: "if (isUpToDate(raft, request.lastTerm, request.lastIndex))",
        put: "if (true)",
      },
    ],
    expect: WRONG,
    seedsMax: 100,
  },
  {
    name: "up-to-date-by-length",
    title: "The longer log wins, whatever the terms of its end",
    cites: ["A6", "§5.4.1"],
    changes: [{ file: ELECTION, find: "if (lastTerm !== raft.log.lastTerm)", put: "if (false)" }],
    expect: WRONG,
    seedsMax: 1000,
  },
  {
    name: "up-to-date-needs-both",
    title: "A log must be of a later term and longer to be up to date",
    cites: ["A6"],
    changes: [
      {
        file: ELECTION,
        find: "return lastTerm > raft.log.lastTerm;",
        put: "return lastTerm > raft.log.lastTerm && lastIndex >= raft.log.lastIndex;",
      },
    ],
    expect: STUCK,
    seedsMax: 4000,
  },
  {
    name: "pre-vote-spends-vote",
    title: "A granted trial takes the voter's vote",
    cites: ["thesis §9.6"],
    changes: [
      {
        file: ELECTION,
        find: `if (!preVote) {
        if (raft.vote === candidate)`,
        put: `{
        if (raft.vote === candidate)`,
      },
    ],
    expect: WRONG,
    seedsMax: 100,
  },
  {
    name: "pre-vote-raises-term",
    title: "A trial raises the term of those who are asked",
    cites: ["C1", "thesis §9.6"],
    changes: [
      {
        file: STEP,
        find: "if (message.term > raft.term) {",
        put: `const asked = message.kind === "vote-request" ? message.electionTerm : 0;
    if (message.term > raft.term || asked > raft.term) {`,
      },
      {
        file: STEP,
        find: `if (!message.preVote)
                becomeFollower(raft, message.term, NOBODY, "higher-term");`,
        put: `if (raft.role.kind !== "leader")
                becomeFollower(raft, message.electionTerm, NOBODY, "higher-term");`,
      },
    ],
    expect: STUCK,
    seedsMax: 100,
  },
  {
    name: "pre-vote-refusal-unheard",
    title: "A refused trial doesn't teach the higher term",
    cites: ["C4"],
    changes: [
      {
        file: STEP,
        find: `else {
            becomeFollower(raft, message.term, NOBODY, "higher-term");`,
        put: `else if (message.kind !== "vote-response" || !message.preVote) {
            becomeFollower(raft, message.term, NOBODY, "higher-term");`,
      },
    ],
    expect: STUCK,
    seedsMax: 2000,
  },
  {
    name: "stale-message-deposes",
    title: "A leader steps down when it hears of a lower term",
    cites: ["C10", "§5.1"],
    changes: [
      {
        file: STEP,
        find: `if (message.kind === "vote-request")
        onVoteRequest(raft, message);
    else if (message.kind === "append-request")`,
        put: `if (raft.role.kind === "leader")
        becomeFollower(raft, raft.term, NOBODY, "other-leader");
    if (message.kind === "vote-request")
        onVoteRequest(raft, message);
    else if (message.kind === "append-request")`,
      },
    ],
    expect: STUCK,
    seedsMax: 3000,
  },
  {
    name: "timer-not-reset-by-append",
    title: "A leader's word doesn't reset the election timer",
    cites: ["§5.2", "C15"],
    changes: [{ file: "raft/role.js", find: "role.electionAt = nextElectionAt(raft);", put: "" }],
    expect: STUCK,
    seedsMax: 500,
  },
  {
    name: "timeouts-all-equal",
    title: "Election timeouts are not random",
    cites: ["C16", "§9.3"],
    changes: [
      {
        file: "raft/state.js",
        find: "(raft.random % (electionTimeoutMaxMs - electionTimeoutMs))",
        put: "0",
      },
    ],
    expect: STUCK,
    seedsMax: 1000,
  },
  {
    name: "quorum-never-lost",
    title: "A leader that hears nobody leads on",
    cites: ["C8", "thesis §6.2"],
    changes: [
      {
        file: "raft/leading.js",
        find: "return count >= majorityOf(raft.members.voters.length);",
        put: "return true;",
      },
    ],
    expect: STUCK,
    seedsMax: 1000,
  },
  {
    name: "quorum-check-strict",
    title: "A leader that hears just a majority steps down",
    cites: ["B7", "thesis §6.2"],
    changes: [
      {
        file: "raft/leading.js",
        find: "return count >= majorityOf(raft.members.voters.length);",
        put: "return count > majorityOf(raft.members.voters.length);",
      },
    ],
    expect: STUCK,
    seedsMax: 100,
  },
];
