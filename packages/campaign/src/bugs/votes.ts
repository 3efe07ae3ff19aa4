/** Planted in votes: how they are given, kept and counted (paper §5.1, §5.2; thesis §3.8). */

import type { PlantedBug } from "./bug.ts";
import { STUCK, WRONG } from "./checks.ts";

const ELECTION = "raft/election.js";
const ROLE = "raft/role.js";

export const VOTE_BUGS: readonly PlantedBug[] = [
  {
    name: "vote-not-persisted",
    title: "A vote in a term that is on disk already isn't written",
    cites: ["A4", "Fig. 2"],
    changes: [
      {
        file: "raft/outbox.js",
        find: "raft.writtenTerm !== raft.term || raft.writtenVote !== raft.vote",
        put: "raft.writtenTerm !== raft.term",
      },
    ],
    expect: WRONG,
    seedsMax: 100,
  },
  {
    name: "term-not-persisted",
    title: "A higher term that was only heard of isn't written",
    cites: ["A1", "A9", "§5.1"],
    changes: [
      {
        file: "raft/outbox.js",
        find: "raft.writtenTerm !== raft.term || raft.writtenVote !== raft.vote",
        put: "raft.writtenVote !== raft.vote",
      },
    ],
    expect: WRONG,
    seedsMax: 100,
  },
  {
    name: "vote-answered-before-fsync",
    title: "A granted vote is answered at once, not when it is on disk",
    cites: ["A2", "thesis §3.8"],
    changes: [
      { file: ELECTION, find: "emit(raft, response);", put: "raft.outbox.send.push(response);" },
    ],
    expect: WRONG,
    seedsMax: 100,
  },
  {
    name: "vote-durable-by-term",
    title: "A vote counts as durable when its term is",
    cites: ["A2", "A12"],
    changes: [
      {
        file: "raft/state.js",
        find: "return raft.durableTerm === raft.term && raft.durableVote === raft.vote;",
        put: "return raft.durableTerm === raft.term;",
      },
    ],
    expect: WRONG,
    seedsMax: 100,
  },
  {
    name: "candidate-asks-before-fsync",
    title: "Requests for votes leave before term and own vote are on disk",
    cites: ["A1"],
    changes: [
      {
        file: ELECTION,
        find: "emit(raft, voteRequest(raft, voter, false, raft.term));",
        put: "raft.outbox.send.push(voteRequest(raft, voter, false, raft.term));",
      },
    ],
    expect: WRONG,
    seedsMax: 100,
  },
  {
    name: "own-vote-before-fsync",
    title: "A candidate asks at once and counts itself before its vote is on disk",
    cites: ["A1", "A12", "thesis §3.8"],
    changes: [
      {
        file: ELECTION,
        find: "emit(raft, voteRequest(raft, voter, false, raft.term));",
        put: "raft.outbox.send.push(voteRequest(raft, voter, false, raft.term));",
      },
      { file: ROLE, find: "granted: [],", put: "granted: [raft.config.id]," },
      {
        file: ROLE,
        find: 'assert(raft.durableTerm === raft.term, "becomeLeader: own vote is not on disk");',
        put: "",
      },
    ],
    expect: WRONG,
    seedsMax: 100,
  },
  {
    name: "vote-forgotten-at-restart",
    title: "After a restart the term is known and the vote given in it is not",
    cites: ["A3", "A4"],
    changes: [
      {
        file: "raft/state.js",
        find: "vote: isBehind ? NOBODY : hardState.vote,",
        put: "vote: NOBODY,",
      },
    ],
    expect: WRONG,
    seedsMax: 100,
  },
  {
    name: "votes-twice",
    title: "A vote already given to another in this term is no reason to refuse",
    cites: ["A4", "§5.2"],
    changes: [
      {
        file: ELECTION,
        find: "if (raft.vote !== NOBODY && raft.vote !== from)",
        put: "if (false)",
      },
    ],
    expect: WRONG,
    seedsMax: 100,
  },
  {
    name: "vote-freed-on-step-down",
    title: "A candidate that finds a leader of its own term frees its vote",
    cites: ["A3", "A11"],
    changes: [{ file: ROLE, find: "if (term > raft.term) {", put: "if (term >= raft.term) {" }],
    expect: WRONG,
    seedsMax: 100,
  },
  {
    name: "vote-kept-over-terms",
    title: "A higher term doesn't free the vote",
    cites: ["§5.1"],
    changes: [{ file: ROLE, find: "raft.vote = NOBODY;", put: "" }],
    expect: STUCK,
    seedsMax: 100,
  },
  {
    name: "candidate-keeps-votes",
    title: "A candidate begins its election with the votes of the one before",
    cites: ["A7", "A10"],
    changes: [{ file: ROLE, find: "granted: [],", put: "granted: [...votesOf(raft.role)]," }],
    expect: WRONG,
    seedsMax: 1000,
  },
  {
    name: "stale-vote-counted",
    title: "A vote from an earlier term's election counts in this one",
    cites: ["A7"],
    changes: [
      {
        file: ELECTION,
        find: "if (response.electionTerm !== raft.term) {",
        put: "if (false) {",
      },
    ],
    expect: WRONG,
    seedsMax: 1000,
  },
  {
    name: "duplicate-vote-counted",
    title: "Votes are counted by messages, not by voters",
    cites: ["A7"],
    changes: [
      {
        file: ELECTION,
        find: "if (role.granted.includes(response.from) || role.refused.includes(response.from))",
        put: "if (false)",
      },
      { file: "raft/quorum.js", find: "if (yes >= need)", put: "if (granted.length >= need)" },
    ],
    expect: WRONG,
    seedsMax: 300,
  },
  {
    name: "term-led-twice",
    title: "Who led a term and stepped down is elected in it again by a vote that comes late",
    cites: ["A10", "§5.2"],
    changes: [
      {
        file: ELECTION,
        find: "if (response.electionTerm !== raft.term || !raft.isElectionOpen)",
        put: "if (response.electionTerm !== raft.term || raft.vote !== raft.config.id)",
      },
      {
        file: ELECTION,
        find: "if (!isHardStateDurable(raft) || !raft.isElectionOpen)",
        put: "if (!isHardStateDurable(raft) || raft.vote !== raft.config.id)",
      },
      {
        file: ROLE,
        find: 'assert(raft.isElectionOpen, "becomeLeader: a term is led once");',
        put: "",
      },
      {
        file: "raft/invariants.js",
        find: 'assert(raft.isElectionOpen, "pre-candidate: holds votes of no election");',
        put: "",
      },
    ],
    expect: WRONG,
    seedsMax: 5000,
  },
  {
    name: "vote-quorum-short",
    title: "One vote less than a majority wins",
    cites: ["B7"],
    changes: [
      {
        file: "raft/quorum.js",
        find: "const need = majorityOf(voters.length);",
        put: "const need = Math.max(1, majorityOf(voters.length) - 1);",
      },
    ],
    expect: WRONG,
    seedsMax: 100,
  },
  {
    name: "vote-quorum-even",
    title: "Half of an even number of voters wins",
    cites: ["B7"],
    changes: [
      {
        file: "raft/quorum.js",
        find: "const need = majorityOf(voters.length);",
        put: "const need = Math.ceil(voters.length / 2);",
      },
    ],
    expect: WRONG,
    seedsMax: 200,
  },
];
