/**
 * The checks that no ready tool makes: direction of imports, sizes, names, marks. Run by
 * `npm run check`.
 */

import type { Floors } from "./floors.ts";
import { isCode, type Project, readProject } from "./project.ts";
import { codeRules } from "./tidy/code-rules.ts";
import { importRules } from "./tidy/import-rules.ts";
import { type Layers, readLayers } from "./tidy/layers.ts";
import type { Finding, Rule } from "./tidy/rule.ts";
import { textRules } from "./tidy/text-rules.ts";

/** Every rule there is. */
export const RULES: readonly Rule[] = [...importRules, ...textRules, ...codeRules];

/** What all rules find in a project, and that too few files are no proof of anything. */
export function tidy(project: Project, layers: Layers, filesMin: number): readonly Finding[] {
  const looked = project.filter(isCode).length;
  const findings = RULES.flatMap((rule) => rule.check(project, layers));
  if (looked >= filesMin) return findings;
  const message = `looked at ${looked} source files, expected at least ${filesMin}`;
  return [{ rule: "floor", path: ".", line: 1, message, isWarning: false }, ...findings];
}

export interface TidyReport {
  readonly isClean: boolean;
  readonly summary: string;
  readonly lines: readonly string[];
}

export function runTidy(root: string, floors: Floors): TidyReport {
  const project = readProject(root);
  const findings = tidy(project, readLayers(root), floors.tidyFiles);
  const errors = findings.filter((finding) => !finding.isWarning);
  const warnings = findings.length - errors.length;
  return {
    isClean: errors.length === 0,
    summary: `${project.filter(isCode).length} source files, ${RULES.length} rules, ${warnings} warnings`,
    lines: findings.map(describeFinding),
  };
}

function describeFinding({ path, line, rule, message, isWarning }: Finding): string {
  return `${path}:${line} ${rule}${isWarning ? " (warning)" : ""}: ${message}`;
}
