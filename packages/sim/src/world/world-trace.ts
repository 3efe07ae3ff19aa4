/** Records a run: what the servers tell of themselves, and what only the world can know. */

import type { NodeId } from "@holdfast/raft";
import {
  type TraceProbe,
  TraceRecorder,
  type TraceSink,
  traceProbe,
  WORLD,
  type WorldAction,
} from "@holdfast/replica";
import type { ClientEvents } from "../load/recorder.ts";
import type { NetworkObserver } from "../network.ts";
import { describeFault } from "../plan/describe.ts";
import type { Fault } from "../plan/fault.ts";
import type { Scheduler } from "../scheduler.ts";

/** Where a server stands in its lives. */
interface Living {
  readonly id: NodeId;
  readonly starts: number;
}

export class WorldTrace implements ClientEvents {
  readonly #recorder: TraceRecorder;
  /** The packet that was numbered last, and the one that is arriving. */
  #lastPacket = 0;
  #arriving = 0;
  readonly #clients = new Map<number | string, number>();
  readonly #callers = new Map<number, number>();
  readonly #marks = new Set<string>();

  constructor(sink: TraceSink, scheduler: Scheduler) {
    this.#recorder = new TraceRecorder(sink, () => scheduler.now);
  }

  /** Follows every packet. */
  get network(): NetworkObserver {
    return {
      sent: (id) => {
        this.#lastPacket = id;
      },
      delivered: (id) => {
        this.#arriving = id;
      },
      lost: (id, why) => void this.#recorder.world(WORLD, { kind: "lost", id, why }),
      repeated: (id, of) => {
        this.#lastPacket = id;
        this.#recorder.world(WORLD, { kind: "repeated", id, of });
      },
    };
  }

  probe({ id, starts }: Living): TraceProbe {
    const packetIds = {
      // The network numbers it right after.
      sending: () => this.#lastPacket + 1,
      receiving: () => this.#arriving,
    };
    return traceProbe(this.#recorder, { node: id, life: starts }, { packetIds });
  }

  server({ id, starts }: Living, action: WorldAction): void {
    this.#recorder.world({ node: id, life: starts }, action);
  }

  world(action: WorldAction): void {
    this.#recorder.world(WORLD, action);
  }

  fault(fault: Fault, phase: "begins" | "ends"): void {
    const about = describeFault(fault);
    this.world({ kind: "fault", fault: fault.kind, id: fault.id, phase, about });
  }

  /** Told once per run. */
  mark(mark: string): void {
    if (this.#marks.has(mark)) return;
    this.#marks.add(mark);
    this.world({ kind: "mark", mark });
  }

  called(call: number, client: number | string, node: NodeId, operation: string): void {
    const number = this.#numberOf(client);
    this.#callers.set(call, number);
    const about = `${operation} at node ${node}`;
    this.world({ kind: "client-called", client: number, call, operation: about });
  }

  returned(call: number, outcome: "ok" | "failed" | "unknown", result: string): void {
    const client = this.#callers.get(call) ?? 0;
    this.world({ kind: "client-returned", client, call, outcome, result });
  }

  #numberOf(client: number | string): number {
    const number = this.#clients.get(client) ?? this.#clients.size + 1;
    this.#clients.set(client, number);
    return number;
  }
}
