/** A copy of a node that lives on by itself: what the pure core makes possible. */

import type { Raft } from "@holdfast/raft";

type Role = Raft["role"];
type Progress = Extract<Role, { kind: "leader" }>["peers"][number];
type Open<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Shares with the original only what no step changes: entries, messages, members, options and
 * snapshot metas.
 */
export function cloneRaft(raft: Raft): Raft {
  const { outbox } = raft;
  return {
    ...raft,
    log: cloneLog(raft.log),
    role: cloneRole(raft.role),
    inFlight: raft.inFlight.map((write) => ({ ...write })),
    outbox: {
      ...outbox,
      send: outbox.send.slice(),
      afterWrite: outbox.afterWrite.slice(),
      load: outbox.load.slice(),
      store: outbox.store.slice(),
      events: outbox.events.slice(),
    },
  };
}

function cloneLog(log: Raft["log"]): Raft["log"] {
  const copy = shallow(log);
  const open: Open<Raft["log"]> = copy;
  open.entries = log.entries.slice();
  return copy;
}

function cloneRole(role: Role): Role {
  switch (role.kind) {
    case "follower":
      return { ...role, incoming: role.incoming && { ...role.incoming } };
    case "pre-candidate":
      return {
        ...role,
        granted: role.granted.slice(),
        refused: role.refused.slice(),
        votes: role.votes.slice(),
      };
    case "candidate":
      return {
        ...role,
        granted: role.granted.slice(),
        refused: role.refused.slice(),
        asked: role.asked.slice(),
      };
    default:
      return { ...role, peers: role.peers.map(cloneProgress) };
  }
}

function cloneProgress(peer: Progress): Progress {
  const copy = shallow(peer);
  const open: Open<Progress> = copy;
  open.outgoing = peer.outgoing && { ...peer.outgoing };
  open.windowSeq = peer.windowSeq.slice();
  open.windowFirst = peer.windowFirst.slice();
  open.windowLast = peer.windowLast.slice();
  open.windowBytes = peer.windowBytes.slice();
  open.windowSentAt = peer.windowSentAt.slice();
  return copy;
}

/** The same fields and the same methods. */
function shallow<T extends object>(value: T): T {
  return Object.assign(Object.create(Object.getPrototypeOf(value) as object) as T, value);
}
