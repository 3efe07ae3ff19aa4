/** The public surface of the shared test equipment. */

export { type DiskUnderTest, diskSuite } from "./disk-suite.ts";
