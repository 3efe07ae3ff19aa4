/** Who may import whom: the tables of `tools/layers.json`. */

import { readFileSync } from "node:fs";
import path from "node:path";

export interface PackageLayer {
  /** The npm name. */
  readonly name: string;
  /** Folders of the packages it may import. */
  readonly mayImport: readonly string[];
  /** True when it runs in a browser and in the simulator: no Node modules, no platform names. */
  readonly platformFree: boolean;
}

export interface Layers {
  /** By folder under `packages`. */
  readonly packages: Readonly<Record<string, PackageLayer>>;
  /** Further folders that tests may import, by folder; `*` is for all. */
  readonly testsMayAlsoImport: Readonly<Record<string, readonly string[]>>;
  /**
   * Files of platform-free packages that look at their host all the same, to be the only ones that
   * do: they may use its names, but no module of Node.
   */
  readonly hostDoors: readonly string[];
  /** Packages from outside of the project that a package may depend on at run time, by folder. */
  readonly mayDependOn: Readonly<Record<string, readonly string[]>>;
  /**
   * Modules of `packages/raft/src`, lowest layer first: each may import only from below its own.
   */
  readonly raftLayers: readonly (readonly string[])[];
}

export function readLayers(root: string): Layers {
  const text = readFileSync(path.join(root, "tools", "layers.json"), "utf8");
  return JSON.parse(text) as Layers;
}
