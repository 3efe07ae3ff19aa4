/**
 * A client of the HTTP API that knows what it knows: acknowledged, certainly not applied, or
 * unknown.
 */

import { base64 } from "./text.ts";

export type PutOutcome =
  | { readonly kind: "acknowledged"; readonly revision: number }
  /** May be tried again without fear. */
  | { readonly kind: "not-applied"; readonly why: string }
  | { readonly kind: "unknown"; readonly why: string };

export interface StoredPair {
  readonly key: string;
  readonly value: string;
  readonly modRevision: number;
  readonly version: number;
}

/** Longer than the server's own time-out. */
const CLIENT_TIMEOUT_MS = 8000;

async function post(url: string, path: string, body: object): Promise<Response> {
  return await fetch(url + path, {
    method: "POST",
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(CLIENT_TIMEOUT_MS),
  });
}

export async function put(url: string, key: string, value: string): Promise<PutOutcome> {
  try {
    const response = await post(url, "/v3/kv/put", { key: base64(key), value: base64(value) });
    const body = (await response.json()) as { header?: { revision: string }; message?: string };
    if (response.status === 200 && body.header !== undefined) {
      return { kind: "acknowledged", revision: Number(body.header.revision) };
    }
    const why = `${response.status} ${body.message ?? ""}`;
    const isCertain = response.status === 503 || response.status === 429;
    return { kind: isCertain ? "not-applied" : "unknown", why };
  } catch (error) {
    const why = reasonOf(error);
    return { kind: why === "ECONNREFUSED" ? "not-applied" : "unknown", why };
  }
}

/** Undefined when the server could not answer. */
export async function range(
  url: string,
  request: { readonly key: string; readonly rangeEnd?: string; readonly serializable?: boolean },
): Promise<{ revision: number; pairs: StoredPair[] } | undefined> {
  const response = await post(url, "/v3/kv/range", {
    key: base64(request.key),
    range_end: base64(request.rangeEnd ?? ""),
    serializable: request.serializable ?? false,
  }).catch(() => undefined);
  if (response?.status !== 200) return undefined;
  const body = (await response.json()) as {
    header: { revision: string };
    kvs?: { key: string; value?: string; mod_revision: string; version: string }[];
  };
  const pairs = (body.kvs ?? []).map((kv) => ({
    key: plain(kv.key),
    value: plain(kv.value ?? ""),
    modRevision: Number(kv.mod_revision),
    version: Number(kv.version),
  }));
  return { revision: Number(body.header.revision), pairs };
}

function plain(encoded: string): string {
  return Buffer.from(encoded, "base64").toString("latin1");
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (typeof cause === "object" && cause !== null && "code" in cause) return String(cause.code);
  return String(error);
}
