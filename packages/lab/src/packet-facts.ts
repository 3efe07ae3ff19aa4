/** What the call port must know of the replica's packets: which ask, and which answers which. */

import { decodePacket, laneOf } from "@holdfast/replica";
import type { ReadFacts } from "./call-port.ts";

export const packetFacts: ReadFacts = (bytes, from, to) => {
  const packet = decodePacket(bytes, from, to);
  const lane = laneOf(packet);
  switch (packet.kind) {
    case "vote-request":
    case "vote-response":
      return {
        isRequest: packet.kind === "vote-request",
        lane,
        key: `vote ${packet.electionTerm} ${packet.preVote}`,
      };
    case "append-request":
    case "snapshot-request":
      return { isRequest: true, lane, key: `${lane} ${packet.seq}`, term: packet.term };
    case "append-response":
    case "snapshot-response":
      return {
        isRequest: false,
        lane,
        key: `${lane} ${packet.seq}`,
        ...(packet.seq === 0 && { refusesBelow: packet.term }),
      };
    case "forward-request":
    case "forward-response":
      return {
        isRequest: packet.kind === "forward-request",
        lane,
        key: `forward ${packet.id}`,
      };
  }
};
