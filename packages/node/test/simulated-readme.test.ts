/** What the simulator's README shows is what there is: its examples run, and say what it says. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type SimulationFailedError, simulate } from "@holdfast/sim";
import { bindMachine } from "holdfast";
import { counter, tickets, till } from "./simulated-machines.ts";

const fileOf = (address: string): string =>
  readFileSync(fileURLToPath(new URL(address, import.meta.url)), "utf8");

const readme = fileOf("../../../sim/README.md");
const sources = ["simulated-machines.ts", "simulated-counter.test.ts"]
  .map((name) => fileOf(`../../test/${name}`))
  .join("\n");

/** The code that stands between the marks of that name. */
function shown(name: string): string {
  const [, code] = sources.split(`// README: ${name}\n`);
  assert.ok(code !== undefined, `no part "${name}"`);
  const end = code.indexOf("// README: end");
  return code
    .slice(0, end)
    .trim()
    .replace(/^export /, "")
    .replace("./simulated-machines.ts", "./counter.ts");
}

test("README: every example is the one that is compiled and run here", () => {
  for (const name of [
    "in ten lines",
    "a right one",
    "a clock in apply",
    "a snapshot that forgets",
  ]) {
    assert.ok(readme.includes(`\n${shown(name)}\n`), `README lacks "${name}"`);
  }
});

async function messageOf(run: Promise<unknown>): Promise<string> {
  try {
    await run;
  } catch (error) {
    return (error as SimulationFailedError).message;
  }
  return assert.fail("nothing was found");
}

/** The message that the README shows for the example of that name. */
function messageIn(after: string): string {
  const rest = readme.slice(readme.indexOf(after));
  const [, text] = /```text\n(.*?)```/s.exec(rest) ?? [];
  assert.ok(text !== undefined, `no message after "${after}"`);
  return text.trim();
}

/**
 * Without what a clock decides, and what plans of a later release may: values, who was asked first,
 * how small the schedule became.
 */
function masked(message: string): string {
  return message
    .replaceAll(/^ {4}(\S.*?) (gave|has) /gm, "    WHO $2 ")
    .replace(/(\n {4}WHO gave [^\n]*)+/, (lines) => lines.split("\n").slice(0, 3).join("\n"))
    .replace(/(\n {2}[^\n]*)*\n {2}no fault is needed/, "\n  no fault is needed")
    .replaceAll(/\d+/g, "N");
}

test("README: a clock in apply is told as the README says, values aside", async () => {
  const message = await messageOf(
    simulate({
      machine: () => bindMachine(tickets),
      workload: (random) => ({ holder: `guest ${random.below(100)}` }),
      seed: 1,
    }),
  );
  assert.equal(masked(message), masked(messageIn("const tickets")));
});

test("README: a snapshot that forgets is told as the README says, values aside", async () => {
  const message = await messageOf(
    simulate({
      machine: () => bindMachine(till),
      workload: (random) => ({ paid: random.below(100) }),
      seed: 1,
    }),
  );
  assert.equal(masked(message), masked(messageIn("const till")));
});

test("bindMachine: what openNode takes is what simulate takes, with its types", async () => {
  const report = await simulate({
    machine: () => bindMachine(counter),
    workload: (random) => ({ add: random.below(10) }),
    invariant: (bound) => assert.ok(bound.state() >= 0),
    seed: 5,
    durationMs: 2000,
  });
  assert.ok(report.commands > 0);
  const wrong = simulate({
    machine: () => bindMachine(counter),
    // @ts-expect-error: the workload must give the machine's own commands
    workload: () => ({ plus: 1 }),
    seed: 1,
  });
  await assert.rejects(wrong, { code: "SIM_FAILED" });
});
