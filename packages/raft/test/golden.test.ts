/**
 * Golden traces: every script in testdata plays as it was read and approved, and its expectations
 * hold.
 */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { golden } from "@holdfast/testkit";
import { play, ScriptError } from "./script.ts";

const HOME = new URL("../../testdata/", import.meta.url);
const SCRIPTS_MIN = 20;

const scripts = readdirSync(HOME, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".txt"))
  .map((name) => name.replaceAll("\\", "/"))
  .sort();

for (const name of scripts) {
  const file = new URL(name, HOME);
  const source = readFileSync(file, "utf8");
  test(`testdata/${name} ${source.split("\n")[0] ?? ""}`, () => {
    const { text, commands, checks, narrated } = play(name, source);
    const [header = ""] = source.split("\n\n");
    assert.match(
      header,
      /^# [\s\S]*(paper|thesis) (§|Fig)/,
      "the header says what is shown, and where it is written",
    );
    assert.ok(commands >= 4, `only ${commands} commands`);
    assert.ok(checks > 0, "a story needs an expectation");
    assert.ok(narrated > 0, "nothing happened");
    golden(name, text, file);
  });
}

test(`there are at least ${SCRIPTS_MIN} golden traces, in every topic`, () => {
  assert.ok(scripts.length >= SCRIPTS_MIN, `found only ${scripts.length}`);
  const topics = new Set(scripts.map((name) => name.split("/")[0]));
  assert.deepEqual([...topics], ["durability", "election", "replication", "snapshot"]);
});

test("a script fails at an expectation that does not hold, with its line and the story so far", () => {
  const error = failure("cluster voters=1\ntimeout 1\nexpect leader=2\n");
  assert.match(error.message, /^x:3: expect leader=2: leader is 1, expected 2\n/);
  assert.match(error.message, /1: leader of term 1/);
});

test("a script fails at a command, an option, a fact or a message that it does not know", () => {
  const faults: [string, RegExp][] = [
    ["elect 1", /the first command must be cluster/],
    ["cluster voters=3\nelct 1", /unknown command elct, known are cluster/],
    ["cluster votes=3", /unknown option votes/],
    ["cluster prevote=yes", /neither on nor off: yes/],
    ["cluster\nexpect 1 colour=red", /unknown fact colour/],
    ["cluster\nexpect", /expect what\?/],
    ["cluster\ndeliver 1>2", /no message is under way on 1>2/],
    ["cluster\ndeliver all", /nothing is under way/],
    ["cluster\npersist 1", /has no write to complete/],
    ["cluster\ntimeout 9", /no server 9/],
    ["cluster\ncut 1 | 2", /name every server in one group/],
    ["cluster\ncut 2 | 1 3\nelect 2", /server 2 did not win/],
    ["cluster\ncrash 1\ntimeout 1", /server 1 is down/],
  ];
  for (const [source, message] of faults) assert.match(failure(source).message, message);
});

test("a script fails when an invariant of the core breaks, at the line that broke it", () => {
  const error = failure("cluster voters=3\nlog 2 1\nlog 1 2 1\n");
  assert.match(error.message, /^x:3: log 1 2 1: log\.push: term goes back/);
});

test("a script tells of refused proposals and snapshots, and of messages to a server that is down", () => {
  const { text } = play(
    "x",
    "cluster\npropose 1 a\ncompact 1 3\ncrash 3\nquiet timeout 1\ndeliver 1>3\n",
  );
  assert.match(text, /1: refuses the proposal: not-leader/);
  assert.match(text, /1: refuses the snapshot: snapshot-taken: beyond what was applied/);
  assert.match(text, /lost, 3 is down: vote-request 1->3/);
  assert.match(text, /quiet timeout 1\n {4}\(3 lines\)\n/);
});

test("playing a script again replaces its narration and nothing else", () => {
  const source =
    "# Title, §5.2\n\ncluster voters=1\ntimeout 1\n    [   0] told by another run\n\n# End.\n";
  const { text } = play("x", source);
  assert.doesNotMatch(text, /another run/);
  assert.match(text, /^# Title, §5\.2\n\ncluster voters=1\ntimeout 1\n {4}\[ \d+\] 1: /);
  assert.match(text, /\n\n# End\.\n$/);
  assert.equal(play("x", text).text, text);
});

function failure(source: string): ScriptError {
  try {
    play("x", source);
  } catch (error) {
    assert.ok(error instanceof ScriptError);
    return error;
  }
  assert.fail("the script passed");
}
