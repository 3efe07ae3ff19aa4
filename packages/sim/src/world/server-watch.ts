/** Looks at one server from close by, after every step and at every packet that leaves it. */

import {
  assert,
  type Before,
  checkShape,
  checkState,
  checkStep,
  InvariantError,
  type NodeId,
  type Raft,
  type RaftEvent,
  remember,
  type Term,
} from "@holdfast/raft";
import type { Packet, Probe } from "@holdfast/replica";
import { CheckFailed } from "../check-failed.ts";
import { type DurableLog, LACKS_SNAPSHOT } from "../durable-log.ts";
import type { Life, Server } from "./server.ts";
import { springOne } from "./trap.ts";
import type { Watch } from "./watch.ts";

const REFUSES = "server: refuses what another server sent";

export class ServerWatch {
  readonly #server: Server;
  readonly #watch: Watch;
  /** Who got this server's vote, by term: kept over all its lives (A3, A4). */
  readonly #votes = new Map<Term, NodeId>();
  /** The highest term in which it spoke, and that of its earlier lives. */
  #spokenTerm: Term = 0;
  #spokenBefore: Term = 0;
  /**
   * What was durable when the last life ended that had read its disk: the next one must find it.
   */
  #survivors: DurableLog | undefined;

  constructor(server: Server, watch: Watch) {
    this.#server = server;
    this.#watch = watch;
  }

  /** The process has ended. */
  ended(): void {
    this.#spokenBefore = this.#spokenTerm;
    this.#survivors ??= this.#server.durable;
  }

  happened(event: RaftEvent, life: Life): void {
    const { raft } = life;
    if (raft === undefined || !life.process.isAlive) return;
    this.#watch.guard(this.#server.id, () => {
      this.#watch.happened(raft, event);
      // What a link damages is lost or stopped by the checksum of its frame (fault `corrupt`), so
      // what arrives was sent by a server like this one. Should damage get through, as it may once
      // in 2^32 frames that are damaged in many bits, this is what says so.
      if (event.kind === "refused-message") throw new CheckFailed(REFUSES, event.why);
    });
  }

  probe(life: Life): Probe {
    const watch = this.#watch;
    const { id } = this.#server;
    let before: Before | undefined;
    return {
      opened: (raft) => {
        life.raft = raft;
        watch.guard(id, () => {
          this.#recovered(raft);
          if (raft.applied > 0) watch.came(id, raft.applied, life.machine);
          checkState(raft);
        });
      },
      stepping: () => {
        if (life.raft !== undefined) before = remember(life.raft);
      },
      stepped: () => {
        const { raft } = life;
        if (raft === undefined || before === undefined) return;
        const earlier = before;
        watch.guard(id, () => {
          checkStep(earlier, raft);
          checkShape(raft);
        });
      },
      sending: (packet) => {
        if (life.process.isAlive) watch.guard(id, () => this.#speaks(packet, life));
      },
      applied: (entry) => {
        const { raft, machine } = life;
        if (raft === undefined || !life.process.isAlive) return;
        watch.guard(id, () => {
          watch.applied(entry, raft.term);
          watch.came(id, entry.index, machine);
        });
      },
      restored: ({ index }) => watch.came(id, index, life.machine),
    };
  }

  /**
   * Nothing that was durable is gone. Who finds damage must refuse to start (D7, H9), but may do
   * without a snapshot that was damaged since the last good start, or can't be read in this life,
   * when the log has it all.
   */
  #recovered(raft: Raft): void {
    const { harms, disk } = this.#server;
    assert(!harms.has("copy"), "server: starts with the directory of another node");
    const missing = this.#survivors?.missingIn(raft);
    const lacks = harms.has("damage of snapshot") || harms.has("loss of snapshot");
    const isExcused = (lacks || disk.failures > 0) && missing === LACKS_SNAPSHOT;
    if (missing !== undefined && !isExcused) throw new InvariantError(missing);
    this.#survivors = undefined;
    this.#server.counts();
  }

  #speaks(packet: Packet, life: Life): void {
    const { traps } = this.#server;
    if (traps.size > 0) {
      // Right after the packet: it is on its way then.
      this.#watch.soon(() => {
        if (life.process.isAlive) springOne(traps, (trap) => trap.atSend(packet.kind));
      });
    }
    if (packet.kind === "forward-request" || packet.kind === "forward-response") return;
    this.#watch.left(packet, this.#server.durable);
    assert(
      packet.term >= this.#spokenBefore,
      "server: speaks in a term before that of its last life",
    );
    if (packet.term > this.#spokenTerm) this.#spokenTerm = packet.term;
    if (packet.kind === "vote-response" && packet.granted && !packet.preVote) {
      this.#voted(packet.electionTerm, packet.to);
    } else if (packet.kind === "vote-request" && !packet.preVote) {
      this.#voted(packet.electionTerm, packet.from);
    }
  }

  #voted(term: Term, candidate: NodeId): void {
    const other = this.#votes.get(term);
    assert(other === undefined || other === candidate, "server: two votes in one term");
    if (other === undefined) this.#votes.set(term, candidate);
  }
}
