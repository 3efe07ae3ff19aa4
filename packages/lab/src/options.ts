/** The command line of the suite. */

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { UsageError } from "./failure.ts";
import { type Scenario, select } from "./suite.ts";

export interface Options {
  readonly scenarios: readonly Scenario[];
  readonly isReal: boolean;
  /** Of the first run; the others count on from it. */
  readonly seed: number;
  readonly repeat: number;
  readonly jobs: number;
  readonly isJson: boolean;
  readonly isTraced: boolean;
}

export const HELP = `The MIT 6.824 Raft suite on the production stack: replica, log, codec.

Usage: npm run lab -- [options]

  --only WHAT   a part (2C), a number (17), or a piece of a name ("figure 8")
  --seed N      the seed of the first run (otherwise a random one, which is printed)
  --repeat N    N runs of each test, seeds counting on; prints a summary per test
  --jobs N      threads (all cores; 1 with --real, so that the runs don't disturb each other)
  --real        real time instead of virtual time: takes as long as the table says
  --trace       narrate what the servers do, with the time in seconds
  --json        one JSON object instead of the table
  --help        this text

Exit code: 0 when all passed, 1 when a test failed, 2 when the options are wrong.
`;

const SPECIFICATION = {
  only: { type: "string" },
  seed: { type: "string" },
  repeat: { type: "string" },
  jobs: { type: "string" },
  real: { type: "boolean" },
  trace: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;

/** Nothing when help was asked for. Throws {@link UsageError}. */
export function parseOptions(args: readonly string[], randomSeed: number): Options | undefined {
  const values = parseFlags(args);
  if (values.help === true) return undefined;
  const scenarios = select(values.only);
  if (scenarios.length === 0) {
    throw new UsageError(`--only: no test fits ${JSON.stringify(values.only)}`);
  }
  const isReal = values.real === true;
  const isTraced = values.trace === true;
  if (isTraced && values.json === true)
    throw new UsageError("--trace and --json exclude each other");
  return {
    scenarios,
    isReal,
    seed: parseCount("--seed", values.seed, randomSeed, 0),
    repeat: parseCount("--repeat", values.repeat, 1, 1),
    // A narration of several runs at a time can't be read.
    jobs: isTraced ? 1 : parseCount("--jobs", values.jobs, isReal ? 1 : availableParallelism(), 1),
    isJson: values.json === true,
    isTraced,
  };
}

type Values = ReturnType<typeof parseArgs<{ options: typeof SPECIFICATION }>>["values"];

function parseFlags(args: readonly string[]): Values {
  try {
    return parseArgs({ args: [...args], options: SPECIFICATION, allowPositionals: false }).values;
  } catch (error) {
    const [line] = String(error instanceof Error ? error.message : error).split("\n");
    throw new UsageError(line ?? "", { cause: error });
  }
}

function parseCount(flag: string, text: string | undefined, absent: number, least: number): number {
  if (text === undefined) return absent;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
    throw new UsageError(
      `${flag}: must be a whole number, ${least} or more, got ${JSON.stringify(text)}`,
    );
  }
  return value;
}
