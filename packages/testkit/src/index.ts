/** What tests of all packages share: golden files and the conformance suites of the ports. */

export { type ClockWorld, clockSuite } from "./clock-suite.ts";
export { type DiskUnderTest, diskSuite } from "./disk-suite.ts";
export { GoldenError, golden } from "./golden.ts";
export { type NetworkWorld, networkSuite } from "./network-suite.ts";
