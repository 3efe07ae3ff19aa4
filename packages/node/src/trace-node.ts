/** What ties a node to its trace file: the header, the clock, and which life it is. */

import { performance } from "node:perf_hooks";
import { crc32 } from "node:zlib";
import type { NodeId, RaftConfig } from "@holdfast/raft";
import {
  TRACE_FORMAT,
  TRACE_VERSION,
  type TraceProbe,
  TraceRecorder,
  traceProbe,
} from "@holdfast/replica";
import { NodeConfigError } from "./errors.ts";
import { TraceFile } from "./trace-file.ts";

/** Undefined when none is asked for. Rejects with `NodeConfigError`. */
export async function openTrace(
  { trace }: { readonly trace?: string },
  { members }: RaftConfig,
): Promise<TraceFile | undefined> {
  if (trace === undefined) return undefined;
  try {
    const header = {
      format: TRACE_FORMAT,
      version: TRACE_VERSION,
      kind: "node",
      nodes: members.voters,
      unit: "ms",
      wallMs: performance.timeOrigin,
    } as const;
    return await TraceFile.open({ path: trace, header });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const failure = new NodeConfigError("trace", `can't be written: ${reason}`, { cause: error });
    throw failure;
  }
}

/** Records this life of the node, which begins now. */
export function traceInto(file: TraceFile, node: NodeId): TraceProbe {
  const recorder = new TraceRecorder(file, () => performance.now());
  return traceProbe(recorder, { node, life: Date.now() }, { hash: (bytes) => crc32(bytes) });
}
