/**
 * Draws a plan from a seed: one stream of chance per purpose, so that plans change little by
 * little.
 */

import { majorityOf } from "@holdfast/raft";
import { MAYBE_POINTS } from "@holdfast/replica";
import { Random } from "../random.ts";
import { Dice } from "./dice.ts";
import { drawHealing } from "./draw-healing.ts";
import { checkKnobs, drawKnobs, knobsOf } from "./draw-knobs.ts";
import { drawLoad, operationsPerSecond } from "./draw-load.ts";
import {
  drawClocks,
  drawDisks,
  drawMaybe,
  drawWeather,
  healedWeather,
} from "./draw-surroundings.ts";
import type { DrawnKind, Fault } from "./fault.ts";
import { drawPace, ECHO_TIMEOUTS, type Pace } from "./pace.ts";
import { type Knobs, PLAN_VERSION, type Plan } from "./plan.ts";
import { PlanError } from "./plan-error.ts";
import type { Profile } from "./profile.ts";
import type { Recipe } from "./recipes/recipe.ts";
import { RECIPE_NAMES, RECIPES } from "./recipes.ts";
import type { Draft, Scene } from "./scene.ts";
import { drawSwarm, FAULT_KINDS } from "./swarm.ts";

/** Largest cluster that can be asked for. */
export const NODES_MAX = 9;

const SAFETY_MS = 20_000;
/** The first phase has room for so many longest election timeouts. */
const TIMEOUTS_LEAST = 8;
/** Of 100 plans so many follow a recipe; so many of these have a weak swarm beside it. */
const RECIPE_PERCENT = 13;
const BESIDE_PERCENT = 40;
const BESIDE_STRENGTH = 0.4;

/**
 * A function of its arguments alone. Throws `PlanError` for a profile that can't be met, and
 * `ConfigError` for options that the core refuses.
 */
export function drawPlan(seed: number | string, profile: Profile = {}): Plan {
  const dice = new Dice(new Random(seed));
  const nodes = drawNodes(dice.fork("nodes"), profile);
  const ids = Array.from({ length: nodes }, (_, at) => at + 1);
  const name = drawRecipe(dice.fork("recipe"), profile, nodes);
  const recipe = name === undefined ? undefined : RECIPES[name];
  const fixed: Knobs = { ...recipe?.knobs?.(dice.fork("recipe knobs")), ...profile.knobs };
  const pace = drawPace(dice.fork("pace"), ids, fixed);
  const safetyMs = profile.safetyMs ?? drawSafetyMs(dice.fork("length"), pace);
  const load = drawLoad(dice.fork("load"), pace, { ...recipe?.load, ...profile.load });
  const frame = { pace, load, seconds: safetyMs / 1000, fixed };
  const options = drawKnobs(dice.fork("knobs"), ids, frame);
  const kinds = kindsOf(profile);
  const isCalm = kinds?.length === 0 && recipe === undefined;
  const { healing, spent } = drawHealing(dice.fork("healing"), {
    ids,
    isWhole: isCalm,
    pace,
    knobsOf: (id) => knobsOf(options, id),
    outsider: recipe?.outsider,
    spends: recipe?.spends === true || kinds?.some(isSpending) === true,
  });
  const weather = drawWeather(dice.fork("weather"), pace);
  const scene: Scene = {
    ids,
    majority: majorityOf(nodes),
    pace,
    endMs: safetyMs,
    perSecond: operationsPerSecond(load),
    outsiders: ids.filter((id) => !healing.core.includes(id)),
    spent,
  };
  const plan: Plan = {
    format: "holdfast-plan",
    version: PLAN_VERSION,
    seed: String(seed),
    ...(name === undefined ? {} : { recipe: name }),
    nodes,
    safetyMs,
    ...options,
    weather: isCalm ? healedWeather(weather) : weather,
    carrying: dice.fork("carrying").pick(["raw", "connections"]),
    shuffled: dice.fork("shuffled").chance(50),
    supervisorMs: drawSupervisorMs(dice.fork("supervisor"), pace),
    ...drawSlowApply(dice.fork("slow apply"), isCalm),
    disks: drawDisks(dice.fork("disks"), pace),
    clocks: drawClocks(dice.fork("clocks"), nodes),
    // A rare path may drop packets, and a calm cluster must not lose its leader to that.
    maybe:
      healing.calmTimeouts > 0
        ? {}
        : drawMaybe(dice.fork("maybe"), profile.maybePoints ?? MAYBE_POINTS),
    load,
    faults: numbered(drawFaults(dice.fork("faults"), scene, recipe, kinds), scene),
    healing,
  };
  for (const id of ids) checkKnobs(plan, id);
  return plan;
}

/** Such a load leaves a state machine idle for most of the time. */
function drawSlowApply(dice: Dice, isCalm: boolean): Pick<Plan, "slowApplyMs"> {
  return !isCalm && dice.chance(20) ? { slowApplyMs: dice.spreadWhole(2, 100) } : {};
}

