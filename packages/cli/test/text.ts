/** Text to bytes and back, for tests. */

export function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

export function text(data: Uint8Array): string {
  return Buffer.from(data).toString("latin1");
}

export function base64(value: string): string {
  return Buffer.from(value, "latin1").toString("base64");
}

export async function* stream(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}
