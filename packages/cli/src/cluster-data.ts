/** What a demo cluster remembers of itself beside the nodes' data: its id and its size. */

import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CliError, lineOf } from "./cli-error.ts";

export interface ClusterData {
  readonly clusterId: number;
  readonly nodes: number;
}

const FILE = "cluster.json";

/**
 * Reads what the directory holds, or begins a new cluster in it. The size is fixed from then on:
 * with other members the majorities of before and after need not overlap, and what was acknowledged
 * could be lost (§6). Throws `CliError`.
 */
export function openClusterData(dir: string, nodes: number): ClusterData {
  const known = read(dir);
  if (known !== undefined) {
    if (known.nodes === nodes) return known;
    throw new CliError(
      `The data in ${dir} belongs to a cluster of ${known.nodes} nodes, not ${nodes}`,
    );
  }
  const data: ClusterData = { clusterId: 1 + randomBytes(6).readUIntBE(0, 6), nodes };
  try {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, `${FILE}.new`), `${JSON.stringify(data)}\n`, { flush: true });
    renameSync(join(dir, `${FILE}.new`), join(dir, FILE));
  } catch (cause) {
    throw new CliError(`Cannot write to the data directory ${dir}: ${lineOf(cause)}`, { cause });
  }
  return data;
}

function read(dir: string): ClusterData | undefined {
  let text: string;
  try {
    text = readFileSync(join(dir, FILE), "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return undefined;
    throw new CliError(`Cannot read the data directory ${dir}: ${lineOf(cause)}`, { cause });
  }
  const data = parse(text);
  if (data === undefined) throw new CliError(`The file ${join(dir, FILE)} is damaged`);
  return data;
}

function parse(text: string): ClusterData | undefined {
  try {
    const { clusterId, nodes } = JSON.parse(text) as Partial<ClusterData>;
    if (!Number.isSafeInteger(clusterId) || !Number.isSafeInteger(nodes)) return undefined;
    return { clusterId: Number(clusterId), nodes: Number(nodes) };
  } catch {
    return undefined;
  }
}
