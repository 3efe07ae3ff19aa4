/** Faults of processes and their clocks: crashes, pauses, wrong time. */

import type { Ending, ProcessFault } from "../plan/fault.ts";
import type { Process } from "../process.ts";
import type { Server } from "./server.ts";
import { Trap } from "./trap.ts";
import type { World } from "./world.ts";

/** True when it took effect; one that may do so later calls `struck` then. */
export function processFault(world: World, fault: ProcessFault, struck: () => void): boolean {
  if (fault.kind === "outage") {
    const ended = world.servers.filter((server) => endAndRestart(world, server, fault));
    return ended.length > 0;
  }
  const id = world.resolve(fault.who);
  if (id === undefined) return false;
  const server = world.server(id);
  // It is never started again.
  return server.standing !== "refused" && harm(world, server, fault, struck);
}

type Harm = Exclude<ProcessFault, { kind: "outage" }>;

function harm(world: World, server: Server, fault: Harm, struck: () => void): boolean {
  switch (fault.kind) {
    case "clock-drift":
      server.driftPpm = fault.ppm;
      server.life?.clock.drift(fault.ppm);
      return true;
    case "clock-jump":
      server.aheadMs += fault.aheadMs;
      server.life?.clock.jump(fault.aheadMs);
      return true;
    case "crash-on": {
      const trap = new Trap(fault.moment, fault.nth, () => {
        if (endAndRestart(world, server, fault)) struck();
      });
      server.traps.add(trap);
      return false;
    }
    case "crash":
      return endAndRestart(world, server, fault);
    case "crash-loop":
      return crashAgain(world, server, fault, fault.times, fault.upMs);
    case "pause":
      return pause(world, server, fault.forMs);
    case "stop":
      return stop(world, server, fault.downMs);
    case "twin":
      return startTwin(world, server, fault.forMs);
  }
}

/** False when there is no process to end. */
function endAndRestart(world: World, server: Server, ending: Ending): boolean {
  if (server.life === undefined) return false;
  server.crash(ending.power, ending.keep);
  if (ending.downMs !== undefined) world.scheduler.after(ending.downMs, () => server.start());
  return true;
}

function crashAgain(
  world: World,
  server: Server,
  ending: Ending,
  times: number,
  upMs: number,
): boolean {
  if (times === 0 || world.isHealed) return false;
  const isEnded = endAndRestart(world, server, ending);
  if (ending.downMs !== undefined) {
    world.scheduler.after(ending.downMs + upMs, () => {
      crashAgain(world, server, ending, times - 1, upMs);
    });
  }
  return isEnded;
}

/** False when it sleeps for as long as that anyway. */
function pause(world: World, { life }: Server, forMs: number): boolean {
  const until = world.now() + forMs;
  if (life === undefined || life.sleepsUntil >= until) return false;
  const own = life.process;
  if (!own.isPaused) world.trace?.server(life, { kind: "paused" });
  own.pause();
  life.sleepsUntil = until;
  world.scheduler.after(forMs, () => {
    // From the healing on a pause is for good.
    if (!own.isAlive || life.sleepsUntil > until || world.isHealed) return;
    world.trace?.server(life, { kind: "resumed" });
    own.resume();
  });
  return true;
}

/** The healing starts all that is down, so who comes to an end after it starts at once. */
function stop(world: World, server: Server, downMs: number): boolean {
  return server.stop(() => {
    world.scheduler.after(world.isHealed ? 0 : downMs, () => server.start());
  });
}

/** When the time is over both are killed, and one comes back to what the two have left. */
function startTwin(world: World, server: Server, forMs: number): boolean {
  const twin = server.startTwin();
  if (twin === undefined) return false;
  world.scheduler.after(forMs, () => {
    if (server.twin !== twin) return;
    server.crash(false, "all");
    server.start();
  });
  return true;
}

export function processOf(server: Server): Process | undefined {
  return server.life?.process;
}

export function pausedForGood(server: Server): void {
  processOf(server)?.pause();
}
