/** Shared test helpers: conformance suites for the three ports. */

export { type ClockWorld, clockSuite } from "./clock-suite.ts";
