/**
 * Servers for tests of the harness: one shared log instead of Raft, and ways to be wrong on
 * purpose.
 */

import type { Index, NodeId, Term } from "@holdfast/raft";
import type { CourseMake, CourseServer, CourseStore, Launch } from "../src/course-server.ts";

export interface Fault {
  /** Who says that it leads; the first server when absent. */
  readonly leads?: (id: NodeId) => boolean;
  readonly term?: (id: NodeId) => Term;
  /** What to deliver for an entry, in order; just that entry when absent. */
  readonly deliver?: (
    id: NodeId,
    index: Index,
    bytes: Uint8Array,
  ) => readonly (readonly [Index, Uint8Array])[];
  /** Instead of applying a restart's entries from the log. */
  readonly restore?: (launch: Launch) => void;
  readonly logBytes?: number;
  /** What a server says of a command's place. */
  readonly index?: (index: Index) => Index;
}

class FakeStore implements CourseStore {
  cut(): CourseStore {
    return this;
  }
}

interface Member {
  readonly launch: Launch;
  isAlive: boolean;
  applied: Index;
  snapshots: number;
}

export function fakeMake(
  fault: Fault = {},
): CourseMake & { readonly snapshotsTaken: () => number } {
  const log: Uint8Array[] = [];
  const members = new Set<Member>();
  let snapshotsTaken = 0;
  const leads = fault.leads ?? ((id: NodeId): boolean => id === 1);
  const term = fault.term ?? ((): Term => 1);

  const applyAll = (member: Member): void => {
    const { launch } = member;
    while (member.isAlive && member.applied < log.length) {
      const index = ++member.applied;
      const bytes = log[index - 1] ?? new Uint8Array(0);
      for (const [at, what] of fault.deliver?.(launch.id, index, bytes) ?? [
        [index, bytes] as const,
      ]) {
        if (launch.consumer.command(at, what) !== undefined) snapshotsTaken++;
      }
    }
  };

  const launchMember = (launch: Launch): CourseServer => {
    const member: Member = { launch, isAlive: true, applied: 0, snapshots: 0 };
    members.add(member);
    launch.port.start({ received: () => {}, unreachable: () => {} });
    fault.restore?.(launch);
    launch.clock.soon(() => applyAll(member));
    return {
      start: (command) => {
        const isLeader = leads(launch.id);
        if (!isLeader) return { index: -1, term: term(launch.id), isLeader };
        const index = log.push(command);
        launch.clock.setTimer(1, () => {
          for (const other of members) applyAll(other);
        });
        return { index: fault.index?.(index) ?? index, term: term(launch.id), isLeader };
      },
      state: () => ({ term: term(launch.id), isLeader: leads(launch.id) }),
      logBytes: () => fault.logBytes ?? 0,
      kill: () => {
        member.isAlive = false;
        members.delete(member);
      },
    };
  };

  return {
    newStore: () => new FakeStore(),
    launch: (launch) => Promise.resolve(launchMember(launch)),
    snapshotsTaken: () => snapshotsTaken,
  };
}
