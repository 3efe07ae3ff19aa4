/** A reporter for node's test runner that writes one JSON object at the end: what passed, failed, was skipped, took how long. */

import path from "node:path";
import type { TestEvent } from "node:test/reporters";

/** What a run of tests came to. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Files that ran to their end without a single test in them. */
  readonly emptyFiles: readonly string[];
  readonly slowest: readonly { readonly file: string; readonly ms: number }[];
}

const SLOWEST = 5;

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  readonly emptyFiles: string[];
  readonly times: { file: string; ms: number }[];
}

type TestEnd = Extract<TestEvent, { type: "test:pass" | "test:fail" | "test:complete" }>;

export default async function* reportCounts(
  source: AsyncIterable<TestEvent>,
): AsyncGenerator<string> {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0, emptyFiles: [], times: [] };
  for await (const event of source) {
    switch (event.type) {
      case "test:pass":
      case "test:fail":
      case "test:complete":
        count(tally, event);
        break;
      default:
    }
  }
  const { times, ...counts } = tally;
  times.sort((a, b) => b.ms - a.ms);
  const result: TestCounts = { ...counts, slowest: times.slice(0, SLOWEST) };
  yield JSON.stringify(result);
}

function count(tally: Tally, event: TestEnd): void {
  const { data } = event;
  const file = data.file ?? "";
  // A file without a test, and the end of one with tests, are reported as a test named for the file.
  const isFile = data.nesting === 0 && path.basename(data.name) === path.basename(file);
  if (event.type === "test:complete") {
    if (isFile) tally.times.push({ file, ms: data.details.duration_ms });
  } else if (data.details.type === "suite") {
    if (event.type === "test:fail" && isOwnFailure(event)) tally.failed += 1;
  } else if (event.type === "test:fail") {
    tally.failed += 1;
  } else if (isFile) {
    tally.emptyFiles.push(file);
  } else if (data.skip !== undefined || data.todo !== undefined) {
    tally.skipped += 1;
  } else {
    tally.passed += 1;
  }
}

/**
 * A suite fails with the tests in it, which are counted, but also when its body or a hook throws. For the latter some
 * Nodes end with success: it must be counted here.
 */
function isOwnFailure(event: Extract<TestEvent, { type: "test:fail" }>): boolean {
  const { error } = event.data.details;
  return !("failureType" in error) || error.failureType !== "subtestsFailed";
}
