/**
 * Faults of disks: errors, slowness, a full or dead disk, lies, silent damage, files that are gone.
 */

import { segmentSequenceOf, snapshotIndexOf } from "@holdfast/replica";
import type { DiskFault, Fault } from "../plan/fault.ts";
import type { Server } from "./server.ts";
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
      server.isDiskFaulty = true;
      faults.failNext(fault.operation, fault.code, fault.times);
      break;
    case "disk-slow":
      faults.syncMs = fault.syncMs;
      world.scheduler.after(fault.forMs, () => {
        faults.syncMs = world.plan.disks.syncMs;
      });
      break;
    case "disk-hang":
      faults.hang();
      // From the healing on a disk that hangs does so for good.
      world.scheduler.after(fault.forMs, () => {
        if (!world.isHealed) faults.lift();
      });
      break;
    case "disk-full":
      server.isDiskFaulty = true;
      faults.capacityBytes = server.disk.usedBytes();
      world.scheduler.after(fault.forMs, () => {
        faults.capacityBytes = Number.POSITIVE_INFINITY;
      });
      break;
    case "disk-dead":
      server.isDiskFaulty = true;
      faults.die();
      break;
    case "disk-lies":
      faults.isLying = true;
      world.scheduler.after(fault.forMs, () => {
        faults.isLying = false;
      });
      break;
    case "disk-damage":
      return damaged(
        world,
        server,
        fault.downMs,
        () =>
          server.disk.damage(
            fault.area,
            fault.place,
            fault.damage,
            world.random.fork(`damage ${fault.id}`),
          ) !== undefined,
      );
    case "disk-loss":
      return damaged(world, server, fault.downMs, () => server.disk.lose(fault.area).length > 0);
    case "disk-clone":
      return damaged(world, server, fault.downMs, () => {
        server.putBack(world.server(fault.of).disk);
        return true;
      });
    case "disk-rollback":
      rollBack(world, server, fault.agoMs, fault.downMs);
      break;
  }
  return true;
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

/** The process dies, this happens to its disk, and it starts again. */
function damaged(world: World, server: Server, downMs: number, harm: () => boolean): boolean {
  const before = world.durables[server.id - 1];
  server.crash(false, "all");
  const isDone = harm();
  if (isDone && isBlank(server)) {
    // It would forget its votes: it must be replaced, never started again.
    server.refuse();
    world.refused.add(server.id);
  }
  if (isDone) {
    server.isDamaged = true;
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
