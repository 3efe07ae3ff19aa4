/** What becomes of a server that stops by itself, or won't start: fair enough, or a bug. */

import { BrokenInvariantError, DiskError, WalFailedError } from "@holdfast/replica";
import { CheckFailed } from "../check-failed.ts";
import type { Server } from "./server.ts";
import type { World } from "./world.ts";

/** As long as a process manager waits, unless the plan says another time. */
const RESTART_MS = 1000;

/** What a server may say that was shown a damaged disk: it has noticed. */
const REFUSALS: ReadonlySet<string> = new Set([
  "WAL_DAMAGED",
  "STORE_GAP",
  "STORE_INCOMPLETE",
  "STORE_IDENTITY",
  "STORE_VERSION",
  "SNAPSHOT_DAMAGED",
]);

export function couldNotStart(world: World, server: Server, error: unknown): void {
  if (server.isDiskFaulty && (isDiskTrouble(error) || codeOf(error) === "STORE_GAP")) {
    // A snapshot that can't be read at the moment leaves a gap, too.
    restart(world, server);
  } else if (REFUSALS.has(codeOf(error)) && server.isDamaged) {
    server.refuse();
    world.refused.add(server.id);
  } else {
    world.watch.fail(server.id, unexpected("server: refuses to start", error));
  }
}

export function stoppedItself(world: World, server: Server, error: Error): void {
  if (isDiskTrouble(error) && server.isDiskFaulty) restart(world, server);
  else if (REFUSALS.has(codeOf(error.cause)) && server.isDamaged) restart(world, server);
  else if (world.specimen.excuses?.(error) === true) restart(world, server);
  else if (error instanceof BrokenInvariantError) world.watch.fail(server.id, error);
  else world.watch.fail(server.id, unexpected("server: stopped itself", error));
}

function restart(world: World, server: Server): void {
  server.crash(false, "all");
  world.scheduler.after(world.plan.supervisorMs ?? RESTART_MS, () => server.start());
}

/** The disk said no, as it was told to. */
function isDiskTrouble(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof DiskError) return at.code === "io" || at.code === "no-space";
    if (at instanceof WalFailedError) return at.diskCode !== "unknown";
  }
  return false;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function unexpected(check: string, error: unknown): CheckFailed {
  const text = error instanceof Error ? `${codeOf(error)} ${error.message}` : String(error);
  return new CheckFailed(check, text);
}
