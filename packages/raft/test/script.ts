/**
 * The script of a golden trace: commands at the left margin, what they brought about indented below
 * them.
 */

import assert from "node:assert/strict";
import { COMMANDS, type Scene } from "./script-commands.ts";

/** A line of a script can't be read, or did not do what it says. */
export class ScriptError extends Error {
  readonly code = "SCRIPT_FAILED";

  constructor(message: string, options: ErrorOptions) {
    super(message, options);
    this.name = "ScriptError";
  }
}

const INDENT = "    ";

/** What a script amounts to, for the runner to see that it is no empty shell. */
export interface Performance {
  /** The script with the narration of this run under each command. */
  readonly text: string;
  readonly commands: number;
  /** How often a line could have failed: `expect`, and commands that check their outcome. */
  readonly checks: number;
  readonly narrated: number;
}

/**
 * Plays a script. Comments (`#`) and blank lines stay, indented lines are the narration of an
 * earlier run and are replaced. Throws {@link ScriptError} with the line and all that was told
 * until then.
 */
export function play(name: string, source: string): Performance {
  const scene: Scene = { stage: undefined, checks: 0 };
  const out: string[] = [];
  let commands = 0;
  let narrated = 0;
  for (const [at, line] of source.trimEnd().split("\n").entries()) {
    if (line.startsWith(" ")) continue;
    out.push(line);
    if (line === "" || line.startsWith("#")) continue;
    commands++;
    const told = perform(scene, line, `${name}:${at + 1}`, out);
    narrated += told.length;
    for (const each of told) out.push(INDENT + each);
  }
  return { text: `${out.join("\n")}\n`, commands, checks: scene.checks, narrated };
}

function perform(scene: Scene, line: string, place: string, before: readonly string[]): string[] {
  try {
    const isQuiet = line.startsWith("quiet ");
    for (const part of (isQuiet ? line.slice(6) : line).split(" ; ")) run(scene, part);
    scene.stage?.settle();
    const lines = scene.stage?.takeLines() ?? [];
    return isQuiet ? [`(${lines.length} lines)`] : lines;
  } catch (cause) {
    const told = [...before, ...(scene.stage?.takeLines() ?? []).map((each) => INDENT + each)];
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ScriptError(`${place}: ${line}: ${why}\n${told.join("\n")}`, { cause });
  }
}

/** One command. Several in a line, parted by `;`, are inputs before effects are taken once. */
function run(scene: Scene, part: string): void {
  const words = part.trim().split(/\s+/);
  const [verb = "", ...rest] = words;
  const command = COMMANDS.get(verb);
  assert.ok(command, `unknown command ${verb}, known are ${[...COMMANDS.keys()].join(" ")}`);
  const options = new Map<string, string>();
  const plain: string[] = [];
  for (const word of rest) {
    const at = word.indexOf("=");
    if (at > 0) options.set(word.slice(0, at), word.slice(at + 1));
    else plain.push(word);
  }
  command(scene, plain, options);
}
