/** `npm run lab`: plays the suite and prints the table. */

import { randomInt } from "node:crypto";
import { playOnThreads, runSuite } from "./cli.ts";

const write = (text: string): void => {
  process.stdout.write(text);
};

// Whoever reads the output may stop reading (`| head`): then there is nobody left to work for.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

process.exitCode = await runSuite(process.argv.slice(2), {
  write,
  writeError: (text) => {
    process.stderr.write(text);
  },
  randomSeed: randomInt(2 ** 31),
  playRuns: playOnThreads(write),
});
