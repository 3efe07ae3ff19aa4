/** What becomes of a server that stops by itself, or won't start: fair enough, or a bug. */

import { BrokenInvariantError, DiskError } from "@holdfast/replica";
import { CheckFailed } from "../check-failed.ts";
import type { DiskArea } from "../plan/fault.ts";
import type { Server } from "./server.ts";
import type { World } from "./world.ts";

/** As long as a process manager waits, unless the plan says another time. */
const RESTART_MS = 1000;

/** What may happen to a disk that nobody can expect to be survived. */
export type Harm = "copy" | `${"damage" | "loss"} of ${DiskArea}`;

/**
 * By which codes a server may refuse to start after that: it has noticed. A snapshot that can't be
 * used is set aside, and missed only when the log begins behind it.
 */
const REFUSALS: Readonly<Record<Harm, readonly string[]>> = {
  "damage of wal": ["WAL_DAMAGED", "STORE_VERSION"],
  "damage of snapshot": ["STORE_GAP"],
  "loss of wal": ["STORE_INCOMPLETE"],
  "loss of snapshot": ["STORE_GAP"],
  copy: ["STORE_IDENTITY"],
};

export function couldNotStart(world: World, server: Server, error: unknown): void {
  const code = codeOf(error);
  world.trace?.server(server, { kind: "note", text: `refuses to start: ${textOf(error)}` });
  if (server.disk.failures > 0 && (isDiskTrouble(error) || code === "STORE_GAP")) {
    // A snapshot that can't be read at the moment leaves a gap, too.
    restart(world, server);
  } else if ([...server.harms].some((harm) => REFUSALS[harm].includes(code))) {
    server.refuse();
    world.refused.add(server.id);
  } else {
    world.watch.fail(server.id, new CheckFailed("server: refuses to start", textOf(error)));
  }
}

export function stoppedItself(world: World, server: Server, error: Error): void {
  if (isDiskTrouble(error) && server.disk.failures > 0) restart(world, server);
  else if (world.specimen.excuses?.(error) === true) restart(world, server);
  else if (error instanceof BrokenInvariantError) world.watch.fail(server.id, error);
  else world.watch.fail(server.id, new CheckFailed("server: stopped itself", textOf(error)));
}

function restart(world: World, server: Server): void {
  server.crash(false, "all");
  world.scheduler.after(world.plan.supervisorMs ?? RESTART_MS, () => server.start());
}

/** The disk said no: whoever asks this knows that it was told to, in this life. */
function isDiskTrouble(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof DiskError) return at.code === "io" || at.code === "no-space";
  }
  return false;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function textOf(error: unknown): string {
  return error instanceof Error ? `${codeOf(error)} ${error.message}` : String(error);
}
