/** The one place that knows how the server's settings become the library's options. */

import { openNode } from "holdfast";
import { formatAddress } from "./address.ts";
import { leaderIn, lineFor, lineForNetwork } from "./event-lines.ts";
import type { KvMachine, KvResult } from "./kv-machine.ts";
import type { ReplicatedNode } from "./node-port.ts";
import type { ServeOptions } from "./serve-options.ts";

export interface KvNodeOptions extends ServeOptions {
  readonly machine: KvMachine;
  /** Something worth a line in the log. */
  readonly onLine: (line: string) => void;
  readonly onLeader: (known: { readonly term: number; readonly leader: number }) => void;
  /** The node has stopped by itself. */
  readonly onFailure: (error: Error) => void;
}

/** Rejects with the library's typed errors, whose messages name what is wrong. */
export async function openKvNode(options: KvNodeOptions): Promise<ReplicatedNode<KvResult>> {
  const { id, onLeader, onLine } = options;
  return await openNode({
    id,
    dir: options.dir,
    clusterId: options.clusterId,
    listen: formatAddress(options.listen),
    peers: Object.fromEntries([...options.peers].map(([peer, at]) => [peer, formatAddress(at)])),
    timing: options.timing,
    snapshot: { everyEntries: options.snapshotEntries },
    ...(options.trace === undefined ? {} : { trace: options.trace }),
    machine: options.machine,
    onFailure: options.onFailure,
    observe: (event) => {
      const line = lineFor(event);
      if (line !== undefined) onLine(line);
      const known = leaderIn(event, id);
      if (known !== undefined) onLeader(known);
    },
    report: (report) => {
      const line = lineForNetwork(report);
      if (line !== undefined) onLine(line);
    },
  });
}
