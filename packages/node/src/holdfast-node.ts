/** A running node, as the application sees it. */

import type { Index } from "@holdfast/raft";
import type { Applied, ProposeOptions, Replica, ReplicaStatus } from "@holdfast/replica";
import type { BoundMachine } from "./define-machine.ts";
import type { DirectoryDisk } from "./disk.ts";
import type { TcpNetwork } from "./network.ts";
import type { PeerStats } from "./network-peer.ts";
import type { TraceFile, TraceStats } from "./trace-file.ts";

export interface NodeStatus extends ReplicaStatus {
  /** Where it listens, with the port that was chosen. */
  readonly address: string;
  readonly dir: string;
  /** Connections and traffic, one entry per peer. */
  readonly traffic: readonly PeerStats[];
  /** Only when a trace was asked for. */
  readonly trace?: TraceStats;
}

/** What a node stands on. */
export interface NodeParts<C, R, S> {
  readonly replica: Replica<R>;
  readonly bound: BoundMachine<C, R, S>;
  readonly disk: DirectoryDisk;
  readonly network: TcpNetwork;
  readonly trace: TraceFile | undefined;
}

/** Made by `openNode`: commands `C`, results `R`, state `S`. */
export class HoldfastNode<C, R, S> implements AsyncDisposable {
  readonly #parts: NodeParts<C, R, S>;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(parts: NodeParts<C, R, S>) {
    this.#parts = parts;
  }

  /**
   * On any node: resolves when this node has applied the command. Rejects with `NotCommittedError`
   * (certainly never applied), `OutcomeUnknownError` (may have been applied, or may yet be) or
   * `CommandEncodingError`. `signal` and `timeoutMs` (5000 unless told) end the wait, not the
   * command.
   */
  async propose(command: C, options: ProposeOptions = {}): Promise<Applied<R>> {
    const { bound, replica } = this.#parts;
    return replica.propose(bound.encode(command), options);
  }

  /**
   * What `look` makes of the state on this node as it is now, which may be behind the leader's:
   * propose a command when it has to be the newest. `look` must not change the state, nor keep it.
   */
  async read<T>(look: (state: S) => T): Promise<T> {
    return look(this.#parts.bound.state());
  }

  /** Takes a snapshot of all that is applied now. Resolves with its index once it is on disk. */
  snapshot(): Promise<Index> {
    return this.#parts.replica.snapshot();
  }

  status(): NodeStatus {
    const { replica, network, disk, trace } = this.#parts;
    return {
      ...replica.status(),
      address: network.address,
      dir: disk.dir,
      traffic: network.stats(),
      ...(trace === undefined ? {} : { trace: trace.stats }),
    };
  }

  /**
   * Stops taking commands, settles those that wait, finishes queued disk work, closes the
   * connections, lets go of the directory. Repeated calls share one end.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    try {
      await this.#parts.replica.close();
    } finally {
      await this.#parts.trace?.close();
      await this.#parts.disk.close();
    }
  }
}
