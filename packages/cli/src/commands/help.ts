/** `holdfast help`: the list of commands, or one of them with its flags. */

import type { Command } from "../command.ts";
import { describeFlags } from "../flags.ts";

/** All commands, one line each. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  return [
    "usage: holdfast COMMAND [FLAGS]",
    "",
    ...commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`),
    `  ${"help".padEnd(width)}  Show this, or the flags of a command: holdfast help COMMAND`,
  ].join("\n");
}

/** One command with its flags and examples. */
export function helpFor(command: Command): string {
  return [
    `usage: holdfast ${command.name} [FLAGS]`,
    "",
    command.summary,
    ...(command.flags === undefined ? [] : ["", describeFlags(command.flags)]),
    "",
    "examples:",
    ...command.examples.map((example) => `  ${example}`),
  ].join("\n");
}
