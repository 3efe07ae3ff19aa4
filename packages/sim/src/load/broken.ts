/** What a check found, before a run adds time and place. */

import type { Failure } from "../outcome.ts";

/** `check` is constant text: the same bug gives the same one. `node` is 0 when it is about none. */
export type Broken = Pick<Failure, "check" | "message" | "node">;

/** Takes what a check that looks while the run goes on has found. */
export type OnBroken = (broken: Broken) => void;
