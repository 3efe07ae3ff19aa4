/** `holdfast status`: which of the answers tells who leads. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Answer, leaderOf } from "../src/commands/status.ts";
import type { StatusPage } from "../src/kv-routes.ts";

function answer(term: number, leader: number): Answer {
  const status: StatusPage = {
    id: 1,
    clusterId: 1,
    state: "running",
    role: "follower",
    term,
    leader,
    commit: 0,
    applied: 0,
    log: { first: 1, last: 0, bytes: 0 },
    snapshot: null,
    store: { revision: 1, keys: 0 },
    peers: [],
  };
  return { endpoint: "127.0.0.1:1", status };
}

test("leaderOf believes the newest term and nobody who is behind", () => {
  assert.equal(leaderOf([answer(3, 2), answer(3, 2), answer(3, 0)]), 2);
  assert.equal(leaderOf([answer(3, 2), answer(4, 0)]), undefined);
  assert.equal(leaderOf([answer(3, 2), answer(4, 1)]), 1);
  assert.equal(leaderOf([{ endpoint: "a:1", error: "ECONNREFUSED" }, answer(2, 3)]), 3);
  assert.equal(leaderOf([{ endpoint: "a:1", error: "ECONNREFUSED" }]), undefined);
});
