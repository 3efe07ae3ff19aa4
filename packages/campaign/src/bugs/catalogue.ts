/** All planted bugs. */

import type { PlantedBug } from "./bug.ts";
import { CLIENT_BUGS } from "./clients.ts";
import { COMMIT_BUGS } from "./commit.ts";
import { DISK_BUGS } from "./disk.ts";
import { ELECTION_BUGS } from "./elections.ts";
import { REPLICATION_BUGS } from "./replication.ts";
import { SNAPSHOT_BUGS } from "./snapshots.ts";
import { VOTE_BUGS } from "./votes.ts";

/** In the order of the table. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  ...VOTE_BUGS,
  ...ELECTION_BUGS,
  ...COMMIT_BUGS,
  ...REPLICATION_BUGS,
  ...SNAPSHOT_BUGS,
  ...DISK_BUGS,
  ...CLIENT_BUGS,
];

/** The bug of that name; `undefined` when there is none. */
export function plantedBug(name: string): PlantedBug | undefined {
  return PLANTED_BUGS.find((bug) => bug.name === name);
}
