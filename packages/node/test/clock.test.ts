/** The system clock passes the conformance suite. */

import { setTimeout as sleep } from "node:timers/promises";
import { clockSuite } from "@holdfast/testkit";
import { systemClock } from "holdfast";

clockSuite("systemClock", () => ({
  clock: systemClock(),
  // A millisecond more: timers may fire that much early.
  advance: (ms) => sleep(ms + 1),
}));
