/**
 * Keeps the platform out of simulated runs: whoever asks for the time, for chance, for a timer or
 * for a file while a run is on fails it, by the name of what was called.
 */

import { createHook } from "node:async_hooks";
import { syncBuiltinESMExports } from "node:module";
import { isPumpAway } from "@holdfast/sim";
import { type Stub, stubs } from "./platform-stubs.ts";

/** Something that no run may depend on was used. */
export interface Intrusion {
  /** What was called, as a program would write it: `Date.now`. */
  readonly name: string;
  readonly stack: string;
}

/**
 * Simulated code used the platform, so its result would depend on more than the plan: mend the
 * code.
 */
export class PlatformError extends Error {
  readonly code = "SIM_PLATFORM";

  constructor(name: string) {
    super(`Simulated code used ${name}: a run may depend on its plan alone`);
    this.name = "PlatformError";
  }
}

/** What promises are made of; all other resources are the platform's. */
const OWN_RESOURCES: ReadonlySet<string> = new Set(["PROMISE", "TickObject", "Microtask"]);

/** One run at a time in each thread: what is guarded belongs to the whole thread. */
let current: Guard | undefined;

class Guard {
  intrusion: Intrusion | undefined;
  isInside = true;

  note(name: string): PlatformError {
    const error = new PlatformError(name);
    this.intrusion ??= { name, stack: error.stack ?? "" };
    return error;
  }
}

export interface GuardOptions {
  /**
   * Also notes resources that were made behind the stubs, which costs a tenth of the time; on
   * unless told.
   */
  readonly isWatched?: boolean;
}

/** How a guarded run ended. */
export type Guarded<T> = ({ readonly value: T } | { readonly error: unknown }) & {
  readonly intrusion: Intrusion | undefined;
};

/**
 * Runs `run` with the platform out of reach, and gives it back afterwards. Calls throw
 * {@link PlatformError} to whoever makes them; as that may be caught on the way, the first one is
 * also told here. Never rejects.
 */
export async function guarded<T>(
  run: () => Promise<T>,
  { isWatched = true }: GuardOptions = {},
): Promise<Guarded<T>> {
  if (current !== undefined) throw new Error("Two guarded runs in one thread at a time");
  const guard = new Guard();
  current = guard;
  const restore = replaceAll();
  if (isWatched) hook.enable();
  try {
    const value = await run();
    return { value, intrusion: guard.intrusion };
  } catch (error) {
    return { error, intrusion: guard.intrusion };
  } finally {
    hook.disable();
    restore();
    current = undefined;
  }
}

/** For those who look at a run from outside and may use the platform, such as a printer. */
export function outsideRun<T>(look: () => T): T {
  const guard = current;
  if (guard === undefined) return look();
  guard.isInside = false;
  try {
    return look();
  } finally {
    guard.isInside = true;
  }
}

/** Called by each stub: throws inside of a run. */
function refuse(name: string): void {
  if (current?.isInside === true && !isPumpAway()) throw current.note(name);
}

/** A hook that throws ends the process: it takes a note. */
function watch(type: string): void {
  if (OWN_RESOURCES.has(type) || current?.isInside !== true || isPumpAway()) return;
  current.note(`a resource of the platform (${type})`);
}

/** Made once: the same ones serve all runs. */
let made: readonly Stub[] | undefined;

function replaceAll(): () => void {
  made ??= stubs(refuse);
  const undo = made.map(({ owner, key, value }) => {
    const before = Object.getOwnPropertyDescriptor(owner, key);
    const enumerable = before?.enumerable ?? false;
    Object.defineProperty(owner, key, { value, enumerable, configurable: true, writable: true });
    return (): void => {
      if (before === undefined) Reflect.deleteProperty(owner, key);
      else Object.defineProperty(owner, key, before);
    };
  });
  // Those who import single names of a built-in module see the stubs, too.
  syncBuiltinESMExports();
  return () => {
    for (const step of undo) step();
    syncBuiltinESMExports();
  };
}

const hook = createHook({ init: (_id, type) => watch(type) });
