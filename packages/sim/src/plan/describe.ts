/** A plan in words: what a replay says first, and what a shrunk plan is read as. */

import type { Lane } from "@holdfast/replica";
import { readable } from "./dice.ts";
import type { Ending, Fault, Moment, Shape, Who } from "./fault.ts";
import type { Knobs, Plan } from "./plan.ts";

/** One line each, without line ends. */
export function describePlan(plan: Plan): string[] {
  return [
    `Plan of seed ${plan.seed}${plan.recipe === undefined ? "" : `, recipe ${plan.recipe}`}`,
    `  ${plan.nodes} nodes, ${seconds(plan.safetyMs)} of faults, then ${describeHealing(plan)}`,
    ...describeSurroundings(plan),
    "  Options:",
    ...describeKnobs(plan.knobs).map((one) => `    ${one}`),
    ...Object.entries(plan.nodeKnobs).map(
      ([id, knobs]) => `    node ${id}: ${describeKnobs(knobs).join(", ")}`,
    ),
    `  Faults: ${plan.faults.length}`,
    ...plan.faults.map((fault) => `    ${describeFault(fault)}`),
  ];
}

/** As `12.340 s  #3  crash of the leader, ...`. */
export function describeFault(fault: Fault): string {
  return `${seconds(fault.at).padStart(9)}  #${fault.id}  ${whatOf(fault)}`;
}

function describeHealing({ healing }: Plan): string {
  const others = Object.entries(healing.others).map(([id, fate]) => `${id} ${fate}`);
  const rest = others.length === 0 ? "" : ` (for good: ${others.join(", ")})`;
  const calm = healing.calmTimeouts === 0 ? "" : `, calm for ${healing.calmTimeouts} timeouts`;
  return `nodes ${healing.core.join(", ")} heal${rest}${calm}`;
}

function describeSurroundings(plan: Plan): string[] {
  const { disks, load } = plan;
  const clocks = plan.clocks.map(({ offsetMs, driftPpm }) => `${offsetMs} ms ${driftPpm} ppm`);
  const points = Object.entries(plan.maybe).map(([point, odds]) => `${point} ${odds}`);
  const supervisor = `restart after ${plan.supervisorMs ?? 1000} ms`;
  return [
    `  Network: ${plan.carrying ?? "raw"}, ${describeWeather(plan.weather)}`,
    ...(plan.slowApplyMs === undefined ? [] : [`  State machines: slow by ${plan.slowApplyMs} ms`]),
    `  Disks: sync ${disks.syncMs} ms + up to ${disks.syncJitterMs} ms, all else ${disks.otherMs ?? 0} ms, ` +
      `a failed sync ${disks.afterFailedSync} its bytes`,
    `  Clocks: ${clocks.join("; ")}`,
    `  Processes: ${supervisor}, ${plan.shuffled === true ? "random" : "planned"} order of equal times`,
    `  Clients: ${load.clients} on a ${load.model} of ${load.keys} keys, ${load.thinkMs} ms apart, ` +
      `${load.reads} of 1000 read, ${load.valueBytes} bytes, give up after ${load.timeoutMs} ms`,
    `  Rare paths (of 1000): ${points.length === 0 ? "none" : points.join(", ")}`,
  ];
}

