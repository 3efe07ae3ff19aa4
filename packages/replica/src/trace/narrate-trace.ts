/** Events of a trace as one line each, in the words of the golden traces. */

import { narrate } from "@holdfast/raft";
import type { NodeAction, TraceEvent, TraceWrite, WorldAction } from "./trace-event.ts";
import { narrateRuns, narrateTraceMessage } from "./trace-message.ts";

/**
 * `[186] 1: appends 2..2, last of term 1`. What is about no single node has no number before it.
 */
export function narrateTrace(event: TraceEvent): string {
  const who = event.node === 0 ? "" : ` ${event.node}:`;
  return `[${event.at}]${who} ${words(event)}`;
}

function words(event: TraceEvent): string {
  switch (event.kind) {
    case "opened":
    case "closed":
    case "failed":
    case "input":
    case "sent":
    case "received":
    case "write-begun":
    case "write-durable":
    case "applied":
    case "restored":
    case "snapshot-taken":
    case "timer-set":
      return nodeWords(event);
    case "crashed":
    case "paused":
    case "resumed":
    case "lost":
    case "repeated":
    case "disk":
    case "fault":
    case "client-called":
    case "client-returned":
    case "invariant":
    case "mark":
    case "note":
    case "dropped":
      return worldWords(event);
    default:
      return narrate(event);
  }
}

function nodeWords(event: NodeAction): string {
  switch (event.kind) {
    case "opened": {
      const { start, last, vote, commit } = event;
      const voted = vote === 0 ? "" : `, voted for ${vote}`;
      return `opens with the log from ${start.index}^${start.term} to ${last.index}^${last.term}, commit ${commit}${voted}`;
    }
    case "closed":
      return "closes";
    case "failed":
      return `fails with ${event.code}: ${event.message}`;
    case "input":
      return inputWords(event);
    case "sent":
      return `sends ${narrateTraceMessage(event.message)}`;
    case "received":
      return `arrives: ${narrateTraceMessage(event.message)}`;
    case "write-begun":
      return `queues write ${writeWords(event)}`;
    case "write-durable":
      return `syncs write ${writeWords(event)}`;
    case "applied":
      return `applies ${event.index}^${event.term}, ${event.entry} of ${event.bytes} bytes`;
    case "restored":
      return `restores the state from snapshot ${event.index}^${event.term}`;
    case "snapshot-taken":
      return `takes snapshot ${event.index}`;
    case "timer-set":
      return event.deadline === undefined ? "sets no timer" : `sets its timer to ${event.deadline}`;
  }
}

function inputWords(event: Extract<NodeAction, { readonly kind: "input" }>): string {
  const { input, value, peer } = event;
  switch (input) {
    case "tick":
      return "its timer runs out";
    case "propose":
      return `is given ${value} commands of ${event.bytes ?? 0} bytes`;
    case "persisted":
      return `hears that write ${value} is durable`;
    case "applied":
      return `hears that ${value} is applied`;
    case "snapshot-taken":
      return `hears that snapshot ${value} is durable`;
    case "snapshot-checked":
      return `hears that snapshot ${value} is ${event.ok === true ? "whole" : "damaged"}`;
    case "snapshot-unreadable":
      return `hears that snapshot ${value} for ${peer ?? 0} can't be read`;
    case "unreachable":
      return `hears that ${peer ?? 0} can't be reached`;
  }
}

function writeWords(write: TraceWrite): string {
  const { hardState, snapshot, truncateFrom, entries, compactTo } = write;
  const parts: string[] = [];
  if (hardState !== undefined) parts.push(`term ${hardState.term} vote ${hardState.vote}`);
  if (snapshot !== undefined) parts.push(`snapshot ${snapshot.index}^${snapshot.term}`);
  if (truncateFrom !== 0) parts.push(`cut from ${truncateFrom}`);
  if (entries.length > 0) parts.push(`entries ${narrateRuns(entries)}`);
  if (compactTo !== 0) parts.push(`compact to ${compactTo}`);
  return `${write.write}: ${parts.length === 0 ? "nothing but to wait" : parts.join(", ")}`;
}

function worldWords(event: WorldAction): string {
  switch (event.kind) {
    case "crashed":
      return event.power ? "loses power" : "is killed";
    case "paused":
      return "stands still";
    case "resumed":
      return "goes on";
    case "lost":
      return `lost: packet ${event.id} (${event.why})`;
    case "repeated":
      return `packet ${event.of} is repeated as ${event.id}`;
    case "disk":
      return `disk: ${event.operation} ${event.name} ${event.result}`;
    case "fault":
      return `fault ${event.id} ${event.phase}: ${event.fault} ${event.about}`;
    case "client-called":
      return `client ${event.client} calls ${event.call}: ${event.operation}`;
    case "client-returned":
      return `client ${event.client} gets ${event.call}: ${event.outcome} ${event.result}`;
    case "invariant":
      return `BROKEN ${event.check}: ${event.message}`;
    case "mark":
      return `mark: ${event.mark}`;
    case "note":
      return event.text;
    case "dropped":
      return `lacks ${event.count} events here`;
  }
}
