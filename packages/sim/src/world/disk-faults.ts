/**
 * Faults of disks: errors, slowness, a full or dead disk, lies, silent damage, files that are gone.
 */

import type { NodeId } from "@holdfast/raft";
import { segmentSequenceOf, snapshotIndexOf } from "@holdfast/replica";
import type { Lift } from "../lift.ts";
import type { DiskFault, Fault } from "../plan/fault.ts";
import type { Server } from "./server.ts";
import type { Harm } from "./supervisor.ts";
import type { World } from "./world.ts";

/** True when it took effect. */
export function diskFault(world: World, fault: DiskFault & Pick<Fault, "id">): boolean {
  const id = world.resolve(fault.who);
  if (id === undefined) return false;
  const server = world.server(id);
  if (server.standing === "refused") return false;
  const { faults } = server.disk;
  switch (fault.kind) {
    case "disk-error":
      faults.failNext(fault.operation, fault.code, fault.times);
      break;
    case "disk-slow":
      lasting(world, fault, faults.slow(fault.syncMs));
      break;
    case "disk-hang":
      lasting(world, fault, faults.hang());
      break;
    case "disk-full":
      lasting(world, fault, faults.fill(server.disk.usedBytes()));
      break;
    case "disk-dead":
      faults.die();
      break;
    case "disk-lies":
      lasting(world, fault, faults.lie());
      break;
    case "disk-damage":
      return damaged(world, server, fault.downMs, () => {
        const random = world.random.fork(`damage ${fault.id}`);
        const done = server.disk.damage(fault.area, fault.place, fault.damage, random);
        return done === undefined ? [] : [`damage of ${fault.area}`];
      });
    case "disk-loss":
      return damaged(world, server, fault.downMs, () =>
        server.disk.lose(fault.area).length === 0 ? [] : [`loss of ${fault.area}`],
      );
    case "disk-clone":
      return cloned(world, server, fault.of, fault.downMs);
    case "disk-rollback":
      rollBack(world, server, fault.agoMs, fault.downMs);
      break;
  }
  return true;
}

/** It ends at its own time, whatever else there is of its kind by then; or at the healing. */
function lasting({ scheduler }: World, { forMs }: { readonly forMs: number }, lift: Lift): void {
  scheduler.after(forMs, () => lift.lift());
}

/** The disk as it is now comes back later, in place of what it is then. */
function rollBack(world: World, server: Server, agoMs: number, downMs: number): void {
  const old = server.disk.copy();
  world.scheduler.after(agoMs, () => {
    if (world.isHealed || server.standing === "refused") return;
    server.crash(false, "all");
    server.putBack(old);
    world.scheduler.after(downMs, () => server.start());
  });
}

/** Two copies one after the other could give a node an older state of its own (P9): not here. */
function cloned(world: World, server: Server, of: NodeId, downMs: number): boolean {
  const source = world.server(of);
  if (source === server || source.harms.has("copy")) return false;
  return damaged(world, server, downMs, () => {
    server.putBack(source.disk);
    return ["copy", ...source.harms];
  });
}

/** The process dies, this happens to its disk, and it starts again. */
function damaged(
  world: World,
  server: Server,
  downMs: number,
  harm: () => readonly Harm[],
): boolean {
  const before = world.durables[server.id - 1];
  server.crash(false, "all");
  const harms = harm();
  const isDone = harms.length > 0;
  if (isDone && isBlank(server)) {
    // It would forget its votes: it must be replaced, never started again.
    server.refuse();
    world.refused.add(server.id);
  }
  if (isDone) {
    server.harmed(harms);
    if (before !== undefined) world.durables[server.id - 1] = before;
  }
  world.scheduler.after(downMs, () => server.start());
  return isDone;
}

/** Without a log and a snapshot: nothing tells it from a server that was never started (P6). */
function isBlank({ disk }: Server): boolean {
  return !disk
    .names()
    .some((name) => segmentSequenceOf(name) !== undefined || snapshotIndexOf(name) !== undefined);
}
