/** `holdfast sim`, which `npm run sim` runs: simulated clusters by the thousand, or one told. */

import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import type { Surroundings } from "@holdfast/campaign";
import { CliError, UsageError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { SIM_FLAGS, type SimRequest, simRequest } from "../sim-options.ts";
import { watchForStop } from "../stop-signal.ts";

export const sim: Command = {
  name: "sim",
  summary: "Simulate clusters by the thousand, replay one of them, make a failing one small",
  flags: SIM_FLAGS,
  examples: [
    "holdfast sim --seeds 1000",
    "holdfast sim --time 300 --nodes 5 --faults crash,partition",
    "holdfast sim --seed 42 --trace 42.ndjson",
    "holdfast sim --seed 42 --shrink",
    "holdfast sim --bugs",
  ],
  async run(settings) {
    const defaults = { seed: randomInt(2 ** 31), cores: availableParallelism() };
    const request = simRequest(settings, defaults);
    const stopped = new AbortController();
    // The others have nothing to bring to an end: there the system's own way is right.
    const isLong = request.kind === "campaign" || request.kind === "shrink";
    const stop = isLong ? watchForStop() : undefined;
    void stop?.requested.then(() => stopped.abort());
    try {
      return await carryOut(request, await surroundings(stopped.signal));
    } catch (error) {
      throw explained(error);
    } finally {
      stop?.dispose();
    }
  },
};

/** Loaded only here: other commands start sooner without it. */
async function carryOut(request: SimRequest, around: Surroundings): Promise<number> {
  const { bugsCommand, campaignCommand, replay, shrinkCommand } = await import(
    "@holdfast/campaign"
  );
  switch (request.kind) {
    case "campaign":
      return await campaignCommand(request, around);
    case "replay":
      return await replay(request, around);
    case "shrink":
      return await shrinkCommand(request, around);
    default:
      return await bugsCommand(request, around.write);
  }
}

async function surroundings(signal: AbortSignal): Promise<Surroundings> {
  const { SIM_ENGINE } = await import("@holdfast/campaign");
  const isScript = process.env["npm_lifecycle_event"] === "sim";
  return {
    write: (text) => {
      process.stdout.write(text);
    },
    screen: {
      isTerminal: process.stderr.isTTY === true,
      width: process.stderr.columns ?? 100,
      write: (text) => {
        process.stderr.write(text);
      },
    },
    engine: SIM_ENGINE,
    command: isScript ? "npm run sim --" : "holdfast sim",
    signal,
  };
}

/** What one line explains to the user; all else is a bug and keeps its stack. */
function explained(error: unknown): unknown {
  if (!(error instanceof Error && "code" in error)) return error;
  const { code } = error;
  if (["SIM_PLAN", "RAFT_CONFIG", "CAMPAIGN_UNKNOWN_BUG"].includes(String(code))) {
    return new UsageError(error.message, { cause: error });
  }
  const isOfFile = ["ENOENT", "EACCES", "EISDIR", "ENOSPC"].includes(String(code));
  return isOfFile ? new CliError(error.message, { cause: error }) : error;
}
