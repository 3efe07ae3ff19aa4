/** Planted bugs and their builds: each still fits the code, and none touches this one. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { PlantError, type PlantedBug, planted } from "../src/bugs/bug.ts";
import { PLANTED_BUGS, plantedBug } from "../src/bugs/catalogue.ts";
import { withPlantedBuild } from "../src/bugs/planted-build.ts";

const ROOT = new URL("../../../", import.meta.url);

function compiled(file: string): string {
  const [name = "", ...path] = file.split("/");
  return readFileSync(new URL(`${name}/dist/src/${path.join("/")}`, ROOT), "utf8");
}

/** All files of the bug with its changes made. */
function changed({ name, changes }: PlantedBug): Map<string, string> {
  const texts = new Map<string, string>();
  for (const change of changes) {
    const text = texts.get(change.file) ?? compiled(change.file);
    texts.set(change.file, planted(text, name, change));
  }
  return texts;
}

/** Throws `SyntaxError` for what is no module. What it imports isn't found, and doesn't matter. */
async function parse(text: string): Promise<void> {
  try {
    await import(`data:text/javascript,${encodeURIComponent(text)}`);
  } catch (error) {
    if (error instanceof SyntaxError) throw error;
  }
}

test("the catalogue has more than 40 bugs, each with a name of its own, a source and a check", () => {
  assert.equal(PLANTED_BUGS.length > 40, true);
  assert.equal(new Set(PLANTED_BUGS.map(({ name }) => name)).size, PLANTED_BUGS.length);
  for (const { name, title, cites, changes, expect, seedsMax } of PLANTED_BUGS) {
    assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)+$/);
    assert.equal(title.length > 20 && !title.endsWith("."), true, name);
    assert.equal(cites.length > 0 && changes.length > 0 && expect.length > 0, true, name);
    assert.equal(Number.isSafeInteger(seedsMax) && seedsMax > 0, true, name);
  }
  assert.equal(plantedBug("votes-twice")?.name, "votes-twice");
  assert.equal(plantedBug("no-such-bug"), undefined);
});

test("a text with a mistake in it is told from one without", async () => {
  await parse('import { a } from "./a.js"; export const b = a + 1;');
  await assert.rejects(parse("export const b = ;"), SyntaxError);
});

test("every bug fits the compiled code as it is today, changes it, and leaves it a program", async () => {
  for (const bug of PLANTED_BUGS) {
    for (const [file, text] of changed(bug)) {
      assert.notEqual(text, compiled(file), bug.name);
      await parse(text).catch((error: unknown) => {
        throw new Error(`Bug ${bug.name} makes ${file} no program`, { cause: error });
      });
    }
  }
});

test("a text that isn't there, or is there twice, is an error that names bug, file and text", () => {
  const change = { file: "raft/log.js", find: "\n  gone;\n  also", put: "" };
  const isAbout = (error: unknown, count: number): boolean => {
    assert(error instanceof PlantError);
    assert.equal(error.code, "CAMPAIGN_PLANT");
    const where = `occurs ${count} times in raft/log.js, not once: gone;`;
    assert.equal(error.message, `Bug some-bug: the text to replace ${where}`);
    return true;
  };
  assert.throws(
    () => planted("nothing", "some-bug", change),
    (error) => isAbout(error, 0),
  );
  const twice = `${change.find}${change.find}`;
  assert.throws(
    () => planted(twice, "some-bug", change),
    (error) => isAbout(error, 2),
  );
});

test("a planted build differs from this one in its bug alone, and is gone afterwards", async () => {
  const bug = plantedBug("no-up-to-date-check");
  assert(bug !== undefined);
  const seen: string[] = [];
  let place = "";
  await withPlantedBuild(bug, async (campaign) => {
    place = fileURLToPath(campaign);
    for (const name of ["campaign", "linearizability", "raft", "replica", "sim"]) {
      const folder = new URL(`../../../${name}/dist/src/`, campaign);
      const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
      const files = names.filter((file) => file.endsWith(".js"));
      assert.equal(files.length > 1, true, name);
      for (const file of files) {
        const text = readFileSync(new URL(file, folder), "utf8");
        if (text !== compiled(`${name}/${file}`)) seen.push(`${name}/${file}`);
      }
    }
  });
  assert.deepEqual(seen, ["raft/election.js"]);
  assert.equal(existsSync(place), false);
});

test("a build that can't be planted leaves nothing behind and names what has moved", async () => {
  const bug = plantedBug("votes-twice");
  const [change] = bug?.changes ?? [];
  assert(bug !== undefined && change !== undefined);
  const moved = { ...bug, changes: [{ ...change, find: "no such text" }] };
  const use = (): Promise<never> => Promise.reject(new Error("never used"));
  await assert.rejects(withPlantedBuild(moved, use), PlantError);
});

test("a signal that ends a hunt takes the planted build with it", async () => {
  const builder = new URL("../src/bugs/planted-build.js", import.meta.url);
  const program = `
    const { withPlantedBuild } = await import(${JSON.stringify(builder.href)});
    await withPlantedBuild(undefined, (campaign) => {
      console.log(campaign.href);
      return new Promise((resolve) => setTimeout(resolve, 60_000));
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const place = new URL(line.toString().trim());
  assert.equal(existsSync(place), true);
  child.kill("SIGTERM");
  const [, signal] = await once(child, "exit");
  assert.equal(signal, "SIGTERM");
  assert.equal(existsSync(place), false);
});
