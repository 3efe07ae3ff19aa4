/** What the benchmark and its server processes say to each other. */

import type { NodeId } from "@holdfast/raft";

export const COMMAND_BYTES = 256;

/** To a server. */
export type Request =
  /** Where all servers listen; the first request of all. */
  | { readonly kind: "join"; readonly addresses: Readonly<Record<NodeId, string>> }
  | { readonly kind: "whoLeads" }
  | { readonly kind: "cpu" }
  /** Write and flush in the own directory, beside the replica. */
  | { readonly kind: "sync"; readonly durationMs: number }
  /** How many events its trace lacks. */
  | { readonly kind: "dropped" }
  | { readonly kind: "load"; readonly clients: number; readonly durationMs: number };

/** From a server: one answer to each request, and `listening` before the first. */
export type Answer =
  | { readonly kind: "listening"; readonly address: string }
  | { readonly kind: "joined" }
  | { readonly kind: "leads"; readonly leader: NodeId }
  /** Used so far by all threads of the process, in microseconds. */
  | { readonly kind: "used"; readonly cpuUs: number }
  | { readonly kind: "synced"; readonly tookMs: readonly number[] }
  | { readonly kind: "missing"; readonly events: number }
  | LoadAnswer
  | { readonly kind: "failed"; readonly message: string };

export interface LoadAnswer {
  readonly kind: "loaded";
  /** Of the proposals that succeeded, in milliseconds. */
  readonly latenciesMs: readonly number[];
  readonly tookMs: number;
  readonly failures: number;
}
