/** What was found, in lines for people. */

import type { Index } from "@holdfast/raft";
import { canonical, canonicalBytes, latin } from "./canonical.ts";
import type { UserRequest } from "./requests.ts";
import type { Given, UserLedger } from "./user-ledger.ts";

/** Longer texts are shown around the place where they part. */
const SHOWN_MAX = 160;
const BEFORE = 40;

/** `command 12 at index 14, term 2: {...}`. */
export function commandLine(
  { ledger, requests }: { readonly ledger: UserLedger; readonly requests: readonly UserRequest[] },
  index: Index,
): string {
  const noted = ledger.commands[index];
  if (noted === undefined) return `  up to index ${index}:`;
  const number = ledger.commands.slice(0, index + 1).filter((one) => one !== undefined).length;
  const key = latin(noted.command);
  const request = requests.find(({ bytes }) => latin(bytes) === key);
  const isTyped = request !== undefined && !(request.command instanceof Uint8Array);
  const text = isTyped ? canonical(request.command) : canonicalBytes(noted.command);
  return `  command ${number}, at index ${index} and term ${noted.term}: ${around(text, 0)}`;
}

/** A line each: who gave what. */
export function compared(verb: string, givens: readonly Given[]): readonly string[] {
  const [first, ...others] = givens;
  if (first === undefined) return [];
  const place = Math.min(...others.map(({ text }) => parting(first.text, text)));
  return givens.map(({ by, text, from }) => {
    const origin = from === 0 || by.includes("restored") ? "" : ` (restored at index ${from})`;
    return `    ${by}${origin} ${verb} ${around(text, place)}`;
  });
}

/** Where two texts part; as long as they are when they don't. */
function parting(one: string, other: string): number {
  let at = 0;
  while (at < one.length && at < other.length && one[at] === other[at]) at++;
  return at;
}

function around(text: string, place: number): string {
  if (text.length <= SHOWN_MAX) return text;
  const from = Math.max(0, Math.min(place, text.length) - BEFORE);
  const to = from + SHOWN_MAX;
  const tail = to < text.length ? "..." : "";
  return `${from > 0 ? "..." : ""}${text.slice(from, to)}${tail}`;
}
