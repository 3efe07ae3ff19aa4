/** What tests of all packages share. */

export { GoldenError, golden } from "./golden.ts";
