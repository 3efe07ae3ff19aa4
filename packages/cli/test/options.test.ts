/**
 * Command lines and config files: what is taken, and that every complaint names its flag and value.
 */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { formatAddress, parseAddress } from "../src/address.ts";
import { CliError, UsageError } from "../src/cli-error.ts";
import { CLUSTER_FLAGS, clusterOptions, serveArguments } from "../src/cluster-plan.ts";
import { describeFlags, parseFlags } from "../src/flags.ts";
import { SERVE_FLAGS, serveOptions } from "../src/serve-options.ts";
import { tmpDir } from "./tmp-dir.ts";

const PEERS = "1=127.0.0.1:7101,2=127.0.0.1:7102,3=[::1]:7103";
const GOOD = ["--id=2", "--dir=d", "--client=127.0.0.1:7002", `--peers=${PEERS}`];

function serve(...argv: string[]): ReturnType<typeof serveOptions> {
  return serveOptions(parseFlags("serve", SERVE_FLAGS, argv));
}

function usage(message: string | RegExp): object {
  return { code: "CLI_USAGE", exitCode: 2, message };
}

test("parseAddress takes host:port and bracketed IPv6, nothing else", () => {
  assert.deepEqual(parseAddress("localhost:80"), { host: "localhost", port: 80 });
  assert.deepEqual(parseAddress("[::1]:80"), { host: "::1", port: 80 });
  assert.equal(formatAddress({ host: "::1", port: 80 }), "[::1]:80");
  for (const bad of [
    "",
    "80",
    ":80",
    "a",
    "a:",
    "a:x",
    "a:65536",
    "::1:80",
    "a b:1",
    "http://a:1",
  ]) {
    assert.equal(parseAddress(bad), undefined, bad);
  }
});

test("serve reads all its settings and fills in the defaults", () => {
  assert.deepEqual(serve(...GOOD), {
    id: 2,
    dir: "d",
    listen: { host: "127.0.0.1", port: 7102 },
    client: { host: "127.0.0.1", port: 7002 },
    peers: new Map([
      [1, { host: "127.0.0.1", port: 7101 }],
      [2, { host: "127.0.0.1", port: 7102 }],
      [3, { host: "::1", port: 7103 }],
    ]),
    clusterId: 1,
    timing: { electionTimeoutMs: 1000, electionTimeoutMaxMs: 2000, heartbeatMs: 100 },
    snapshotEntries: 10_000,
    requestTimeoutMs: 5000,
  });
  const other = serve(
    ...GOOD,
    "--listen",
    "0.0.0.0:1",
    "--election-timeout-ms",
    "300",
    "--cluster-id=9",
  );
  assert.deepEqual(other.listen, { host: "0.0.0.0", port: 1 });
  assert.deepEqual(other.timing, {
    electionTimeoutMs: 300,
    electionTimeoutMaxMs: 600,
    heartbeatMs: 30,
  });
  assert.equal(other.clusterId, 9);
});

test("a trace goes where it is told: one file for a server, one for each of a cluster", () => {
  assert.equal(serve(...GOOD, "--trace=t.ndjson").trace, "t.ndjson");
  const options = clusterOptions(
    parseFlags("cluster", CLUSTER_FLAGS, ["--nodes=2", "--trace=traces"]),
  );
  for (const id of [1, 2]) {
    const args = serveArguments(options, id, 5);
    assert.ok(args.includes(`--trace=${join("traces", `node-${id}.ndjson`)}`), args.join(" "));
  }
});

test("a cluster name stands for one number, the same on every node, another for another name", () => {
  const id = serve(...GOOD, "--cluster-id=orders").clusterId;
  assert.ok(Number.isSafeInteger(id) && id > 0);
  assert.equal(serve(...GOOD, "--cluster-id=orders").clusterId, id);
  assert.notEqual(serve(...GOOD, "--cluster-id=invoices").clusterId, id);
});

