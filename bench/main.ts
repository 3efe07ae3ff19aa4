/** `npm run bench`: runs the benchmarks one after the other, each in a process of its own. */

import { fork } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isFindings, machineLine, type Row } from "./report.ts";

const NAMES: readonly string[] = ["core", "codec", "wal", "cluster", "trace", "sim", "profile"];
/** What a benchmark may take; all of them together take less than three minutes. */
const MS_MAX = 120_000;
const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const RESULTS = resolve(fileURLToPath(import.meta.url), "../../results");
const USAGE = `Usage: npm run bench -- [--json] [${NAMES.join(" | ")}]...

Runs all benchmarks or those named. --json also writes the figures to bench/results/.`;

/**
 * Runs one benchmark to its end, its output to this terminal. Resolves with the rows it hands over.
 */
async function runOne(name: string): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const child = fork(fileURLToPath(new URL(`./${name}.js`, import.meta.url)), {
    timeout: MS_MAX,
    killSignal: "SIGKILL",
  });
  // The benchmark tidies up when it is told to stop, and this process ends after it.
  const stop = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  child.on("message", (message) => {
    if (isFindings(message)) rows.push(...message.rows);
  });
  const ending = await new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  for (const signal of SIGNALS) process.off(signal, stop);
  if (ending === "exit code 0") return rows;
  console.error(`Benchmark ${name} has failed: ${ending}`);
  process.exit(1);
}

async function save(results: Readonly<Record<string, readonly Row[]>>): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  const at = new Date().toISOString();
  const file = join(RESULTS, `${at.replaceAll(":", "-")}.json`);
  await writeFile(
    file,
    `${JSON.stringify({ at, machine: machineLine(), results }, undefined, 2)}\n`,
  );
  console.log(`Figures written to ${file}`);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const unknown = positionals.find((name) => !NAMES.includes(name));
  if (values.help || unknown !== undefined) {
    if (unknown !== undefined) console.error(`Unknown benchmark ${JSON.stringify(unknown)}\n`);
    console.log(USAGE);
    process.exitCode = unknown === undefined ? 0 : 2;
    return;
  }
  console.log(machineLine());
  const results: Record<string, readonly Row[]> = {};
  for (const name of positionals.length === 0 ? NAMES : positionals) {
    console.log("");
    results[name] = await runOne(name);
  }
  if (values.json) await save(results);
}

await main();
