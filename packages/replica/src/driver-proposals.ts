/**
 * The desk for proposals of one replica: takes them in, keeps their time, passes packets about them
 * on.
 */

import type { ForwardRequest, ForwardResponse } from "./codec/packet.ts";
import { NotCommittedError } from "./errors.ts";
import { type ForwardHost, Forwarding } from "./forwarding.ts";
import type { Signal } from "./machine.ts";
import type { Clock, Timer } from "./ports.ts";
import type { Applied } from "./proposal.ts";
import { type ProposalLimits, Proposals } from "./proposals.ts";

export interface ProposeOptions {
  /** Ends the wait: as `aborted` when the command has not left, as unknown otherwise. */
  readonly signal?: Signal;
  /** How long to wait for the result, in milliseconds; 5000 unless told. */
  readonly timeoutMs?: number;
}

export interface DeskOptions {
  readonly limits: ProposalLimits;
  /** A word that differs between incarnations of this node. */
  readonly random: number;
  readonly commandBytesMax: number;
}

const TIMEOUT_MS = 5000;
/** Deadlines are looked at no more often than this: one look passes over all that wait. */
const GRAIN_MS = 10;

export class ProposalDesk<R> {
  /** What waits. The replica tells it what was applied. */
  readonly proposals: Proposals<R>;
  readonly #forwarding: Forwarding<R>;
  readonly #clock: Clock;
  readonly #options: DeskOptions;
  #timer: Timer | undefined;
  #wakeAt: number = Number.POSITIVE_INFINITY;
  #ended: { readonly reason: "closed" | "failed"; readonly message: string } | undefined;

  constructor(host: ForwardHost, clock: Clock, options: DeskOptions) {
    const { limits, random } = options;
    this.#clock = clock;
    this.#options = options;
    this.proposals = new Proposals(limits);
    this.#forwarding = new Forwarding(host, this.proposals, random, limits.retryAfterMs);
  }

  propose(command: Uint8Array, options: ProposeOptions): Promise<Applied<R>> {
    const { commandBytesMax } = this.#options;
    if (this.#ended !== undefined) {
      const { reason, message } = this.#ended;
      return Promise.reject(new NotCommittedError(reason, message));
    }
    if (command.length > commandBytesMax) {
      const message = `A command of ${command.length} bytes exceeds the ${commandBytesMax} allowed`;
      return Promise.reject(new NotCommittedError("too-large", message));
    }
    const deadline = this.#clock.now() + (options.timeoutMs ?? TIMEOUT_MS);
    return this.proposals.add(command, deadline, options.signal, (proposal) => {
      this.#forwarding.attempt(proposal);
      if (proposal.stage !== "settled") this.#wakeBy(deadline);
    });
  }

  received(packet: ForwardRequest | ForwardResponse): void {
    if (packet.kind === "forward-request") {
      this.#forwarding.onRequest(packet);
      return;
    }
    this.#forwarding.onResponse(packet);
    if (this.proposals.seeking.size > 0) {
      this.#wakeBy(this.#clock.now() + this.#options.limits.retryAfterMs);
    }
  }

  /** The end of a turn: perhaps there is a leader now. */
  turn(): void {
    this.#forwarding.retry();
  }

  /** Settles all that wait; none is taken in any more. */
  end(reason: "closed" | "failed", message: string): void {
    this.#ended = { reason, message };
    this.#timer?.cancel();
    this.proposals.end(reason, message);
  }

  #wakeBy(at: number): void {
    if (at >= this.#wakeAt || this.#ended !== undefined) return;
    this.#timer?.cancel();
    this.#wakeAt = at;
    this.#timer = this.#clock.setTimer(Math.max(0, at - this.#clock.now()), () => {
      this.#wakeAt = Number.POSITIVE_INFINITY;
      this.#forwarding.retry();
      this.#sweep();
    });
  }

  #sweep(): void {
    const now = this.#clock.now();
    const next = this.proposals.expire(now);
    if (next !== Number.POSITIVE_INFINITY) this.#wakeBy(Math.max(next, now + GRAIN_MS));
  }
}