function drawNodes(dice: Dice, { nodes, recipe }: Profile): number {
  const least = recipe === undefined ? 1 : (recipeOf(recipe)?.nodesLeast ?? 1);
  if (nodes === undefined) {
    const sizes = [
      [50, 3],
      [30, 5],
      [4, 1],
      [5, 2],
      [6, 4],
      [5, 7],
    ] as const;
    return dice.weighted(sizes.filter(([, size]) => size >= least));
  }
  const sizes = typeof nodes === "number" ? [nodes] : nodes;
  for (const size of sizes) {
    const isSize = Number.isSafeInteger(size) && size >= 1 && size <= NODES_MAX;
    if (!isSize) throw new PlanError("nodes", `must be a whole number, 1 to ${NODES_MAX}`, size);
  }
  const fitting = sizes.filter((size) => size >= least);
  if (fitting.length === 0) {
    throw new PlanError("nodes", `must be ${least} or more for recipe ${recipe}`, nodes);
  }
  return dice.pick(fitting);
}

/** Undefined for `none`. */
function recipeOf(name: string): Recipe | undefined {
  if (name === "none") return undefined;
  const recipe = Object.hasOwn(RECIPES, name) ? RECIPES[name] : undefined;
  if (recipe !== undefined) return recipe;
  throw new PlanError("recipe", `must be none or one of ${RECIPE_NAMES.join(", ")}`, name);
}

function drawRecipe(dice: Dice, { recipe, faults }: Profile, nodes: number): string | undefined {
  if (recipe !== undefined) return recipe === "none" ? undefined : recipe;
  if (faults !== undefined || !dice.chance(RECIPE_PERCENT)) return undefined;
  return dice.pick(RECIPE_NAMES.filter((name) => (RECIPES[name]?.nodesLeast ?? 1) <= nodes));
}

/** Undefined: by chance. */
function kindsOf({ faults }: Profile): readonly DrawnKind[] | undefined {
  if (faults === undefined) return undefined;
  if (faults === "none") return [];
  if (faults === "all") return FAULT_KINDS;
  for (const kind of faults) {
    if (FAULT_KINDS.includes(kind)) continue;
    throw new PlanError("faults", `must be all, none, or of ${FAULT_KINDS.join(", ")}`, kind);
  }
  return faults;
}

function isSpending(kind: DrawnKind): boolean {
  return kind === "disk-damage" || kind === "disk-loss" || kind === "disk-clone";
}

function drawSafetyMs(dice: Dice, { longMs }: Pace): number {
  const wish = dice.chance(90) ? SAFETY_MS : dice.between(SAFETY_MS, 2 * SAFETY_MS);
  return Math.max(wish, TIMEOUTS_LEAST * longMs);
}

/** Not at once: a full disk would be started on for ever, and time would stand still. */
function drawSupervisorMs(dice: Dice, { longMs }: Pace): number {
  const least = Math.max(50, longMs / 4);
  return dice.spreadWhole(least, Math.max(least, longMs * 5));
}

function drawFaults(
  dice: Dice,
  scene: Scene,
  recipe: Recipe | undefined,
  kinds: readonly DrawnKind[] | undefined,
): Draft[] {
  if (recipe === undefined) return drawSwarm(dice.fork("swarm"), scene, { kinds, strength: 1 });
  const drafts = [...recipe.script(dice.fork("recipe"), scene)];
  if (kinds === undefined && !dice.chance(BESIDE_PERCENT)) return drafts;
  const beside = drawSwarm(dice.fork("swarm"), scene, { kinds, strength: BESIDE_STRENGTH });
  return [...drafts, ...beside];
}

/** In order of time, with ids that stay when others are dropped. */
function numbered(drafts: readonly Draft[], { endMs, pace }: Scene): Fault[] {
  return drafts
    .map((draft) => ({ ...draft, at: Math.round(draft.at) }))
    .filter(({ at }) => at < endMs)
    .map((draft) => endingReplays(draft, endMs + ECHO_TIMEOUTS * pace.longMs))
    .sort((one, other) => one.at - other.at)
    .map((draft, place): Fault => ({ id: place + 1, ...draft }));
}

/**
 * An old leader's heartbeat that comes again counts as a sign of life (§5.2), so replays must end
 * soon after the healing: as long as they come, nobody need replace a leader that is gone.
 */
function endingReplays(draft: Draft, endMs: number): Draft {
  if (draft.kind !== "weather" || draft.weather.replayMs === undefined) return draft;
  const left = Math.max(1, Math.round(endMs - draft.at - draft.forMs));
  const replayMs = Math.min(draft.weather.replayMs, left);
  return { ...draft, weather: { ...draft.weather, replayMs } };
}
