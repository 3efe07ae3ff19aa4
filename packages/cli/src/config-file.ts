/** The config file of `holdfast serve`: one JSON object whose names are those of the flags. */

import { readFileSync } from "node:fs";
import { CliError, lineOf, UsageError } from "./cli-error.ts";
import type { Flag, Settings } from "./flags.ts";

/** Settings of a file, overridden by those of the command line. */
export function withConfigFile(settings: Settings, flags: readonly Flag[]): Settings {
  const file = settings.get("config");
  if (file === undefined) return settings;
  return new Map([...readConfigFile(file, flags), ...settings]);
}

/** Throws `CliError` when the file can't be read, `UsageError` for what it says. */
function readConfigFile(file: string, flags: readonly Flag[]): Settings {
  const settings = new Map<string, string>();
  for (const [name, value] of Object.entries(parse(file))) {
    const flag = flags.find((candidate) => candidate.name === name);
    if (flag === undefined || name === "config") {
      throw new UsageError(`Config file ${file} has an unknown setting: ${name}`);
    }
    const text = textOf(name, value);
    if (text === undefined) {
      throw new UsageError(`Config file ${file} has a value of the wrong type for ${name}`);
    }
    settings.set(name, text);
  }
  return settings;
}

function parse(file: string): object {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new CliError(`Cannot read config file ${file}: ${lineOf(cause)}`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`Config file ${file} is not JSON: ${lineOf(cause)}`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UsageError(`Config file ${file} is not a JSON object`);
  }
  return value;
}

/** As the flag would have it. Peers may also be an object: `{ "1": "host:port", ... }`. */
function textOf(name: string, value: unknown): string | undefined {
  if (typeof value === "string" && value !== "") return value;
  if (typeof value === "number") return String(value);
  if (name !== "peers" || typeof value !== "object" || value === null) return undefined;
  const pairs = Object.entries(value);
  if (Array.isArray(value) || pairs.some(([, peer]) => typeof peer !== "string")) return undefined;
  return pairs.map(([id, peer]) => `${id}=${peer}`).join(",");
}
