/** Faults of processes and their clocks: crashes, pauses, wrong time. */

import type { DiskOperation } from "../disk-operation.ts";
import type { Ending, MessageKind, Moment, ProcessFault } from "../plan/fault.ts";
import type { Process } from "../process.ts";
import type { Server } from "./server.ts";
import type { World } from "./world.ts";

/** True when it took effect. */
export function processFault(world: World, fault: ProcessFault): boolean {
  if (fault.kind === "outage") {
    for (const server of world.servers) endAndRestart(world, server, fault);
    return true;
  }
  const id = world.resolve(fault.who);
  if (id === undefined) return false;
  const server = world.server(id);
  switch (fault.kind) {
    case "clock-drift":
      server.driftPpm = fault.ppm;
      server.life?.clock.drift(fault.ppm);
      return true;
    case "clock-jump":
      server.aheadMs += fault.aheadMs;
      server.life?.clock.jump(fault.aheadMs);
      return true;
    case "twin":
      return !server.startTwin();
    case "crash-on":
      if (server.standing === "refused") return false;
      // Of a server that is down: in its next life.
      server.trap = new Trap(fault.moment, fault.nth, () => endAndRestart(world, server, fault));
      return true;
    default:
      if (server.life === undefined) return false;
      harm(world, server, fault);
      return true;
  }
}

type Harm = Extract<ProcessFault, { kind: "crash" | "crash-loop" | "pause" | "stop" }>;

function harm(world: World, server: Server, fault: Harm): void {
  switch (fault.kind) {
    case "crash":
      endAndRestart(world, server, fault);
      break;
    case "crash-loop":
      crashAgain(world, server, fault, fault.times, fault.upMs);
      break;
    case "pause":
      pause(world, server, fault.forMs);
      break;
    case "stop":
      void server.stop().then(() => {
        world.scheduler.after(fault.downMs, () => server.start());
      });
      break;
  }
}

/** Ends the process at the `nth` such moment. */
export class Trap {
  readonly #moment: Moment;
  readonly #spring: () => void;
  #left: number;

  constructor(moment: Moment, nth: number, spring: () => void) {
    this.#moment = moment;
    this.#left = nth;
    this.#spring = spring;
  }

  atDisk(operation: DiskOperation, side: "before" | "after"): void {
    const moment = this.#moment;
    if (moment.on !== "disk" || moment.side !== side) return;
    if (moment.operation === undefined || moment.operation === operation) this.#count();
  }

  atSend(message: MessageKind): void {
    const moment = this.#moment;
    if (moment.on !== "send") return;
    if (moment.message === undefined || moment.message === message) this.#count();
  }

  #count(): void {
    if (--this.#left === 0) this.#spring();
  }
}

export function endAndRestart(world: World, server: Server, ending: Ending): void {
  if (server.life === undefined) return;
  server.trap = undefined;
  server.crash(ending.power, ending.keep);
  if (ending.downMs === undefined) return;
  world.scheduler.after(ending.downMs, () => server.start());
}

function crashAgain(
  world: World,
  server: Server,
  ending: Ending,
  times: number,
  upMs: number,
): void {
  if (times === 0 || world.isHealed) return;
  endAndRestart(world, server, ending);
  if (ending.downMs === undefined) return;
  world.scheduler.after(ending.downMs + upMs, () =>
    crashAgain(world, server, ending, times - 1, upMs),
  );
}

export function pause(world: World, server: Server, forMs: number): void {
  const paused = processOf(server);
  if (paused === undefined || paused.isPaused) return;
  paused.pause();
  world.trace?.server(server, { kind: "paused" });
  world.scheduler.after(forMs, () => {
    // From the healing on a pause is for good.
    if (!paused.isAlive || world.isHealed) return;
    world.trace?.server(server, { kind: "resumed" });
    paused.resume();
  });
}

export function processOf(server: Server): Process | undefined {
  return server.life?.process;
}

export function pausedForGood(server: Server): void {
  processOf(server)?.pause();
}
