/** Draws what clients do: enough to keep the log moving, little enough to be checked (K1-K6). */

import type { Dice } from "./dice.ts";
import type { Pace } from "./pace.ts";
import type { Load } from "./plan.ts";

/** What a command takes beside its value, at most: kind, key, client, number. */
const COMMAND_OVERHEAD_BYTES = 64;

/** All clients of a register meet on it: more of them at a time take too long to check. */
const REGISTER_CLIENTS_MAX = 8;

export function drawLoad(dice: Dice, pace: Pace, fixed: Partial<Load>): Load {
  const valueBytes = dice.weighted([
    [70, dice.between(8, 32)],
    [22, dice.spreadWhole(32, 512)],
    [6, dice.spreadWhole(512, 4096)],
    [2, dice.spreadWhole(4096, 20_000)],
  ]);
  const model = dice.weighted<Load["model"]>([
    [25, "register"],
    [35, "key-value"],
    [20, "append-list"],
    [20, "counter"],
  ]);
  const wish = dice.weighted([
    [10, 1],
    [50, dice.between(2, 5)],
    [30, dice.between(5, 10)],
    [10, dice.between(10, 20)],
  ]);
  const clients = model === "register" ? Math.min(wish, REGISTER_CLIENTS_MAX) : wish;
  const perSecond = dice.weighted([
    [15, dice.spread(3, 10)],
    [75, dice.spread(10, 60)],
    [10, dice.spread(60, 250)],
  ]);
  const size = fixed.valueBytes ?? valueBytes;
  const isBig = size > 2000;
  return {
    model,
    clients,
    keys: dice.pick([1, 3, 3, 10, 10, 100]),
    // Large values: few of them, or writing them is all that happens.
    thinkMs: Math.max(1, Math.round((clients * 1000) / (isBig ? 5 : perSecond))),
    timeoutMs: Math.max(20, dice.spreadWhole(pace.longMs / 2, pace.longMs * 8)),
    reads: dice.pick([0, 100, 300, 500, 500, 800]),
    valueBytes,
    ...fixed,
  };
}

/** Operations in a second, when each is answered at once. */
export function operationsPerSecond({ clients, thinkMs }: Load): number {
  return (clients * 1000) / Math.max(1, thinkMs);
}

/** Size of a command, at most. */
export function commandBytes({ valueBytes }: Load): number {
  return valueBytes + COMMAND_OVERHEAD_BYTES;
}

/** About what a snapshot of the state holds after `seconds`, rather more than less. */
export function stateBytes(load: Load, seconds: number): number {
  const writes = operationsPerSecond(load) * seconds * (1 - load.reads / 1000);
  const cells = load.model === "append-list" ? writes : Math.min(writes, load.keys + load.clients);
  return Math.ceil(cells) * commandBytes(load) + 256;
}
