/** Faults of the network: each is lifted by itself, and all of them when the cluster heals. */

import { allLinks, type Lift, type Link, linksOf } from "../network.ts";
import type { NetworkFault, Shape } from "../plan/fault.ts";
import type { World } from "./world.ts";

/** True when it took effect; one that may do so later calls `struck` then. */
export function networkFault(world: World, fault: NetworkFault, struck: () => void): boolean {
  const { network, scheduler } = world;
  if (fault.kind === "weather") {
    const storm = network.storm(fault.weather);
    scheduler.after(fault.forMs, () => storm.lift());
    return true;
  }
  if (fault.kind === "flap") {
    flap(world, fault, fault.times, struck);
    return false;
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

type Flap = Extract<NetworkFault, { kind: "flap" }>;

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

/**
 * Who is meant shows anew each time: `struck` is called when there was somebody for the first time.
 */
function flap(world: World, fault: Flap, times: number, struck: (() => void) | undefined): void {
  if (times === 0 || world.isHealed) return;
  const { network, scheduler } = world;
  const links = linksIn(world, fault.shape);
  if (links.length > 0) {
    const lift = network.cut(links);
    scheduler.after(fault.periodMs / 2, () => lift.lift());
    struck?.();
  }
  const next = links.length > 0 ? undefined : struck;
  scheduler.after(fault.periodMs, () => flap(world, fault, times - 1, next));
}

export function linksIn(world: World, shape: Shape | "all"): readonly Link[] {
  return shape === "all"
    ? allLinks(world.ids)
    : linksOf(shape, (who) => world.resolve(who), world.ids);
}
