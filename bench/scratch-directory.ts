/** A directory for the files of one benchmark, on the disk of this checkout: /tmp may be memory. */

import { rmSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Not tracked by git. */
const DATA = resolve(fileURLToPath(import.meta.url), "../../../data");

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Runs `work` with a new directory that is gone when it has ended, also when it is interrupted. */
export async function inScratchDirectory<T>(work: (dir: string) => Promise<T>): Promise<T> {
  await mkdir(DATA, { recursive: true });
  const dir = await mkdtemp(join(DATA, "bench-"));
  const onSignal = (): void => {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    process.exit(1);
  };
  for (const signal of SIGNALS) process.once(signal, onSignal);
  try {
    return await work(dir);
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    await rm(dir, { recursive: true, force: true });
  }
}