function describeKnobs(knobs: Knobs): string[] {
  return Object.entries(knobs).map(([name, value]) => `${name} = ${String(value)}`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}

/** As `delay 1 ms + up to 2 ms, of 1000 lost 0, repeated 0`. */
export function describeWeather(weather: Plan["weather"]): string {
  const { delayMs, jitterMs, lost, repeated, tail, lateReplies = 0, replayed = 0 } = weather;
  const delay = `delay ${delayMs} ms + ${tail === "long" ? "about" : "up to"} ${jitterMs} ms`;
  const late = lateReplies === 0 ? "" : `, replies late ${lateReplies}`;
  const again = replayed === 0 ? "" : `, replayed ${replayed}`;
  return `${delay}, of 1000 lost ${lost}, repeated ${repeated}${late}${again}`;
}

function whatOf(fault: Fault): string {
  switch (fault.kind) {
    case "crash":
      return `crash of ${nameOf(fault.who)}, ${endingOf(fault)}`;
    case "crash-on":
      return `crash of ${nameOf(fault.who)} at ${momentOf(fault.moment, fault.nth)}, ${endingOf(fault)}`;
    case "outage":
      return `crash of all nodes, ${endingOf(fault)}`;
    case "crash-loop":
      return (
        `${fault.times} crashes of ${nameOf(fault.who)}, each ${fault.upMs} ms after its start, ` +
        endingOf(fault)
      );
    case "stop":
      return `${nameOf(fault.who)} is stopped in order, back after ${fault.downMs} ms`;
    case "pause":
      return `${nameOf(fault.who)} sleeps for ${fault.forMs} ms`;
    case "clock-jump":
      return `clock of ${nameOf(fault.who)} leaps ahead by ${fault.aheadMs} ms`;
    case "clock-drift":
      return `clock of ${nameOf(fault.who)} runs ${fault.ppm} ppm fast from here on`;
    case "twin":
      return `a second process runs on the directory of ${nameOf(fault.who)} for ${fault.forMs} ms`;
    case "weather":
      return `weather for ${fault.forMs} ms: ${describeWeather(fault.weather)}`;
    case "partition":
      return `${shapeOf(fault.shape)}, ${lanesOf(fault.lanes)}cut for ${fault.forMs} ms`;
    case "flap":
      return `${shapeOf(fault.shape)}, cut and healed ${fault.times} times, ${fault.periodMs} ms each`;
    case "clog":
      return `${shapeOf(fault.shape)}, ${lanesOf(fault.lanes)}clogged for ${fault.forMs} ms`;
    case "slow-link":
      return (
        `${shapeOf(fault.shape)}, ${lanesOf(fault.lanes)}` +
        `${fault.bytesPerSecond} bytes a second for ${fault.forMs} ms`
      );
    case "break":
      return `${shapeOf(fault.shape)}, ${lanesOf(fault.lanes)}connections break`;
    case "corrupt":
      return `${linksOf(fault.shape)}, ${fault.damaged} of 1000 damaged for ${fault.forMs} ms`;
    case "filter":
      return `${linksOf(fault.shape)}, ${fault.lost} of 1000 lost of ${fault.messages.join(", ")} for ${fault.forMs} ms`;
    case "disk-error":
      return `${fault.operation} of ${nameOf(fault.who)} fails with ${fault.code}, the next ${times(fault.times)}`;
    case "disk-slow":
      return `disk of ${nameOf(fault.who)} syncs in ${fault.syncMs} ms for ${fault.forMs} ms`;
    case "disk-hang":
      return `disk of ${nameOf(fault.who)} hangs for ${fault.forMs} ms`;
    case "disk-full":
      return `disk of ${nameOf(fault.who)} is full for ${fault.forMs} ms`;
    case "disk-dead":
      return `disk of ${nameOf(fault.who)} is dead from here on`;
    case "disk-lies":
      return `disk of ${nameOf(fault.who)} syncs nothing and says it did for ${fault.forMs} ms`;
    case "disk-damage":
      return (
        `${nameOf(fault.who)} dies, ${fault.damage} at the ${fault.place} of its ${fault.area}, ` +
        `back after ${fault.downMs} ms`
      );
    case "disk-loss":
      return `${nameOf(fault.who)} dies, its ${fault.area} files are gone, back after ${fault.downMs} ms`;
    case "disk-clone":
      return `${nameOf(fault.who)} dies, back after ${fault.downMs} ms on a copy of node ${fault.of}'s disk`;
    case "disk-rollback":
      return `the disk of ${nameOf(fault.who)} as it is now is put back after ${fault.agoMs} ms`;
  }
}

function times(count: number): string {
  return count === 1 ? "time" : `${count} times`;
}

function nameOf(who: Who): string {
  return typeof who === "number" ? `node ${who}` : `the ${who}`;
}

function endingOf({ power, keep, downMs }: Ending): string {
  const loss = power ? `power lost, ${keep} of the unsynced stays` : "the machine stays up";
  return `${loss}, ${downMs === undefined ? "down until the end" : `back after ${readable(downMs)} ms`}`;
}

function momentOf(moment: Moment, nth: number): string {
  if (moment.on === "send") return `packet ${nth} of ${moment.message ?? "any kind"} from now on`;
  return `disk operation ${nth} (${moment.operation ?? "any"}) from now on, ${moment.side} its effect`;
}

/** As `lanes vote and append only, `; nothing when all are meant. */
function lanesOf(lanes: readonly Lane[] | undefined): string {
  if (lanes === undefined) return "";
  return `${lanes.length === 1 ? "lane" : "lanes"} ${lanes.join(" and ")} only, `;
}

function linksOf(shape: Shape | "all"): string {
  return shape === "all" ? "all links" : shapeOf(shape);
}

function shapeOf(shape: Shape): string {
  switch (shape.kind) {
    case "isolate":
      return `${nameOf(shape.who)} from all others`;
    case "deaf":
      return `${nameOf(shape.who)} deaf`;
    case "mute":
      return `${nameOf(shape.who)} mute`;
    case "split":
      return shape.groups.map((group) => `{${group.join(", ")}}`).join(" from ");
    case "bridge":
      return `two halves with ${nameOf(shape.who)} in both`;
    case "ring":
      return `ring ${shape.order.join(" ")}`;
    case "link":
      return `${nameOf(shape.from)} to ${nameOf(shape.to)}`;
  }
}
