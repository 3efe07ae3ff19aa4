/** Planted where commands come in and their outcomes go out, and in the wire codec (section I). */

import type { PlantedBug } from "./bug.ts";
import { STUCK, WRONG } from "./checks.ts";

const FORWARDING = "replica/forwarding.js";
const PROPOSALS = "replica/proposals.js";

export const CLIENT_BUGS: readonly PlantedBug[] = [
  {
    name: "forward-applied-twice",
    title: "A forwarded command that the network repeats is appended again",
    cites: ["I3", "K2"],
    changes: [
      {
        file: FORWARDING,
        find: "else if (this.#isRepeated(request)) {",
        put: "else if (false) {",
      },
    ],
    expect: WRONG,
    seedsMax: 200,
  },
  {
    name: "refused-and-appended",
    title: "A forwarded command for another term is appended and then refused",
    cites: ["I5"],
    changes: [
      {
        file: FORWARDING,
        find: "this.#answer(request, STALE);",
        put: `this.#host.start(request.command);
            this.#answer(request, STALE);`,
      },
    ],
    expect: WRONG,
    seedsMax: 1000,
  },
  {
    name: "lost-forward-retried",
    title: "A forwarded command whose connection broke is sent again",
    cites: ["I3", "K1"],
    changes: [
      {
        file: PROPOSALS,
        find: 'sometimes("proposals: unknown since the connection to the leader was lost");',
        put: `this.refused(proposal, 0);
            continue;`,
      },
    ],
    expect: WRONG,
    seedsMax: 500,
  },
  {
    name: "forward-ids-repeat",
    title: "Numbers of forwarded commands begin anew after a restart",
    cites: ["F1", "F2"],
    changes: [
      {
        file: FORWARDING,
        find: "this.#nextId = (random % 2 ** 31) * SPAN + 1;",
        put: "this.#nextId = 1;",
      },
    ],
    expect: [...WRONG, ...STUCK],
    seedsMax: 1000,
  },
  {
    name: "timeout-called-failure",
    title: "A command that was sent and not answered in time is called not committed",
    cites: ["I5", "K1"],
    changes: [
      {
        file: PROPOSALS,
        find: 'this.#cut(proposal, "no-leader", unsent, "Not applied here in time");',
        put: 'this.refuse(proposal, "no-leader", "Not applied here in time");',
      },
    ],
    expect: WRONG,
    seedsMax: 200,
  },
  {
    name: "other-entry-acknowledged",
    title: "Whatever is applied at a command's index is taken for the command",
    cites: ["I5", "§5.3"],
    changes: [{ file: PROPOSALS, find: "if (proposal.term !== term) {", put: "if (false) {" }],
    expect: WRONG,
    seedsMax: 500,
  },
  {
    name: "acknowledged-when-appended",
    title: "A command is answered when the leader has appended it",
    cites: ["I7", "§5.3"],
    changes: [
      {
        file: PROPOSALS,
        find: "proposal.term = at.term;",
        put: `proposal.term = at.term;
        if (this.#close(proposal)) {
            proposal.resolve({ result: undefined, index: at.index, term: at.term });
        }`,
      },
    ],
    expect: WRONG,
    seedsMax: 100,
  },
  {
    name: "snapshot-calls-failure",
    title: "A command whose entry a received snapshot covers is called not committed",
    cites: ["E14", "I5"],
    changes: [
      {
        file: PROPOSALS,
        find: 'this.giveUp(proposal, "A snapshot took the place of its entry");',
        put: "this.#supersede(proposal);",
      },
    ],
    expect: WRONG,
    seedsMax: 500,
  },
  {
    name: "deadlines-forgotten",
    title: "Deadlines of proposals are looked at once",
    cites: ["I4"],
    changes: [
      {
        file: "replica/driver-proposals.js",
        find: `if (next !== Number.POSITIVE_INFINITY)
            this.#wakeBy(`,
        put: `if (false)
            this.#wakeBy(`,
      },
    ],
    expect: STUCK,
    seedsMax: 500,
  },
  {
    name: "packet-memory-reused",
    title: "The memory of a packet that was just sent is used for the next one",
    cites: ["E17"],
    changes: [
      {
        file: "replica/codec/buffer.js",
        find: "slabUsed = this.at;",
        put: "slabUsed = this.start;",
      },
    ],
    expect: [...WRONG, ...STUCK],
    seedsMax: 50,
  },
  {
    name: "codec-32-bits",
    title: "Numbers on the wire are cut to 32 bits",
    cites: ["G13"],
    changes: [
      {
        file: "replica/codec/buffer.js",
        find: `return checked(value);
            }
            scale`,
        put: `return checked(value >>> 0);
            }
            scale`,
      },
    ],
    expect: STUCK,
    seedsMax: 100,
  },
  {
    name: "codec-term-difference",
    title: "Differences of terms are written from the first term, and read from the last",
    cites: ["B2"],
    changes: [
      {
        file: "replica/codec/entry.js",
        find: `writer.difference(term, entry.term);
            term = entry.term;`,
        put: `writer.difference(prevTerm, entry.term);
            term = entry.term;`,
      },
    ],
    expect: [...WRONG, ...STUCK],
    seedsMax: 500,
  },
  {
    name: "frame-checksum-ignored",
    title: "A frame whose checksum differs is read all the same",
    cites: ["N14"],
    changes: [
      {
        file: "replica/codec/framing.js",
        find: "if (u32At(bytes, at + 8) !== this.checksum(payload, payload.length)) {",
        put: "if (payload.length > this.payloadBytesMax) {",
      },
    ],
    expect: [...WRONG, ...STUCK],
    seedsMax: 200,
  },
];
