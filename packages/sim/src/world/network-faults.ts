/** Faults of the network: each is lifted by itself, and all of them when the cluster heals. */

import { allLinks, type Lift, type Link, linksOf } from "../network.ts";
import type { NetworkFault, Shape } from "../plan/fault.ts";
import type { World } from "./world.ts";

/** True when it took effect. */
export function networkFault(world: World, fault: NetworkFault): boolean {
  const { network, scheduler } = world;
  if (fault.kind === "weather") {
    const storm = network.storm(fault.weather);
    scheduler.after(fault.forMs, () => storm.lift());
    return true;
  }
  if (fault.kind === "flap") {
    flap(world, fault.shape, fault.periodMs, fault.times);
    return true;
  }
  const links = linksIn(world, fault.shape);
  if (links.length === 0) return false;
  if (fault.kind === "break") {
    network.breakConnections(links, fault.lanes);
    return true;
  }
  const lift = lay(world, fault, links);
  scheduler.after(fault.forMs, () => lift.lift());
  return true;
}

type Lasting = Extract<
  NetworkFault,
  { kind: "partition" | "clog" | "slow-link" | "corrupt" | "filter" }
>;

function lay(world: World, fault: Lasting, links: readonly Link[]): Lift {
  const { network } = world;
  switch (fault.kind) {
    case "partition":
      return network.cut(links, fault.lanes);
    case "clog":
      return network.clog(links, fault.lanes);
    case "slow-link":
      return network.slow(links, fault.bytesPerSecond, fault.lanes);
    case "corrupt":
      return network.corrupt(links, { damaged: fault.damaged });
    case "filter":
      return network.drop(links, { messages: fault.messages, lost: fault.lost });
  }
}

function flap(world: World, shape: Shape, periodMs: number, times: number): void {
  if (times === 0 || world.isHealed) return;
  const lift = world.network.cut(linksIn(world, shape));
  world.scheduler.after(periodMs / 2, () => lift.lift());
  world.scheduler.after(periodMs, () => flap(world, shape, periodMs, times - 1));
}

export function linksIn(world: World, shape: Shape | "all"): readonly Link[] {
  return shape === "all"
    ? allLinks(world.ids)
    : linksOf(shape, (who) => world.resolve(who), world.ids);
}
