/** A node without a cluster: applies at once, or fails as it is told. */

import type { Applied, ProposeOptions, ReplicaStatus, Signal } from "@holdfast/replica";
import type { KvMachine, KvResult } from "../src/kv-machine.ts";
import type { ReplicatedNode } from "../src/node-port.ts";

export class FakeNode implements ReplicatedNode<KvResult> {
  readonly machine: KvMachine;
  /** What `status` answers besides the defaults. */
  seen: Partial<ReplicaStatus> = {};
  /** Rejects every proposal while set. */
  failure: Error | undefined;
  /** Proposals wait for this before they are applied. */
  gate: Promise<void> = Promise.resolve();
  /** Signals of the proposals so far. */
  readonly signals: (Signal | undefined)[] = [];
  proposals = 0;

  constructor(machine: KvMachine) {
    this.machine = machine;
  }

  async propose(command: Uint8Array, options: ProposeOptions): Promise<Applied<KvResult>> {
    this.proposals++;
    this.signals.push(options.signal);
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
    return { result: this.machine.apply(command), index: this.proposals, term: 4 };
  }

  status(): ReplicaStatus {
    return {
      id: 2,
      role: "leader",
      term: 4,
      leader: 2,
      commit: 7,
      applied: 7,
      lastIndex: 9,
      logStart: 3,
      walBytes: 100,
      snapshotIndex: 3,
      snapshotBytes: 50,
      waitingProposals: 0,
      waitingWrites: 0,
      refusedPackets: 0,
      peers: [],
      state: "running",
      ...this.seen,
    };
  }

  async close(): Promise<void> {
    await this.gate;
  }
}
