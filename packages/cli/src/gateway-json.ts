/**
 * etcd's JSON forms: base64 for bytes, strings for 64-bit numbers, zero values left out, unknown
 * fields ignored.
 */

import type { Header } from "./kv-service.ts";
import type { KeyValue } from "./kv-store.ts";
import { RpcError } from "./rpc-error.ts";

/** Standard or URL alphabet, padding optional: what the JSON form of protocol buffers accepts. */
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/**
 * The fields of one request. Names are given in snake case and may come in camel case; `null`
 * counts as absent.
 */
export class Fields {
  readonly #fields: ReadonlyMap<string, unknown>;

  private constructor(fields: ReadonlyMap<string, unknown>) {
    this.#fields = fields;
  }

  /**
   * Throws `RpcError` (invalid-argument) unless `text` is a JSON object; nothing at all counts as
   * an empty one.
   */
  static parse(text: string): Fields {
    const value = text.trim() === "" ? {} : parseJson(text);
    if (value === undefined) throw new RpcError("invalid-argument", "request body is not JSON");
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new RpcError("invalid-argument", "request body is not a JSON object");
    }
    return new Fields(new Map(Object.entries(value).map(([name, v]) => [snakeCase(name), v])));
  }

  bytes(name: string): Uint8Array {
    const value = this.#get(name);
    if (value === undefined) return new Uint8Array(0);
    if (typeof value !== "string" || !BASE64.test(value) || unpadded(value).length % 4 === 1) {
      throw wrong(name, "base64 text");
    }
    return Buffer.from(value, "base64");
  }

  integer(name: string): number {
    const value = this.#get(name);
    if (value === undefined) return 0;
    const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
    if (typeof number !== "number" || !Number.isSafeInteger(number)) {
      throw wrong(name, "a whole number");
    }
    return number;
  }

  flag(name: string): boolean {
    const value = this.#get(name);
    if (value === undefined) return false;
    if (typeof value !== "boolean") throw wrong(name, "true or false");
    return value;
  }

  /**
   * Throws `RpcError` (unimplemented) when a field is set that would change the answer and is not
   * supported.
   */
  refuse(names: readonly string[]): void {
    for (const name of names) {
      const value = this.#get(name);
      const unset = [undefined, 0, "0", "", false, "NONE"].includes(value as string | undefined);
      if (!unset) throw new RpcError("unimplemented", `field ${name} is not supported`);
    }
  }

  #get(name: string): unknown {
    return this.#fields.get(name) ?? undefined;
  }
}

/** Undefined for what is not JSON (JSON itself has no undefined). */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function wrong(name: string, wanted: string): RpcError {
  return new RpcError("invalid-argument", `field ${name} must be ${wanted}`);
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function unpadded(base64: string): string {
  return base64.replace(/=+$/, "");
}

export interface HeaderJson {
  readonly cluster_id: string;
  readonly member_id: string;
  readonly revision: string;
  readonly raft_term: string;
}

export function headerJson(header: Header): HeaderJson {
  return {
    cluster_id: String(header.clusterId),
    member_id: String(header.memberId),
    revision: String(header.revision),
    raft_term: String(header.raftTerm),
  };
}

export interface KeyValueJson {
  readonly key: string;
  readonly create_revision: string;
  readonly mod_revision: string;
  readonly version: string;
  readonly value?: string;
}

export function keyValueJson(pair: KeyValue): KeyValueJson {
  return {
    key: base64(pair.key),
    create_revision: String(pair.createRevision),
    mod_revision: String(pair.modRevision),
    version: String(pair.version),
    ...(pair.value.length > 0 && { value: base64(pair.value) }),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
