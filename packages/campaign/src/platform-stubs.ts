/** What stands in for the platform while a run is on. */

import crypto from "node:crypto";
import fs from "node:fs";
import timers from "node:timers";

/** A property that is replaced while a run is on. */
export interface Stub {
  readonly owner: object;
  readonly key: string;
  readonly value: unknown;
}

/** Told the name of what is used, before it is; throws to prevent that. */
type Refuse = (name: string) => void;

const GLOBAL_CALLS = ["fetch", "setTimeout", "setInterval", "setImmediate"] as const;
const GLOBAL_CLASSES = ["Date", "WeakRef", "FinalizationRegistry"] as const;

/** Whose functions are all out of reach, but for those that are pure. */
const MODULES: readonly (readonly [name: string, module: object])[] = [
  ["fs", fs],
  ["fs.promises", fs.promises],
  ["crypto", crypto],
  ["timers", timers],
];

const PURE: ReadonlySet<string> = new Set(["createHash", "createHmac", "hash", "timingSafeEqual"]);

/** Everything to replace; each stub asks `refuse` first and then does what it stands for. */
export function stubs(refuse: Refuse): readonly Stub[] {
  const globals = globalThis as unknown as Readonly<Record<string, unknown>>;
  return [
    ...GLOBAL_CALLS.map((key) => callStub(globalThis, key, key, refuse)),
    ...GLOBAL_CLASSES.map((key) => classStub(globalThis, key, key, refuse)),
    callStub(Math, "random", "Math.random", refuse),
    callStub(globals["performance"], "now", "performance.now", refuse),
    classStub(process, "hrtime", "process.hrtime", refuse),
    callStub(process, "uptime", "process.uptime", refuse),
    ...["getRandomValues", "randomUUID"].map((key) =>
      callStub(globals["crypto"], key, `crypto.${key}`, refuse),
    ),
    ...MODULES.flatMap(([name, module]) => moduleStubs(name, module, refuse)),
    // Bytes that nobody wrote come from whatever was there before.
    { owner: Buffer, key: "allocUnsafe", value: (size: number) => Buffer.alloc(size) },
    { owner: Buffer, key: "allocUnsafeSlow", value: (size: number) => Buffer.alloc(size) },
  ].filter((stub) => stub !== undefined);
}

function moduleStubs(name: string, module: object, refuse: Refuse): (Stub | undefined)[] {
  return Object.entries(module)
    .filter(([key, value]) => typeof value === "function" && /^[a-z]/.test(key))
    .filter(([key]) => !PURE.has(key))
    .map(([key]) => callStub(module, key, `${name}.${key}`, refuse));
}

function callStub(owner: unknown, key: string, name: string, refuse: Refuse): Stub | undefined {
  const target = memberOf(owner, key);
  if (target === undefined) return undefined;
  const value = function (this: unknown, ...args: unknown[]): unknown {
    refuse(name);
    return Reflect.apply(target, this, args);
  };
  return { owner: owner as object, key, value };
}

/** For what is called, constructed and has functions of its own. */
function classStub(owner: unknown, key: string, name: string, refuse: Refuse): Stub | undefined {
  const target = memberOf(owner, key);
  if (target === undefined) return undefined;
  const value = new Proxy(target, {
    apply: (of, self, args) => {
      refuse(name);
      return Reflect.apply(of, self, args);
    },
    construct: (of, args, made) => {
      refuse(`new ${name}`);
      return Reflect.construct(of, args, made);
    },
    get: (of, member) => {
      const found: unknown = Reflect.get(of, member);
      // A symbol is the language asking, as `instanceof` does.
      if (typeof found !== "function" || typeof member === "symbol") return found;
      return (...args: unknown[]): unknown => {
        refuse(`${name}.${member}`);
        return Reflect.apply(found, of, args);
      };
    },
  });
  return { owner: owner as object, key, value };
}

function memberOf(owner: unknown, key: string): ((...args: unknown[]) => unknown) | undefined {
  if (typeof owner !== "object" && typeof owner !== "function") return undefined;
  const member: unknown = Reflect.get(owner as object, key);
  // What can't be replaced leads to something that can, as crypto.getRandomValues does.
  if (Object.getOwnPropertyDescriptor(owner, key)?.configurable === false) return undefined;
  return typeof member === "function" ? (member as (...args: unknown[]) => unknown) : undefined;
}
