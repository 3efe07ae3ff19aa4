/** Part 2A: leaders come, stay, and are replaced (paper §5.2). */

import { ELECTION_MS, type Harness } from "../harness.ts";

/** A leader is elected, and stays in office while nothing fails. */
export async function initialElection(h: Harness): Promise<void> {
  await h.checkOneLeader();
  // Time for all to hear of the term.
  await h.pause(50);
  h.expect(h.checkTerms() >= 1, "Expected a term of at least 1 after an election");
  await h.pause(2 * ELECTION_MS);
  h.checkTerms();
  await h.checkOneLeader();
}

/** A lost leader is replaced; one who comes back does no harm; nobody leads without a majority. */
export async function electionAfterFailure(h: Harness): Promise<void> {
  const first = await h.checkOneLeader();
  h.disconnect(first);
  await h.checkOneLeader();
  h.connect(first);
  const second = await h.checkOneLeader();

  h.disconnect(second);
  h.disconnect(h.after(second, 1));
  await h.pause(2 * ELECTION_MS);
  h.checkNoLeader();

  h.connect(h.after(second, 1));
  await h.checkOneLeader();
  h.connect(second);
  await h.checkOneLeader();
}

/** Nine times up to three of seven servers are cut off: the rest always has or gets a leader. */
export async function multipleElections(h: Harness): Promise<void> {
  await h.checkOneLeader();
  for (let round = 1; round < 10; round++) {
    const away = [1, 2, 3].map(() => h.random.below(h.servers));
    for (const i of away) h.disconnect(i);
    await h.checkOneLeader();
    for (const i of away) h.connect(i);
  }
  await h.checkOneLeader();
}
