/**
 * Sends back whatever it gets: the other end of a round trip. Ends with the process that started
 * it.
 */

import { type AddressInfo, createServer } from "node:net";

const server = createServer((socket) => {
  socket.setNoDelay(true);
  socket.on("data", (piece) => socket.write(piece));
  socket.on("error", () => socket.destroy());
});
server.listen({ host: "127.0.0.1", port: 0 }, () => {
  process.send?.((server.address() as AddressInfo).port);
});
process.on("disconnect", () => process.exit(0));
