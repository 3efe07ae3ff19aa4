/** What tests of all packages share. */

export { GoldenError, golden } from "./golden.ts";
/** Shared test helpers: conformance suites for the three ports. */

export { type ClockWorld, clockSuite } from "./clock-suite.ts";
/** The public surface of the shared test equipment. */

export { type DiskUnderTest, diskSuite } from "./disk-suite.ts";
