/** What a server tells the process that supervises it, over the channel between them. */

export type ChildMessage =
  /** It serves clients and peers. */
  | { readonly kind: "listening" }
  /** It knows who leads, itself perhaps. */
  | { readonly kind: "leader"; readonly term: number; readonly leader: number }
  /** It can't go on; the message is one line for people. */
  | { readonly kind: "failed"; readonly message: string };

/** True when a supervisor started this process. */
export function isSupervised(): boolean {
  return process.send !== undefined && process.connected;
}

/** Does nothing without a supervisor, or when that one has just gone. */
export function tellParent(message: ChildMessage): void {
  if (isSupervised()) process.send?.(message, undefined, undefined, () => {});
}

/** Undefined for anything that {@link tellParent} does not send. */
export function parseChildMessage(value: unknown): ChildMessage | undefined {
  if (typeof value !== "object" || value === null || !("kind" in value)) return undefined;
  const message = value as ChildMessage;
  return ["listening", "leader", "failed"].includes(message.kind) ? message : undefined;
}
