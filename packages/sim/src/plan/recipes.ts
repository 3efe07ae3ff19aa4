/**
 * The recipes by name: a tenth of all plans follows one. Each makes a situation that killed a real
 * or planted bug and that a swarm meets seldom.
 */

import type { Dice } from "./dice.ts";
import type { Knobs } from "./plan.ts";
import * as disk from "./recipes/disk-recipes.ts";
import * as leader from "./recipes/leader-recipes.ts";
import * as network from "./recipes/network-recipes.ts";
import * as processes from "./recipes/process-recipes.ts";
import type { Recipe, Script } from "./recipes/recipe.ts";

/** One entry per message, and often no entry that would commit the older ones at once. */
function oneByOne(dice: Dice): Knobs {
  return { messageBytesMax: 1, noop: dice.chance(50) };
}

/** The log behind a snapshot goes quickly. */
function compacting(dice: Dice): Knobs {
  return {
    snapshotEveryEntries: dice.pick([5, 10, 20]),
    trailingEntries: dice.pick([0, 0, 2]),
    segmentBytes: dice.pick([4096, 16 << 10]),
  };
}

function storming(dice: Dice): Knobs {
  return { ...compacting(dice), snapshotEveryEntries: dice.pick([3, 5]) };
}

/** Segments are full soon, and are used again. */
function rotating(dice: Dice): Knobs {
  return { ...compacting(dice), preallocate: true, segmentBytes: 4096 };
}

/** What keeps a deaf node from unseating leaders (thesis §6.2, §9.6). */
const POLITE: Knobs = { preVote: true, checkQuorum: true };

function recipe(
  provokes: string,
  cites: string,
  script: Script,
  rest: Partial<Recipe> = {},
): Recipe {
  return { provokes, cites, nodesLeast: 2, script, ...rest };
}

const THREE = { nodesLeast: 3 };
const SMALL = { valueBytes: 16, keys: 3 };

export const RECIPES: Readonly<Record<string, Recipe>> = {
  "figure-8": recipe(
    "an entry of an old term committed by counting",
    "B1, §5.4.2",
    leader.figure8,
    {
      ...THREE,
      knobs: oneByOne,
    },
  ),
  "figure-8-unreliable": recipe(
    "the same by cuts and late answers",
    "B1, B12, N3",
    leader.figure8Unreliable,
    { ...THREE, knobs: oneByOne },
  ),
  "kill-leader-on-commit": recipe(
    "answers that are out before the news",
    "P5, I4, I5",
    leader.killLeaderOnCommit,
  ),
  "mute-leader": recipe("a leader that hears no answers", "C8, N7", leader.muteLeader, THREE),
  "pause-leader": recipe("a leader that sleeps through its end", "C4, C19", leader.pauseLeader),
  "flapping-leader": recipe(
    "leadership that never settles",
    "N10, C8",
    leader.flappingLeader,
    THREE,
  ),
  "fsync-fail-on-leader": recipe("trust in a failed sync", "D3, H7, A2", leader.fsyncFailOnLeader),
  "hung-leader-disk": recipe("a leader that can't write", "D5, G14", leader.hungLeaderDisk),
  "vote-and-die": recipe("two votes in one term", "A1, A2, A4, P3", leader.voteAndDie, THREE),
  "late-votes": recipe("a term that is led twice", "A10, G14", leader.lateVotes, {
    ...THREE,
    knobs: () => POLITE,
  }),
  "swizzle-clog": recipe("bursts from several terms", "N5, N12, B3", network.swizzleClog),
  "flaky-link": recipe("connections that come and go", "N10, N13, G4", network.flakyLink),
  "blackhole-until-snapshot": recipe(
    "an install, and a crash in it",
    "N18, E1-E8, D15",
    network.blackholeUntilSnapshot,
    { knobs: compacting, load: SMALL },
  ),
  "majority-ring": recipe("majorities that differ for all", "N9", network.majorityRing, THREE),
  bridge: recipe("two halves with one node in both", "N8", network.bridge, THREE),
  "deaf-node-forever": recipe(
    "a candidate that nobody can stop",
    "N7, C10",
    network.deafNodeForever,
    { ...THREE, knobs: () => POLITE, outsider: "deaf" },
  ),
  "one-way-chain": recipe("messages in one direction", "N7, C8", network.oneWayChain),
  "partial-cut": recipe("two that can't see each other", "C8, C1", network.partialCut, THREE),
  "late-answers": recipe(
    "acknowledgements of what is not on disk",
    "B3, B10-B12, B15",
    network.lateAnswers,
  ),
  "crash-restart": recipe("crashes in every state", "P1, P3, I3", processes.crashRestart, {
    nodesLeast: 1,
  }),
  "rolling-restart": recipe("restarts one by one", "U1", processes.rollingRestart),
  "power-outage": recipe("all nodes without power", "P4, H8", processes.powerOutage, {
    nodesLeast: 1,
  }),
  "restart-storm": recipe("crashes in recovery", "P2, E15", processes.restartStorm, {
    nodesLeast: 1,
  }),
  "recovery-crash": recipe("half a recovery", "P2, D15, H1-H5", processes.recoveryCrash, {
    nodesLeast: 1,
  }),
  "clock-jump": recipe("clocks that disagree", "C2, C3, F7", processes.clockJump),
  "slow-disk": recipe("answers of slow disks", "D5, B15, G8", disk.slowDisk),
  "disk-full": recipe("no space for a while", "D10, H12", disk.diskFull, { nodesLeast: 1 }),
  "disk-full-on-majority": recipe("no space on most", "D10, H12", disk.diskFullOnMajority),
  "damage-minority": recipe("silent damage", "D6, D7, D8, H9, E16", disk.damageMinority, {
    ...THREE,
    spends: true,
  }),
  "slow-follower": recipe("a follower that can't keep up", "G3, G8", disk.slowFollower, THREE),
  "snapshot-storm": recipe("snapshots on top of each other", "E1-E17, D15", disk.snapshotStorm, {
    knobs: storming,
    load: SMALL,
  }),
  "slow-install": recipe("snapshots that wait for a slow disk", "E12, G8", disk.slowInstall, {
    knobs: storming,
    load: { ...SMALL, clients: 6, thinkMs: 40, reads: 0 },
  }),
  "segment-rotation": recipe("half a change of segments", "H2, H4, H10", disk.segmentRotation, {
    nodesLeast: 1,
    knobs: rotating,
    load: { valueBytes: 200 },
  }),
};

export const RECIPE_NAMES: readonly string[] = Object.keys(RECIPES);
