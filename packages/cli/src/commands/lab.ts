/** `holdfast lab`: passes everything on to the course suite. */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CliError, EXIT_FAILED } from "../cli-error.ts";
import type { Command } from "../command.ts";

export const lab: Command = {
  name: "lab",
  summary: "Run the course suite; takes its own flags",
  flags: undefined,
  examples: ["holdfast lab --help", "holdfast lab --only 2A"],
  run: (_settings, argv) => runLab(labMain(), argv),
};

/**
 * The suite's program, which lies beside its library. It is no dependency: only checkouts have it.
 */
function labMain(): string {
  try {
    const main = fileURLToPath(new URL("./main.js", import.meta.resolve("@holdfast/lab")));
    if (existsSync(main)) return main;
  } catch {
    // Not installed: the same to the user.
  }
  throw new CliError("The course suite is not built here; run it from a checkout of the project");
}

async function runLab(main: string, argv: string[]): Promise<number> {
  const child = spawn(process.execPath, [main, ...argv], { stdio: "inherit" });
  // Ctrl-C on a terminal reaches the child too: let it decide how to end.
  const pass = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  const ignore = (): void => {};
  process.on("SIGINT", ignore);
  process.on("SIGTERM", pass);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => resolve(code ?? EXIT_FAILED));
    });
  } finally {
    process.off("SIGINT", ignore);
    process.off("SIGTERM", pass);
  }
}
