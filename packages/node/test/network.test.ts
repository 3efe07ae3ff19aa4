/** The TCP network passes the conformance suite. */

import { setTimeout as sleep } from "node:timers/promises";
import { networkSuite } from "@holdfast/testkit";
import { tcpWorld } from "./tcp-world.ts";

networkSuite("TcpNetwork", async (ids) => {
  const world = await tcpWorld(ids);
  return {
    open: (id) => world.open(id),
    advance: (ms) => sleep(ms),
    close: () => world.close(),
  };
});
