/** What a tidy rule is, and what it says. */

import type { Project, ProjectFile } from "../project.ts";
import { lineAt } from "../project.ts";
import type { Layers } from "./layers.ts";

export interface Finding {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly message: string;
  /** A warning is shown and passes. */
  readonly isWarning: boolean;
}

export interface Rule {
  /** Stable, kebab-case: what STYLE.md names. */
  readonly id: string;
  check(project: Project, layers: Layers): readonly Finding[];
}

/** A finding in a file, at a position in its text. */
export function findingAt(
  rule: string,
  file: ProjectFile,
  offset: number,
  message: string,
): Finding {
  return { rule, path: file.path, line: lineAt(file.text, offset), message, isWarning: false };
}

/** A finding in a file, at a line. */
export function findingOn(rule: string, file: ProjectFile, line: number, message: string): Finding {
  return { rule, path: file.path, line, message, isWarning: false };
}
