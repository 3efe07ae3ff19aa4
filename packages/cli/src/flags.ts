/** Reading a command line: known flags only, each at most once, each complaint names the flag. */

import { parseArgs } from "node:util";
import { type Address, parseAddress } from "./address.ts";
import { UsageError } from "./cli-error.ts";

export interface Flag {
  /** Without the dashes; also the name of the setting in a config file. */
  readonly name: string;
  /** What stands for the value in the help text; absent for a switch. */
  readonly value?: string;
  readonly help: string;
}

/** Every command has it. */
const HELP: Flag = { name: "help", help: "Show this help" };

/** Settings by flag name. A switch has the value "true". */
export type Settings = ReadonlyMap<string, string>;

/** Throws `UsageError` for anything that is not a known flag with its value. */
export function parseFlags(command: string, flags: readonly Flag[], argv: string[]): Settings {
  const known = new Map([...flags, HELP].map((flag) => [flag.name, flag]));
  const options: Record<string, { type: "string" | "boolean"; short?: string }> = {};
  for (const flag of known.values()) {
    options[flag.name] = { type: flag.value === undefined ? "boolean" : "string" };
  }
  options[HELP.name] = { type: "boolean", short: "h" };
  const { tokens } = parseArgs({ args: argv, options, strict: false, tokens: true });
  const settings = new Map<string, string>();
  const complain = (what: string): UsageError =>
    new UsageError(`${what}; see holdfast ${command} --help`);
  for (const token of tokens) {
    if (token.kind === "positional") throw complain(`Unexpected argument ${token.value}`);
    if (token.kind !== "option") continue;
    const flag = known.get(token.name);
    if (flag === undefined) throw complain(`Unknown flag ${token.rawName}`);
    if (settings.has(flag.name)) throw complain(`Flag --${flag.name} is given twice`);
    settings.set(flag.name, checkedValue(flag, token.value, token.inlineValue === true, complain));
  }
  return settings;
}

function checkedValue(
  flag: Flag,
  value: string | undefined,
  inline: boolean,
  complain: (what: string) => UsageError,
): string {
  if (flag.value === undefined) {
    if (value !== undefined) throw complain(`Flag --${flag.name} takes no value`);
    return "true";
  }
  // `--dir --id 1`: the value was forgotten. One that really begins so can be given as `--dir=--x`.
  if (value === undefined || value === "" || (!inline && value.startsWith("--"))) {
    throw complain(`Flag --${flag.name} needs a value: ${flag.value}`);
  }
  return value;
}

/** The rows of a help text. */
export function describeFlags(flags: readonly Flag[]): string {
  const rows = [...flags, HELP].map((flag) => ({
    left: `--${flag.name}${flag.value === undefined ? "" : ` ${flag.value}`}`,
    help: flag.help,
  }));
  const width = Math.max(...rows.map((row) => row.left.length));
  return rows.map((row) => `  ${row.left.padEnd(width)}  ${row.help}`).join("\n");
}

/** The whole number of a setting, or `fallback` when it is absent. */
export function wholeNumber(
  settings: Settings,
  name: string,
  limits: { readonly fallback?: number; readonly min: number; readonly max: number },
): number {
  const text = settings.get(name);
  if (text === undefined) {
    if (limits.fallback === undefined) throw missing(name);
    return limits.fallback;
  }
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= limits.min && number <= limits.max)) {
    const range = `a whole number from ${limits.min} to ${limits.max}`;
    throw new UsageError(`--${name} must be ${range}, got ${text}`);
  }
  return number;
}

/** The address of a setting, or `fallback` when it is absent. */
export function address(settings: Settings, name: string, fallback?: Address): Address {
  const text = settings.get(name);
  if (text === undefined) {
    if (fallback === undefined) throw missing(name);
    return fallback;
  }
  return needAddress(name, text);
}

export function needAddress(name: string, text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new UsageError(`--${name} must be host:port, got ${text}`);
  return parsed;
}

export function missing(name: string): UsageError {
  return new UsageError(`--${name} is missing`);
}
