/**
 * The moments at which a crash is worth the most (P1, I-8): around each durable step and promise.
 */

import { PACKET_KINDS } from "@holdfast/replica";
import type { Moment } from "./fault.ts";

/** Several times: these are where promises are made. */
export const DISK_MOMENTS: readonly Moment[] = [
  { on: "disk", operation: "sync", side: "before" },
  { on: "disk", operation: "sync", side: "before" },
  { on: "disk", operation: "sync", side: "after" },
  { on: "disk", operation: "sync", side: "after" },
  { on: "disk", operation: "write", side: "before" },
  { on: "disk", operation: "write", side: "after" },
  { on: "disk", operation: "write", side: "after" },
  { on: "disk", operation: "sync-directory", side: "before" },
  { on: "disk", operation: "sync-directory", side: "after" },
  { on: "disk", operation: "create", side: "after" },
  { on: "disk", operation: "rename", side: "before" },
  { on: "disk", operation: "rename", side: "after" },
  { on: "disk", operation: "remove", side: "before" },
  { on: "disk", operation: "remove", side: "after" },
  { on: "disk", operation: "truncate", side: "after" },
  { on: "disk", side: "before" },
];

/** In recovery these come before anything is sent. */
export const RECOVERY_MOMENTS: readonly Moment[] = [
  { on: "disk", operation: "list", side: "after" },
  { on: "disk", operation: "open", side: "after" },
  { on: "disk", operation: "read", side: "before" },
  { on: "disk", operation: "read", side: "after" },
  { on: "disk", operation: "create", side: "after" },
  { on: "disk", operation: "write", side: "after" },
  { on: "disk", operation: "sync", side: "before" },
  { on: "disk", operation: "sync-directory", side: "before" },
  { on: "disk", operation: "rename", side: "after" },
  { on: "disk", operation: "remove", side: "after" },
];

/** A promise has just left: what it promised must be on disk. */
export const SEND_MOMENTS: readonly Moment[] = [
  ...PACKET_KINDS.map((message): Moment => ({ on: "send", message })),
  { on: "send", message: "vote-response" },
  { on: "send", message: "append-response" },
  { on: "send" },
];