test("serve names the flag that is unknown, repeated, missing, without value or out of range", () => {
  const without = (name: string): string[] => GOOD.filter((flag) => !flag.startsWith(`--${name}`));
  const cases: [string[], string | RegExp][] = [
    [["--peer=x"], "Unknown flag --peer; see holdfast serve --help"],
    [["-x"], "Unknown flag -x; see holdfast serve --help"],
    [["extra"], "Unexpected argument extra; see holdfast serve --help"],
    [["--id=1", "--id=2"], "Flag --id is given twice; see holdfast serve --help"],
    [["--dir", "--id", "1"], "Flag --dir needs a value: DIR; see holdfast serve --help"],
    [["--dir"], "Flag --dir needs a value: DIR; see holdfast serve --help"],
    [["--help=yes"], "Flag --help takes no value; see holdfast serve --help"],
    [without("id"), "--id is missing"],
    [without("dir"), "--dir is missing"],
    [without("client"), "--client is missing"],
    [without("peers"), "--peers is missing"],
    [[...without("id"), "--id=4"], "--peers does not name this node: --id is 4"],
    [[...without("id"), "--id=0"], /^--id must be a whole number from 1 to \d+, got 0$/],
    [[...without("id"), "--id=two"], /^--id must be a whole number from 1 to \d+, got two$/],
    [[...without("client"), "--client=7001"], "--client must be host:port, got 7001"],
    [[...without("peers"), "--peers=2"], "--peers must be like 1=host:port,2=host:port, got 2"],
    [[...without("peers"), "--peers=2=x"], "--peers must be host:port, got x"],
    [[...without("peers"), "--peers=2=a:1,2=a:2"], "--peers names node 2 twice"],
    [[...without("peers"), "--peers=1=a:1,2=a:1"], "--peers gives nodes 1 and 2 the same address"],
    [[...GOOD, "--cluster-id=0"], "--cluster-id must be a positive number or a name, got 0"],
    [
      [...GOOD, "--election-timeout-ms=200", "--heartbeat-ms=200"],
      "--heartbeat-ms must be a whole number from 1 to 199, got 200",
    ],
    [
      [...GOOD, "--election-timeout-ms=200", "--election-timeout-max-ms=200"],
      /^--election-timeout-max-ms must be a whole number from 201 /,
    ],
    [[...GOOD, "--snapshot-entries=-1"], /^--snapshot-entries must be .*, got -1$/],
  ];
  for (const [argv, message] of cases)
    assert.throws(() => serve(...argv), usage(message), `${argv}`);
});

test("a config file has the names of the flags, flags win, peers may be an object", (t) => {
  const file = join(tmpDir(t), "node.json");
  writeFileSync(
    file,
    JSON.stringify({
      id: 2,
      dir: "from-file",
      client: "127.0.0.1:7002",
      peers: { 1: "127.0.0.1:7101", 2: "127.0.0.1:7102" },
      "snapshot-entries": 5,
    }),
  );
  const options = serve("--config", file, "--dir", "from-flag");
  assert.equal(options.id, 2);
  assert.equal(options.dir, "from-flag");
  assert.equal(options.snapshotEntries, 5);
  assert.deepEqual([...options.peers.keys()], [1, 2]);
});

test("a config file that is missing, no JSON, or says something unknown is named", (t) => {
  const file = join(tmpDir(t), "node.json");
  assert.throws(
    () => serve("--config", file),
    (error: unknown) =>
      error instanceof CliError && !(error instanceof UsageError) && error.message.includes(file),
  );
  const cases: [string, RegExp][] = [
    ["{", /is not JSON/],
    ["[]", /is not a JSON object$/],
    ['{"peer": "x"}', /has an unknown setting: peer$/],
    ['{"config": "x"}', /has an unknown setting: config$/],
    ['{"id": true}', /has a value of the wrong type for id$/],
    ['{"peers": ["a:1"]}', /has a value of the wrong type for peers$/],
    ['{"id": 1.5}', /^--id must be .*, got 1.5$/],
  ];
  for (const [text, message] of cases) {
    writeFileSync(file, text);
    assert.throws(() => serve("--config", file), usage(message), text);
  }
});

test("cluster plans ports and directories and writes command lines that serve understands", () => {
  const settings = parseFlags("cluster", CLUSTER_FLAGS, [
    "--nodes=2",
    "--port=8001",
    "--snapshot-entries=7",
  ]);
  const options = clusterOptions(settings);
  const [name, ...argv] = serveArguments(options, 2, 99);
  assert.equal(name, "serve");
  const server = serve(...argv);
  assert.equal(server.id, 2);
  assert.equal(server.dir, join("data", "node-2"));
  assert.deepEqual(server.client, { host: "127.0.0.1", port: 8002 });
  assert.deepEqual(server.listen, { host: "127.0.0.1", port: 8102 });
  assert.deepEqual([...server.peers.keys()], [1, 2]);
  assert.equal(server.clusterId, 99);
  assert.equal(server.snapshotEntries, 7);
  assert.equal(server.timing.electionTimeoutMs, 500);
});

test("cluster refuses sizes and ports that can't be", () => {
  const plan = (...argv: string[]): unknown =>
    clusterOptions(parseFlags("cluster", CLUSTER_FLAGS, argv));
  assert.throws(
    () => plan("--nodes=0"),
    usage("--nodes must be a whole number from 1 to 9, got 0"),
  );
  assert.throws(() => plan("--port=65500"), usage("--port is too high for 3 nodes, got 65500"));
  assert.throws(
    () => plan("--port=x"),
    usage("--port must be a whole number from 1 to 65535, got x"),
  );
});

test("describeFlags has a row for every flag", () => {
  const rows = describeFlags(SERVE_FLAGS).split("\n");
  assert.equal(rows.length, SERVE_FLAGS.length + 1);
  for (const flag of SERVE_FLAGS) assert.ok(rows.some((row) => row.includes(`--${flag.name} `)));
});
