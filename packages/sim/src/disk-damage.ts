/** Silent damage to stored files: what a power loss doesn't explain (D7, D13). */

import { segmentSequenceOf, snapshotIndexOf } from "@holdfast/replica";
import type { DirectoryState } from "./disk-directory.ts";
import type { Damage, DiskArea, DiskPlace } from "./plan/fault.ts";
import type { Random } from "./random.ts";

export interface DamageOptions {
  /**
   * Also where a store can't tell it from a write that a crash cut short: what was acknowledged is
   * lost then, and nobody knows.
   */
  readonly mayPassForTorn?: boolean;
}

export interface DamageDone {
  readonly name: string;
  readonly position: number;
  /** Bytes that were changed, or cut off. */
  readonly length: number;
  /** What was done, in one line. */
  readonly line: string;
  readonly passesForTorn: boolean;
}

export function isInArea(name: string, area: DiskArea): boolean {
  if (area === "wal") return segmentSequenceOf(name) !== undefined;
  return snapshotIndexOf(name) !== undefined;
}

export function damageFiles(
  _state: DirectoryState,
  _request: { readonly area: DiskArea; readonly place: DiskPlace; readonly damage: Damage },
  _random: Random,
  _options: DamageOptions,
): DamageDone | undefined {
  return undefined;
}
