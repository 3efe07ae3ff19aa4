/** Agreement with published verdicts on histories that Jepsen recorded of an early etcd. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  check,
  History,
  type RegisterInput,
  register,
  type Scalar,
} from "@holdfast/linearizability";
import { faultOf } from "./brute-force.ts";

/** The data stays outside of the repository: `shared` beside it, or beside a folder above. */
function findData(): string | undefined {
  for (let at = fileURLToPath(new URL(".", import.meta.url)); ; at = path.dirname(at)) {
    const home = path.join(at, "shared", "data", "jepsen-etcd");
    if (existsSync(path.join(home, "verdicts.json"))) return home;
    if (path.dirname(at) === at) return undefined;
  }
}

const LINE = /^INFO\s+jepsen\.util - (\d+)\s+:(\w+)\s+:(\w+)\s+(.*)$/;

function parse(text: string): History<RegisterInput, Scalar> {
  const history = new History<RegisterInput, Scalar>();
  const open = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const [, client = "", kind = "", name = "", value = ""] = LINE.exec(line) ?? [];
    assert.ok(client !== "", `no event: ${line}`);
    if (kind === "invoke") {
      open.set(client, history.invoke(Number(client), inputOf(name, value)));
      continue;
    }
    const id = open.get(client);
    assert.ok(id !== undefined, `nothing is under way: ${line}`);
    open.delete(client);
    if (kind === "info") history.unknown(id);
    else if (kind === "ok")
      history.ok(id, name === "read" ? scalarOf(value) : name === "cas" || null);
    else if (name === "cas") history.ok(id, false);
    else history.fail(id);
  }
  return history;
}

function inputOf(name: string, value: string): RegisterInput {
  if (name === "read") return { kind: "read" };
  if (name === "write") return { kind: "write", value: scalarOf(value) };
  assert.equal(name, "cas");
  const [from = "", to = ""] = value.replace(/[[\]]/g, "").split(" ");
  return { kind: "cas", from: scalarOf(from), to: scalarOf(to) };
}

function scalarOf(text: string): Scalar {
  if (text === "nil") return null;
  assert.match(text, /^\d+$/);
  return Number(text);
}

const data = findData();

test("agrees with every published verdict on Jepsen's histories of etcd", {
  skip: data === undefined && "no shared/data/jepsen-etcd beside the project: NOT CHECKED",
}, (t) => {
  assert.ok(data !== undefined);
  const verdicts = JSON.parse(readFileSync(path.join(data, "verdicts.json"), "utf8")) as Record<
    string,
    boolean
  >;
  const logs = readdirSync(data).filter((name) => name.endsWith(".log"));
  assert.deepEqual(logs.sort(), Object.keys(verdicts).sort());
  assert.ok(logs.length >= 50);
  const sizes: number[] = [];
  for (const name of logs) {
    const history = parse(readFileSync(path.join(data, name), "utf8"));
    const result = check(register(), history);
    assert.equal(result.verdict, verdicts[name] ? "linearizable" : "not-linearizable", name);
    if (result.verdict === "linearizable") {
      assert.equal(faultOf(register(), history, result.order), undefined, name);
    }
    if (result.verdict !== "not-linearizable") continue;
    const { counterexample } = result;
    assert.equal(check(register(), counterexample).verdict, "not-linearizable", name);
    sizes.push(counterexample.operations.length);
  }
  assert.ok(Math.max(...sizes) <= 30);
  t.diagnostic(`${logs.length} histories; operations that show why not: ${sizes.join(", ")}`);
});
