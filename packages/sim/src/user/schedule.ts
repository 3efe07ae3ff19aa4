/** A plan in words, as far as it is out of the ordinary: what is left of it after shrinking. */

import { FAIR } from "../network.ts";
import { describeFault, describeWeather } from "../plan/describe.ts";
import type { Knobs, Plan } from "../plan/plan.ts";

/** One line each. Says nothing of what is plain: a fair network, quick disks, right clocks. */
export function scheduleOf(plan: Plan): readonly string[] {
  const { nodes, safetyMs, load } = plan;
  const others = Object.entries(plan.healing.others).map(([id, fate]) => `node ${id} ${fate}`);
  const end = others.length === 0 ? "all nodes heal" : `${others.join(", ")} for good`;
  return [
    `${count(nodes, "node")}, ${count(load.clients, "client")} ${load.thinkMs} ms apart ` +
      `for ${safetyMs} ms; then ${end}`,
    ...surroundings(plan),
    ...options(plan),
    ...(plan.faults.length === 0 ? ["no fault is needed"] : plan.faults.map(describeFault)),
  ];
}

function surroundings({ weather, disks, clocks, maybe, shuffled }: Plan): readonly string[] {
  const fair = { ...FAIR, delayMs: weather.delayMs, jitterMs: weather.jitterMs };
  const isFair = describeWeather(weather) === describeWeather(fair);
  const wrong = clocks.flatMap(({ offsetMs, driftPpm }, at) =>
    offsetMs === 0 && driftPpm === 0 ? [] : [`node ${at + 1} ${offsetMs} ms, ${driftPpm} ppm`],
  );
  const rare = Object.entries(maybe).map(([point, odds]) => `${point} ${odds}`);
  return [
    ...(isFair ? [] : [`network: ${describeWeather(weather)}`]),
    ...(disks.syncMs + disks.syncJitterMs <= 1
      ? []
      : [`disks: a sync takes ${disks.syncMs} ms and up to ${disks.syncJitterMs} ms`]),
    ...(wrong.length === 0 ? [] : [`clocks: ${wrong.join("; ")}`]),
    ...(rare.length === 0 ? [] : [`rare paths (of 1000): ${rare.join(", ")}`]),
    ...(shuffled === true ? ["events of equal time in random order"] : []),
  ];
}

function options({ knobs, nodeKnobs }: Plan): readonly string[] {
  const own = Object.entries(nodeKnobs).map(([id, some]) => `node ${id}: ${words(some)}`);
  const all = words(knobs);
  return all === "" ? own : [`options: ${all}`, ...own];
}

function words(knobs: Knobs): string {
  return Object.entries(knobs)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(", ");
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
