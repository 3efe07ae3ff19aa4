/** State machines as users write them: right ones, and wrong in one way each. */

import type { Machine } from "@holdfast/replica";
import type { BoundMachine, Random } from "@holdfast/sim";

/** What a small shop asks for. */
export interface Order {
  readonly item: string;
  readonly pieces: number;
}

export function order(random: Random): Order {
  return { item: `item ${random.below(5)}`, pieces: 1 + random.below(9) };
}

export function encode(command: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(command));
}

export function decode<T>(bytes: Uint8Array): T {
  return JSON.parse(new TextDecoder().decode(bytes)) as T;
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

/** Counts pieces by item. Classes below go wrong where their names say. */
export class Shop implements Machine<unknown> {
  stock = new Map<string, number>();
  orders = 0;

  apply(bytes: Uint8Array): unknown {
    const { item, pieces } = decode<Order>(bytes);
    const total = (this.stock.get(item) ?? 0) + pieces;
    this.stock.set(item, total);
    this.orders++;
    return this.answer(item, total);
  }

  answer(item: string, total: number): unknown {
    return { item, total, orders: this.orders };
  }

  snapshot(): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
    return [encode({ stock: [...this.stock], orders: this.orders })];
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const { stock, orders } = JSON.parse(await textOf(chunks)) as {
      readonly stock: readonly (readonly [string, number])[];
      readonly orders: number;
    };
    this.stock = new Map(stock);
    this.orders = orders;
  }
}

export class ClockShop extends Shop {
  override answer(item: string, total: number): unknown {
    return { item, total, at: Date.now() };
  }
}

export class DiceShop extends Shop {
  override answer(item: string): unknown {
    return { item, lucky: Math.random() < 0.1 };
  }
}

/** Only the state depends on chance, no result does. */
export class SecretDiceShop extends Shop {
  override answer(item: string, total: number): unknown {
    if (Math.random() < 0.05) this.stock.set(item, total + 1);
    return null;
  }
}

/** The first of a map is whatever came first, and a snapshot sorts it. */
export class SortingShop extends Shop {
  override answer(): unknown {
    return [...this.stock.keys()].at(0);
  }

  override snapshot(): Iterable<Uint8Array> {
    return [encode({ stock: [...this.stock].sort(), orders: this.orders })];
  }
}

export class ForgetfulShop extends Shop {
  override snapshot(): Iterable<Uint8Array> {
    return [encode({ stock: [...this.stock], orders: 0 })];
  }
}

export class ThrowingShop extends Shop {
  override answer(item: string, total: number): unknown {
    if (total > 100) throw new RangeError(`no more than 100 of ${item}`);
    return total;
  }
}

/** The same, a promise later. */
export class RejectingShop extends ThrowingShop {
  override async apply(bytes: Uint8Array): Promise<unknown> {
    await undefined;
    return super.apply(bytes);
  }
}

/** Fills the bytes of an older command. */
export class ScribblingShop extends Shop {
  #older: Uint8Array | undefined;

  override apply(bytes: Uint8Array): unknown {
    const result = super.apply(bytes);
    this.#older?.fill(0x20);
    this.#older = bytes;
    return result;
  }
}

let everywhere = 0;

/** Numbers orders by a variable that all machines of the process share. */
export class SharingShop extends Shop {
  override answer(): unknown {
    return ++everywhere;
  }
}

/** Gives its own map away, which goes on changing. */
export class LendingShop extends Shop {
  override answer(): unknown {
    return this.stock;
  }
}

/** Waits for a timer. */
export class WaitingShop extends Shop {
  override async apply(bytes: Uint8Array): Promise<unknown> {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return super.apply(bytes);
  }
}

/** Believes that a snapshot comes in one piece. */
export class OnePieceShop extends Shop {
  override async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of chunks) {
      const { stock, orders } = decode<{ stock: [string, number][]; orders: number }>(chunk);
      this.stock = new Map(stock);
      this.orders = orders;
    }
  }
}

/** Does all it does a few promises later. */
export class SlowShop extends Shop {
  override async apply(bytes: Uint8Array): Promise<unknown> {
    for (let hops = 0; hops < 5; hops++) await undefined;
    return super.apply(bytes);
  }

  override async *snapshot(): AsyncGenerator<Uint8Array> {
    const [whole = new Uint8Array(0)] = super.snapshot() as readonly Uint8Array[];
    for (let at = 0; at < whole.length; at += 7) {
      await undefined;
      yield whole.subarray(at, at + 7);
    }
  }
}

/** A machine with commands of its own, as `bindMachine` makes them. */
export function bound(shop: Shop): BoundMachine & {
  readonly machine: Shop;
  encode(command: Order): Uint8Array;
} {
  return {
    machine: shop,
    encode,
    state: () => ({ stock: shop.stock, orders: shop.orders }),
  };
}
