/** What tests of all packages share: golden files, the conformance suites of the ports, writes. */

export { type ClockWorld, clockSuite } from "./clock-suite.ts";
export { type DiskUnderTest, diskSuite } from "./disk-suite.ts";
export { GoldenError, golden } from "./golden.ts";
export { type NetworkWorld, networkSuite } from "./network-suite.ts";
export { IDENTITY, write } from "./writes.ts";
