/**
 * Gets a checkout ready (install, build) and runs one of its commands. Plain JavaScript without
 * dependencies: it must work before anything is installed.
 */

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const NODE_MIN = [20, 19];
const STILL_BUSY_MS = 5000;
const SAME_SIGNAL_MS = 300;
const PARENT_CHECK_MS = 250;

/**
 * Not `npm ci`: it insists on optional packages of all platforms in the lock file, also those that
 * the registry at hand lacks. `--no-save` follows the lock file as well and leaves it as it is.
 * Development packages are what builds and checks: wanted even where NODE_ENV says production.
 */
const INSTALL_FLAGS = [
  "--no-save",
  "--include=dev",
  "--no-audit",
  "--no-fund",
  "--progress=false",
  "--loglevel=error",
];

/**
 * What each command runs once the checkout is ready: a built file and the arguments before the
 * user's.
 */
const COMMANDS = {
  start: { file: "packages/cli/dist/src/main.js", before: ["cluster"] },
  sim: { file: "packages/cli/dist/src/main.js", before: ["sim"] },
  explore: { file: "packages/cli/dist/src/main.js", before: ["explore"] },
  lab: { file: "packages/lab/dist/src/main.js", before: [] },
  bench: { file: "bench/dist/main.js", before: [] },
  test: { file: "tools/dist/src/test.js", before: [] },
  check: { file: "tools/dist/src/verify.js", before: ["check"] },
  verify: { file: "tools/dist/src/verify.js", before: ["verify"] },
  fix: { file: "tools/dist/src/verify.js", before: ["fix"] },
};

/** Installs and builds what is missing, then runs `name` in this process with `args`. */
export async function run(name, args) {
  refuseOldNode();
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    fail(
      `Unknown command ${JSON.stringify(name)}, known are ${Object.keys(COMMANDS).join(", ")}`,
      2,
    );
  }
  process.chdir(root);
  const stale = whyInstall();
  if (stale !== undefined) await install(stale);
  await build();
  const file = path.join(root, command.file);
  if (!existsSync(file)) fail(`Cannot run ${name}: the build made no ${command.file}`, 1);
  tidySignals();
  process.argv = [process.execPath, file, ...command.before, ...args];
  await import(pathToFileURL(file).href);
}

function refuseOldNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return;
  fail(`Holdfast needs Node ${NODE_MIN.join(".")} or newer, this is ${process.versions.node}`, 1);
}

/**
 * Why `node_modules` cannot be used as it is, or undefined when it can. npm notes what it installed
 * in a lock file of its own as its last act: an installation that was interrupted has none, an
 * outdated one differs from ours.
 */
function whyInstall() {
  const wanted = readPackages("package-lock.json");
  if (wanted === undefined) return existsSync("node_modules") ? undefined : "no node_modules";
  const present = readPackages("node_modules/.package-lock.json");
  if (present === undefined) return "nothing is installed yet";
  return Object.entries(wanted)
    .filter(([place]) => place.includes("node_modules/"))
    .map(([place, entry]) => whyStale(place, entry, present[place]))
    .find((why) => why !== undefined);
}

function whyStale(place, wanted, present) {
  if (present === undefined) {
    // Packages for other platforms are optional, and absent here.
    const isOptional = wanted.optional || wanted.devOptional || wanted.peer;
    return isOptional ? undefined : `${place} is missing`;
  }
  const isSame = present.version === wanted.version && present.integrity === wanted.integrity;
  if (!isSame) return `${place} is out of date`;
  return existsSync(place) ? undefined : `${place} is missing`;
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

async function install(why) {
  say(`Installing: ${why} (needs the package registry once)`);
  await stage("install", npmCommand(["install", ...INSTALL_FLAGS]));
}

function npmCommand(args) {
  const script = process.env.npm_execpath;
  if (script !== undefined && /npm-cli\.[cm]?js$/.test(script)) {
    return { file: process.execPath, args: [script, ...args], shell: false };
  }
  return { file: "npm", args, shell: process.platform === "win32" };
}

async function build() {
  const compiler = path.join(root, "node_modules", "typescript", "bin", "tsc");
  const pretty = process.stderr.isTTY ? "true" : "false";
  const args = [compiler, "-b", "--pretty", pretty];
  await stage("build", { file: process.execPath, args, shell: false });
}

/** Runs one child to its end, quietly: its output is shown only when it fails. */
async function stage(title, command) {
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  const child = spawn(command.file, command.args, {
    cwd: root,
    shell: command.shell,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = [];
  child.stdout.on("data", (chunk) => output.push(chunk));
  child.stderr.on("data", (chunk) => output.push(chunk));
  const busy = setInterval(() => say(`${title}: still busy (${seconds()})`), STILL_BUSY_MS);
  const stop = (signal) => {
    child.kill(signal);
    process.exit(signal === "SIGINT" ? 130 : 143);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  const outcome = await new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(code === 0 ? "" : `exit ${code ?? signal}`));
  });
  clearInterval(busy);
  process.off("SIGINT", stop);
  process.off("SIGTERM", stop);
  if (outcome !== "") {
    process.stderr.write(Buffer.concat(output));
    fail(`${title} failed after ${seconds()}: ${outcome}`, 1);
  }
  say(`${title}: done in ${seconds()}`);
}

/**
 * One press of Ctrl-C may arrive twice, from the terminal and passed on by npm: the second one is
 * dropped. SIGTERM to npm may not arrive at all, because the shell between dies of it: the death of
 * the parent is taken for it.
 */
function tidySignals() {
  const emit = process.emit;
  const last = new Map();
  process.emit = function emitOnce(name, ...rest) {
    if (name === "SIGINT" || name === "SIGTERM") {
      const before = last.get(name);
      const now = performance.now();
      if (before !== undefined && now - before < SAME_SIGNAL_MS) return true;
      last.set(name, now);
    }
    return emit.call(this, name, ...rest);
  };
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  let gone = 0;
  const watch = () => {
    gone = process.ppid === parent ? 0 : gone + 1;
    // Twice, so that a signal that came at the same time is seen first.
    if (gone === 2 && last.size === 0) process.kill(process.pid, "SIGTERM");
  };
  setInterval(watch, PARENT_CHECK_MS).unref();
}

function say(line) {
  process.stderr.write(`holdfast: ${line}\n`);
}

function fail(line, code) {
  process.stderr.write(`holdfast: ${line}\n`);
  process.exit(code);
}

const isMain =
  process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url);
if (isMain) await run(process.argv[2] ?? "", process.argv.slice(3));
