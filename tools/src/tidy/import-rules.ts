/**
 * Rules of direction: which package may import which, and which module of the core may import
 * which.
 */

import { isBuiltin } from "node:module";
import path from "node:path";
import { isCode, isTest, type Project, type ProjectFile, packageOf } from "../project.ts";
import { importsOf } from "../syntax.ts";
import type { Layers } from "./layers.ts";
import { type Finding, findingAt, findingOn, type Rule } from "./rule.ts";

/**
 * Imports between packages follow the table, by public name; platform-free packages import nothing
 * of Node.
 */
export const packageImports: Rule = {
  id: "package-imports",
  check(project, layers) {
    return project.filter(isCode).flatMap((file) =>
      importsOf(file).flatMap(({ specifier, offset }) => {
        const message = refusedImport(file, specifier, layers);
        return message === undefined ? [] : [findingAt(this.id, file, offset, message)];
      }),
    );
  },
};

function refusedImport(file: ProjectFile, specifier: string, layers: Layers): string | undefined {
  const folder = packageOf(file);
  if (folder === undefined) return undefined;
  if (specifier.startsWith(".")) return refusedRelative(file, folder, specifier);
  const own = layers.packages[folder];
  if (own === undefined) return `package ${folder} is not in tools/layers.json`;
  if (isBuiltin(specifier)) {
    const isRefused = own.platformFree && !isTest(file);
    return isRefused ? `${own.name} is platform-free: no ${specifier}` : undefined;
  }
  const sister = sisterOf(specifier, layers);
  if (sister === undefined) return undefined;
  if (specifier !== layers.packages[sister]?.name) {
    return `${specifier} reaches into a sister package, import its public name`;
  }
  if (allowedImports(file, folder, layers).includes(sister)) return undefined;
  return `${folder} may not import ${sister}`;
}

function refusedRelative(file: ProjectFile, folder: string, specifier: string): string | undefined {
  const target = path.posix.normalize(path.posix.join(path.posix.dirname(file.path), specifier));
  if (!target.startsWith(`packages/${folder}/`)) {
    return `${specifier} leaves the package, import by name`;
  }
  if (!isTest(file) && !target.startsWith(`packages/${folder}/src/`)) {
    return `${specifier} leaves src`;
  }
  return undefined;
}

function sisterOf(specifier: string, layers: Layers): string | undefined {
  return Object.keys(layers.packages).find((folder) => {
    const name = layers.packages[folder]?.name;
    return specifier === name || specifier.startsWith(`${name}/`);
  });
}

function allowedImports(file: ProjectFile, folder: string, layers: Layers): readonly string[] {
  const allowed = layers.packages[folder]?.mayImport ?? [];
  if (!isTest(file)) return allowed;
  const more = layers.testsMayAlsoImport;
  return [...allowed, folder, ...(more["*"] ?? []), ...(more[folder] ?? [])];
}

/**
 * Dependencies in package.json follow the same table; from outside only what is listed, with a
 * reason to be there.
 */
export const packageDependencies: Rule = {
  id: "package-dependencies",
  check(project, layers) {
    const manifests = project.filter((file) => /^packages\/[^/]+\/package\.json$/.test(file.path));
    return manifests.flatMap((file) =>
      [...refusedDependencies(file, layers), ...mismatchedSisters(file, project, layers)].map(
        (message) => findingOn(this.id, file, 1, message),
      ),
    );
  },
};

function refusedDependencies(file: ProjectFile, layers: Layers): readonly string[] {
  const folder = packageOf(file) ?? "";
  const own = layers.packages[folder];
  if (own === undefined) return [`package ${folder} is not in tools/layers.json`];
  const manifest = JSON.parse(file.text) as Manifest;
  const refused: string[] = [];
  if (manifest.name !== own.name) refused.push(`the name must be ${own.name}`);
  for (const name of dependenciesOf(manifest)) {
    const sister = sisterOf(name, layers);
    const isAllowed =
      sister === undefined
        ? (layers.mayDependOn[folder] ?? []).includes(name)
        : own.mayImport.includes(sister);
    if (!isAllowed) refused.push(`${folder} may not depend on ${name}`);
  }
  return refused;
}

interface Manifest {
  readonly name?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

function dependenciesOf(manifest: Manifest): readonly string[] {
  return Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
}

/**
 * The sister packages that the sources import are those that package.json names: no more, no less.
 */
function mismatchedSisters(
  manifest: ProjectFile,
  project: Project,
  layers: Layers,
): readonly string[] {
  const home = `packages/${packageOf(manifest)}/src/`;
  const sources = project.filter((file) => file.path.startsWith(home) && isCode(file));
  const imported = new Set(
    sources.flatMap((file) => importsOf(file).map(({ specifier }) => specifier)),
  );
  const declared = new Set(dependenciesOf(JSON.parse(manifest.text) as Manifest));
  const allowed = layers.packages[packageOf(manifest) ?? ""]?.mayImport ?? [];
  return allowed.flatMap((folder) => {
    const name = layers.packages[folder]?.name ?? folder;
    if (imported.has(name) === declared.has(name)) return [];
    return [imported.has(name) ? `${name} is imported but not named` : `${name} is never imported`];
  });
}

const CORE = "packages/raft/src/";

/** Inside the core imports go down only, and every module has a layer. */
export const coreLayers: Rule = {
  id: "core-layers",
  check(project, layers) {
    const files = project.filter((file) => file.path.startsWith(CORE) && isCode(file));
    return files.flatMap((file) => upwardImports(file, layers));
  },
};

function upwardImports(file: ProjectFile, layers: Layers): readonly Finding[] {
  const { id } = coreLayers;
  const own = layerOf(file.path, layers);
  if (own === -1) return [findingOn(id, file, 1, "has no layer in tools/layers.json")];
  return importsOf(file).flatMap(({ specifier, offset }) => {
    if (!specifier.startsWith(".")) return [];
    const target = path.posix.join(path.posix.dirname(file.path), specifier);
    const below = layerOf(target, layers);
    if (below !== -1 && below < own) return [];
    const message = `layer ${own} may not import ${specifier} of layer ${below}`;
    return [findingAt(id, file, offset, message)];
  });
}

function layerOf(file: string, layers: Layers): number {
  const name = file.slice(CORE.length).replace(/\.ts$/, "");
  return layers.raftLayers.findIndex((layer) => layer.includes(name));
}

/** All three. */
export const importRules: readonly Rule[] = [packageImports, packageDependencies, coreLayers];
