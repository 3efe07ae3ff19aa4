/**
 * One key for all worlds that differ only in the names of their servers: Raft treats them alike, so
 * one of them stands for the others.
 */

import { assert } from "@holdfast/raft";
import { encode, logCode, type Order, orderOf } from "./encode.ts";
import { RequestOrder } from "./request-order.ts";
import type { Host, World } from "./world.ts";

/** A world's key: 64 bits of hash, and the numbers that were hashed. */
export interface Key {
  readonly high: number;
  readonly low: number;
  readonly numbers: readonly number[];
}

/** Makes the keys of worlds with this many servers. */
export class Keys {
  readonly #orders: readonly Order[];

  constructor(voters: number) {
    this.#orders = ordersOf(voters).map((order, place) => orderOf(order, place));
  }

  of(world: World): Key {
    const marks = marksOf(world);
    const requests = new RequestOrder(world);
    let least: number[] | undefined;
    for (const order of this.#orders) {
      if (!isSorted(order.positions, marks)) continue;
      const numbers = encode(world, order, requests);
      if (least === undefined || isLess(numbers, least)) least = numbers;
    }
    assert(least !== undefined, "canonical: no order of the servers");
    return hashed(least);
  }
}

/** All orders of `count` servers, by position. */
export function ordersOf(count: number): number[][] {
  if (count === 0) return [[]];
  const orders: number[][] = [];
  for (const shorter of ordersOf(count - 1)) {
    for (let at = 0; at < count; at++) {
      orders.push([...shorter.slice(0, at), count - 1, ...shorter.slice(at)]);
    }
  }
  return orders;
}

/** Only orders in which these marks rise are tried: most worlds leave one. */
function isSorted(order: readonly number[], marks: Int32Array): boolean {
  for (let at = 1; at < order.length; at++) {
    if ((marks[order[at - 1] ?? 0] ?? 0) > (marks[order[at] ?? 0] ?? 0)) return false;
  }
  return true;
}

function isLess(one: readonly number[], other: readonly number[]): boolean {
  if (one.length !== other.length) return one.length < other.length;
  for (let at = 0; at < one.length; at++) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** For each server a number that doesn't depend on names: renamed worlds have the same ones. */
function marksOf({ hosts, wire, past }: World): Int32Array {
  const marks = new Int32Array(hosts.length);
  for (const [at, host] of hosts.entries()) marks[at] = markOf(host);
  for (const { kind, from, to, term } of wire) {
    const mark = mix(kind.length * 8 + term, 0);
    marks[from - 1] = (marks[from - 1] ?? 0) + Math.imul(mark, 3);
    marks[to - 1] = (marks[to - 1] ?? 0) + Math.imul(mark, 5);
  }
  for (const [term, leader] of past.leaders.entries()) {
    if (leader !== undefined) marks[leader - 1] = (marks[leader - 1] ?? 0) + mix(term, 7);
  }
  return marks;
}

function markOf(host: Host): number {
  host.memo.mark ??= freshMarkOf(host);
  return host.memo.mark;
}

function freshMarkOf(host: Host): number {
  const { raft, platter, pending } = host;
  const { role, config, vote } = raft;
  const votedForSelf = vote === config.id ? 2 : 1;
  let mark = mix(role.kind.length * 8 + raft.term, vote === 0 ? 0 : votedForSelf);
  mark = mix(mix(mark, logCode(raft.log.entries)), logCode(platter.entries));
  mark = mix(mix(mark, raft.log.durable * 16 + raft.commit), pending.length);
  if (role.kind === "candidate") mark = mix(mark, role.granted.length * 16 + role.refused.length);
  if (role.kind === "leader") for (const { match, next } of role.peers) mark += mix(match, next);
  return mark;
}

function mix(mark: number, word: number): number {
  let mixed = Math.imul(mark ^ word ^ (word / 4294967296), 0x9e3779b1);
  mixed ^= mixed >>> 15;
  return Math.imul(mixed, 0x85ebca77) | 0;
}

function hashed(numbers: readonly number[]): Key {
  let high = 0x6a09e667;
  let low = 0xbb67ae85;
  for (const number of numbers) {
    for (const word of [number | 0, (number / 4294967296) | 0]) {
      high = Math.imul(high ^ word, 0x9e3779b1);
      high ^= high >>> 15;
      low = Math.imul((low + word) ^ high, 0x85ebca77);
      low ^= low >>> 13;
    }
  }
  return { high: high | 0, low: low | 0, numbers };
}
