/**
 * Which checks may catch a bug, by their beginnings, in three groups. What is in none of them, such
 * as a thread that died, is no catch.
 */

/** Something wrong was done, kept or said: the cluster as a whole, its clients, an assertion. */
export const WRONG: readonly string[] = [
  "cluster:",
  "durable:",
  "load:",
  "server: refuses what another server sent",
  "server: starts with the directory of another node",
  "server: speaks in a term before",
  "server: two votes",
  "state:",
  "step:",
  // Assertions of production code, by module.
  "advanceCommit:",
  "append-request:",
  "apply pump:",
  "becomeCandidate:",
  "becomeFollower:",
  "becomeLeader:",
  "becomePreCandidate:",
  "candidate:",
  "codec:",
  "disk queue:",
  "follow:",
  "follower:",
  "leader:",
  "learnCommit:",
  "log:",
  "log.",
  "pre-candidate:",
  "progress: match",
  "progress: next",
  "progress: flow",
  "progress: window",
  "progress.",
  "proposals:",
  "quorum:",
  "replicate:",
  "restore:",
  "segments.",
  "snapshots.",
  "truncateLog:",
  "wal.",
  "write:",
];

/** Nothing wrong is done, and too little, when the healed majority should get on. */
export const STUCK: readonly string[] = ["liveness:", "progress: operation"];

/** A server can't read what it wrote itself. */
export const STORE: readonly string[] = ["server: refuses to start", "server: stopped itself"];
