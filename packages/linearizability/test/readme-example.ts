/** The example of the README, compiled; a test runs it and compares the text. */

import { check, History, keyValue } from "@holdfast/linearizability";

const model = keyValue();
const history = History.of(model);

const put = history.invoke("alice", { kind: "put", key: "x", value: 1 });
const early = history.invoke("bob", { kind: "get", key: "x" }); // while alice's put is under way
history.ok(early, 1); // bob sees it already
const late = history.invoke("carol", { kind: "get", key: "x" });
history.ok(late, null); // carol, after him, doesn't
history.unknown(put); // alice's connection broke: who knows

const result = check(model, history);
console.log(result.verdict);
if (result.verdict === "not-linearizable") console.log(result.counterexample.text);
