/**
 * The key-value map as a stream of bytes and back: what a snapshot of the demo holds (paper §7).
 */

import { type KeyValue, KvStore } from "./kv-store.ts";
import { pushVarint, readVarint } from "./varint.ts";

/** "HFKV", then the version of the format. */
const MAGIC: readonly number[] = [0x48, 0x46, 0x4b, 0x56, 1];

/** Chunks are cut at about this size; a single larger value travels whole. */
const CHUNK_BYTES = 64 * 1024;

/**
 * A snapshot that does not read as one: made by another version, or damaged where no checksum
 * looked.
 */
export class KvSnapshotError extends Error {
  readonly code = "KV_SNAPSHOT_MALFORMED";

  constructor(message: string) {
    super(message);
    this.name = "KvSnapshotError";
  }
}

/**
 * Magic, revision, number of pairs; then per pair the five fields, lengths before bytes. The state
 * is that of the call: changes made while the chunks are taken do not show.
 */
export function encodeKvSnapshot(store: KvStore): Iterable<Uint8Array> {
  return chunksOf(store.revision, store.pairs());
}

function* chunksOf(revision: number, pairs: readonly KeyValue[]): Generator<Uint8Array> {
  const head = [...MAGIC];
  pushVarint(head, revision);
  pushVarint(head, pairs.length);
  let parts: Uint8Array[] = [Uint8Array.from(head)];
  let bytes = head.length;
  for (const pair of pairs) {
    const fields: number[] = [];
    pushVarint(fields, pair.createRevision);
    pushVarint(fields, pair.modRevision);
    pushVarint(fields, pair.version);
    pushVarint(fields, pair.key.length);
    pushVarint(fields, pair.value.length);
    parts.push(Uint8Array.from(fields), pair.key, pair.value);
    bytes += fields.length + pair.key.length + pair.value.length;
    if (bytes >= CHUNK_BYTES) {
      yield Buffer.concat(parts);
      parts = [];
      bytes = 0;
    }
  }
  if (bytes > 0) yield Buffer.concat(parts);
}

/**
 * Rejects with {@link KvSnapshotError} unless the chunks hold exactly one snapshot, however they
 * are cut.
 */
export async function decodeKvSnapshot(chunks: AsyncIterable<Uint8Array>): Promise<KvStore> {
  const reader = new ChunkReader(chunks);
  const head = await reader.next(parseHead);
  const pairs: KeyValue[] = [];
  for (let i = 0; i < head.count; i++) pairs.push(await reader.next(parsePair));
  if (await reader.hasMore()) throw new KvSnapshotError("Snapshot has bytes after its last pair");
  return new KvStore(head.revision, pairs);
}

/** What a parser found and where it ends; undefined when the bytes end too early. */
type Parsed<T> = { readonly value: T; readonly next: number } | undefined;

function parseHead(bytes: Uint8Array, at: number): Parsed<{ revision: number; count: number }> {
  if (bytes.length - at < MAGIC.length) return undefined;
  if (MAGIC.some((byte, i) => bytes[at + i] !== byte)) {
    throw new KvSnapshotError("Snapshot does not begin as a key-value map");
  }
  const revision = readVarint(bytes, at + MAGIC.length);
  const count = revision && readVarint(bytes, revision.next);
  if (revision === undefined || count === undefined) return undefined;
  return { value: { revision: revision.value, count: count.value }, next: count.next };
}

function parsePair(bytes: Uint8Array, at: number): Parsed<KeyValue> {
  const create = readVarint(bytes, at);
  const mod = create && readVarint(bytes, create.next);
  const version = mod && readVarint(bytes, mod.next);
  const keyBytes = version && readVarint(bytes, version.next);
  const valueBytes = keyBytes && readVarint(bytes, keyBytes.next);
  if (create === undefined || mod === undefined || version === undefined) return undefined;
  if (keyBytes === undefined || valueBytes === undefined) return undefined;
  const keyEnd = valueBytes.next + keyBytes.value;
  const next = keyEnd + valueBytes.value;
  if (next > bytes.length) return undefined;
  const pair: KeyValue = {
    key: bytes.slice(valueBytes.next, keyEnd),
    value: bytes.slice(keyEnd, next),
    createRevision: create.value,
    modRevision: mod.value,
    version: version.value,
  };
  return { value: pair, next };
}

/** Parses one thing after the other across the seams of a chunked stream. */
class ChunkReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async next<T>(parse: (bytes: Uint8Array, at: number) => Parsed<T>): Promise<T> {
    for (;;) {
      const parsed = parse(this.#bytes, this.#at);
      if (parsed !== undefined) {
        this.#at = parsed.next;
        return parsed.value;
      }
      if (!(await this.#fill())) throw new KvSnapshotError("Snapshot is cut off or damaged");
    }
  }

  async hasMore(): Promise<boolean> {
    return this.#at < this.#bytes.length || (await this.#fill());
  }

  /**
   * Reads on until there is at least twice as much as before, so that big values cost no quadratic
   * copying.
   */
  async #fill(): Promise<boolean> {
    const rest = this.#bytes.subarray(this.#at);
    const parts: Uint8Array[] = [rest];
    let added = 0;
    while (added <= rest.length) {
      const chunk = await this.#chunks.next();
      if (chunk.done === true) break;
      parts.push(chunk.value);
      added += chunk.value.length;
    }
    if (added === 0) return false;
    this.#bytes = Buffer.concat(parts);
    this.#at = 0;
    return true;
  }
}
