/** The state machine of all clusters that are measured: it counts what it is given. */

import type { Machine } from "@holdfast/replica";

export class Counter implements Machine<number> {
  private count = 0;

  apply(): number {
    this.count++;
    return this.count;
  }

  snapshot(): Iterable<Uint8Array> {
    return [new TextEncoder().encode(String(this.count))];
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
    this.count = Number(text);
  }
}
