/**
 * Random crashes, partitions and weather: what was acknowledged is never lost, nothing is applied
 * twice or in two orders.
 */

import { test } from "node:test";
import { chaos } from "./chaos.ts";

const SEEDS = 12;

for (let seed = 1; seed <= SEEDS; seed++) {
  const size = seed % 3 === 0 ? 5 : 3;
  test(`I3 I7 chaos, seed ${seed}: ${size} nodes keep every acknowledged command once and in one order`, async () => {
    await chaos(seed);
  });
}
