/** One direction between two nodes: the faults that lie on it, and its connections. */

import type { NodeId } from "@holdfast/raft";
import { type Lane, type Packet, peekKind } from "@holdfast/replica";
import type { Connection } from "./network-connection.ts";
import { DAMAGE_KINDS, type DamageKind } from "./network-damage.ts";
import type { Random } from "./random.ts";

/** What goes from one node to another; the way back is a link of its own. */
export interface Link {
  readonly from: NodeId;
  readonly to: NodeId;
}

/** Which packets are dropped. */
export interface Drop {
  /** Only of these kinds; all unless told. */
  readonly messages?: readonly Packet["kind"][];
  /** Only on these lanes; on all unless told. */
  readonly lanes?: readonly Lane[];
  /** How many of 1000 of them. */
  readonly lost: number;
}

/** Which packets are damaged on their way, and how. */
export interface Corruption {
  /** How many of 1000. */
  readonly damaged: number;
  /** In one of these ways; in any unless told. */
  readonly ways?: readonly DamageKind[];
}

export type LinkFault =
  | { readonly kind: "cut" | "clog"; readonly lanes: readonly Lane[] }
  | { readonly kind: "slow"; readonly lanes: readonly Lane[]; readonly bytesPerSecond: number }
  | { readonly kind: "drop"; readonly drop: Drop }
  | { readonly kind: "corrupt"; readonly corruption: Corruption };

interface Dial {
  at: number;
  pauseMs: number;
}

/** Each is a connection of its own, so each can stall or break alone. */
export const LANES: readonly Lane[] = ["vote", "append", "snapshot"];

/** What holds up one lane of a link now. */
export interface LaneState {
  readonly isCut: boolean;
  readonly isClogged: boolean;
  /** Infinity when it is not slow. */
  readonly bytesPerSecond: number;
}

const FREE: LaneState = {
  isCut: false,
  isClogged: false,
  bytesPerSecond: Number.POSITIVE_INFINITY,
};

/** What lies on a link is summed up whenever it changes, so that packets only look at the sums. */
export class LinkState implements Link {
  readonly from: NodeId;
  readonly to: NodeId;
  /** All chance on this link. */
  readonly random: Random;
  /** By lane. */
  readonly connections: (Connection | undefined)[] = LANES.map(() => undefined);
  /** The sender was last told that it isn't heard. */
  reportedAt: number = Number.NEGATIVE_INFINITY;
  /** By lane: not dialled again before, and how long the last pause was. */
  readonly #dials: Dial[] = LANES.map(() => ({ at: 0, pauseMs: 0 }));
  /** By lane. */
  readonly #lanes: LaneState[] = LANES.map(() => FREE);
  #drops: readonly Drop[] = [];
  #corruptions: readonly Corruption[] = [];
  readonly #faults = new Set<LinkFault>();

  constructor(from: NodeId, to: NodeId, random: Random) {
    this.from = from;
    this.to = to;
    this.random = random;
  }

  lay(fault: LinkFault): void {
    this.#faults.add(fault);
    this.#sumUp();
  }

  lift(fault: LinkFault): void {
    if (this.#faults.delete(fault)) this.#sumUp();
  }

  liftAll(): void {
    if (this.#faults.size === 0) return;
    this.#faults.clear();
    this.#sumUp();
  }

  lane(number: number): LaneState {
    return this.#lanes[number] ?? FREE;
  }

  /** Whether a fault takes this packet. */
  drops(lane: Lane, packet: Uint8Array): boolean {
    if (this.#drops.length === 0) return false;
    const kind = peekKind(packet);
    return this.#drops.some(
      ({ messages, lanes, lost }) =>
        (messages === undefined || (kind !== undefined && messages.includes(kind))) &&
        (lanes === undefined || lanes.includes(lane)) &&
        this.random.chance(lost, 1000),
    );
  }

  /** What a fault does to the bytes of the next packet. */
  drawDamage(): DamageKind | undefined {
    for (const { damaged, ways = DAMAGE_KINDS } of this.#corruptions) {
      if (this.random.chance(damaged, 1000)) return ways[this.random.below(ways.length)];
    }
    return undefined;
  }

  /** The lane is not dialled again before this time. */
  dialAt(lane: number): number {
    return this.#dials[lane]?.at ?? 0;
  }

  /** It could not be reached: the pauses between attempts double from `pauseMs` to `pauseMsMax`. */
  dialled(lane: number, now: number, pauseMs: number, pauseMsMax: number): void {
    const dial = this.#dials[lane];
    if (dial === undefined) return;
    dial.pauseMs = Math.min(pauseMsMax, Math.max(pauseMs, dial.pauseMs * 2));
    dial.at = now + dial.pauseMs * (0.5 + this.random.fraction());
  }

  connected(lane: number): void {
    const dial = this.#dials[lane];
    if (dial !== undefined) dial.pauseMs = 0;
  }

  #sumUp(): void {
    const faults = [...this.#faults];
    this.#drops = faults.flatMap((one) => (one.kind === "drop" ? [one.drop] : []));
    this.#corruptions = faults.flatMap((one) => (one.kind === "corrupt" ? [one.corruption] : []));
    for (const [number, lane] of LANES.entries()) {
      const before = this.lane(number);
      const now = laneUnder(faults, lane);
      this.#lanes[number] = now;
      if (!isSame(before, now)) this.connections[number]?.laneChanged();
    }
  }
}

function laneUnder(faults: readonly LinkFault[], lane: Lane): LaneState {
  const own = faults.filter((one) => "lanes" in one && one.lanes.includes(lane));
  const rates = own.map((one) =>
    one.kind === "slow" ? one.bytesPerSecond : Number.POSITIVE_INFINITY,
  );
  return {
    isCut: own.some(({ kind }) => kind === "cut"),
    isClogged: own.some(({ kind }) => kind === "clog"),
    bytesPerSecond: Math.min(...rates),
  };
}

function isSame(one: LaneState, other: LaneState): boolean {
  return (
    one.isCut === other.isCut &&
    one.isClogged === other.isClogged &&
    one.bytesPerSecond === other.bytesPerSecond
  );
}

export function laneNumber(lane: Lane): number {
  if (lane === "append") return 1;
  return lane === "vote" ? 0 : 2;
}
