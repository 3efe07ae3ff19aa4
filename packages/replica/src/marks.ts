/** The marks of the replica: rare situations that a test campaign must have reached. */

import type { Mark } from "@holdfast/raft";

/** Sorted by name; each is called at exactly one place. */
export const REPLICA_MARKS: readonly Mark[] = [
  {
    name: "apply: a newer snapshot makes one needless",
    meaning: "It and the entries between the two are passed over.",
  },
  {
    name: "apply: others get their turn between two entries",
    meaning: "A slice was over, and the batch was not (C6, G10).",
  },
  {
    name: "disk queue: a snapshot waits for writes before it",
    meaning: "It may be in force only behind all that was promised before (H4).",
  },
  {
    name: "disk queue: a write waits behind a snapshot",
    meaning: "It builds on the snapshot that is being installed (D15).",
  },
  {
    name: "driver: a packet can't be read",
    meaning: "It is dropped and counted.",
  },
  {
    name: "driver: a piece of a snapshot is turned away by a slow disk",
    meaning: "Its sender repeats it: no more of a snapshot waits in memory than a few pieces.",
  },
  {
    name: "driver: the timer is late, and what was received goes first",
    meaning: "The process stood still: the leader may have been heard meanwhile (C4).",
  },
  {
    name: "forwarding: a repeated request is not appended again",
    meaning: "The network has repeated a packet (I5).",
  },
  {
    name: "forwarding: a request for another term is refused",
    meaning: "Its sender believed in a leader of another term.",
  },
  {
    name: "forwarding: nobody can tell any more what became of a request",
    meaning:
      "A copy of it may have been appended in the last life of this node, or in an old term.",
  },
  {
    name: "forwarding: the leader that a refusal names is asked next",
    meaning: "The first hint is followed at once.",
  },
  {
    name: "proposals: a newer term ends all hope before the place is reached",
    meaning:
      "What an older leader appended behind a committed entry of a newer one is lost (§5.3).",
  },
  {
    name: "proposals: a snapshot takes the place of the entry",
    meaning: "Nobody here can tell whether it was committed (E14).",
  },
  {
    name: "proposals: another leader's entry stands in the place",
    meaning: "The command was certainly not committed.",
  },
  {
    name: "proposals: refused because the own disk or machine is behind",
    meaning: "A leader takes in no more than it can hold (G8).",
  },
  {
    name: "proposals: refused because too many wait",
    meaning: "The budget of this node is spent.",
  },
  {
    name: "proposals: the leader's answer comes after the entry",
    meaning: "The result was kept for it.",
  },
  {
    name: "proposals: the time is up with a place in the log",
    meaning: "The outcome is unknown.",
  },
  {
    name: "proposals: unknown since the connection to the leader was lost",
    meaning: "The command may or may not be in its log.",
  },
  {
    name: "recovery: a segment that got no name is removed",
    meaning: "A crash came while it was begun.",
  },
  {
    name: "recovery: a spare of an earlier run serves again",
    meaning: "It is long enough.",
  },
  {
    name: "recovery: a torn write is cut from the end",
    meaning: "It was never acknowledged (D2).",
  },
  {
    name: "recovery: damage is told from a torn write and refused",
    meaning: "Good records stand behind bad ones, or a finished segment is bad (D7).",
  },
  {
    name: "recovery: the newest batch is written again",
    meaning: "It can be read, but perhaps it never was on the platter (D3).",
  },
  {
    name: "snapshots: a damaged one is set aside at the start",
    meaning: "An older one, or the log, must do.",
  },
  {
    name: "snapshots: a piece comes to the disk when nobody waits for it",
    meaning: "Its transfer has ended; another one of the same snapshot may be in force (E12).",
  },
  {
    name: "snapshots: a piece that a peer needs is gone",
    meaning: "A newer one has replaced it, or it can't be read.",
  },
  {
    name: "snapshots: no room for an own one",
    meaning: "The log stays as it is (D10).",
  },
  {
    name: "snapshots: no room for one that arrives",
    meaning: "It is asked for anew (D10).",
  },
  {
    name: "snapshots: one that was checked is not wanted any more",
    meaning: "The transfer had ended meanwhile, and its file is removed (E11).",
  },
  {
    name: "start: refused, entries are missing behind the snapshot",
    meaning: "STORE_GAP (D15).",
  },
  {
    name: "start: the snapshot is ahead of the log",
    meaning: "A crash came between the two; the log is begun behind it (D15).",
  },
  {
    name: "wal: an old segment is removed",
    meaning: "Nothing in it is needed any more.",
  },
  {
    name: "wal: an old segment is used again",
    meaning: "It becomes the spare.",
  },
  {
    name: "wal: fails and stops for good",
    meaning: "Nothing is acknowledged from here on (H7).",
  },
  {
    name: "wal: no room for a spare",
    meaning: "The log goes on without.",
  },
  {
    name: "wal: several writes share a sync",
    meaning: "Group commit.",
  },
  {
    name: "wal: the spare becomes a segment",
    meaning: "Its space was allocated before.",
  },
];
