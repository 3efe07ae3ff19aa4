/** How long bytes take to another process on this machine and back. */

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Child } from "./child.ts";

export class RoundTrip {
  private readonly child: Child<never, number>;
  private readonly socket: Socket;

  private constructor(child: Child<never, number>, socket: Socket) {
    this.child = child;
    this.socket = socket;
  }

  static async open(): Promise<RoundTrip> {
    const child = new Child<never, number>("./tcp-echo.js", []);
    const port = await child.next();
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    await once(socket, "connect");
    return new RoundTrip(child, socket);
  }

  /** Sends `bytes` and waits until as many have come back. */
  measure(bytes: Uint8Array): Promise<void> {
    let missing = bytes.length;
    return new Promise((resolve, reject) => {
      const onData = (piece: Buffer): void => {
        missing -= piece.length;
        if (missing > 0) return;
        this.socket.off("data", onData);
        this.socket.off("error", reject);
        resolve();
      };
      this.socket.on("data", onData);
      this.socket.once("error", reject);
      this.socket.write(bytes);
    });
  }

  async close(): Promise<void> {
    this.socket.destroy();
    await this.child.stop();
  }
}
