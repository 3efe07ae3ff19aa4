#!/usr/bin/env node
/**
 * The `holdfast` command: finds the command, reads its flags, turns failures into one line and an
 * exit code.
 */

import { CliError, lineOf, UsageError } from "./cli-error.ts";
import type { Command } from "./command.ts";
import { cluster } from "./commands/cluster.ts";
import { explore } from "./commands/explore.ts";
import { helpFor, overview } from "./commands/help.ts";
import { lab } from "./commands/lab.ts";
import { serve } from "./commands/serve.ts";
import { sim } from "./commands/sim.ts";
import { status } from "./commands/status.ts";
import { parseFlags } from "./flags.ts";
import { printError, printLine, tolerateClosedPipes } from "./output.ts";

const COMMANDS: readonly Command[] = [cluster, serve, status, sim, explore, lab];

const HELP_WORDS = ["help", "--help", "-h"];

async function run([name, ...argv]: string[]): Promise<number> {
  if (name === undefined) throw new UsageError(`A command is missing; see holdfast help`);
  if (HELP_WORDS.includes(name)) {
    printLine(argv[0] === undefined ? overview(COMMANDS) : helpFor(find(argv[0])));
    return 0;
  }
  const command = find(name);
  if (command.flags === undefined) return await command.run(new Map(), argv);
  const settings = parseFlags(name, command.flags, argv);
  if (settings.has("help")) {
    printLine(helpFor(command));
    return 0;
  }
  return await command.run(settings, argv);
}

function find(name: string): Command {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command === undefined) throw new UsageError(`Unknown command ${name}; see holdfast help`);
  return command;
}

/** The exit code for a failure, after its one line. */
function explain(error: unknown, name: string | undefined): number {
  const where = COMMANDS.some((command) => command.name === name) ? `holdfast ${name}` : "holdfast";
  printError(`${where}: ${lineOf(error)}`);
  if (error instanceof CliError) return error.exitCode;
  if (error instanceof Error && error.stack !== undefined) printError(error.stack);
  return 1;
}

tolerateClosedPipes();
const argv = process.argv.slice(2);
const exitCode = await run(argv).catch((error: unknown) => explain(error, argv[0]));
// What was printed must be out before the end, and no left-over handle may delay it.
process.stdout.write("", () => process.exit(exitCode));
