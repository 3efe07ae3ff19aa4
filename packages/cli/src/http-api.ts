/**
 * The HTTP server of one node: bodies in, replies out, limits, and a close that lets running
 * requests finish.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Address, formatAddress } from "./address.ts";
import { CliError } from "./cli-error.ts";
import { kvRoutes, type Reply, type Route, routeFor } from "./kv-routes.ts";
import type { KvService } from "./kv-service.ts";
import { RpcError, tooLarge } from "./rpc-error.ts";

export interface HttpApiOptions {
  readonly service: KvService;
  /** Port 0 takes any free one. */
  readonly address: Address;
  /** Larger bodies are answered with 413. */
  readonly bodyBytesMax?: number;
}

/** etcd's limit of 1.5 MiB, as base64 and with some JSON around it. */
const BODY_BYTES_MAX = (2 << 20) + (64 << 10);

/**
 * A body too large is read to its end, so that the client hears why; from this size on it is cut
 * off.
 */
const BODY_CUT_OFF_FACTOR = 16;

/** A client must have sent its whole request within this time. */
const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 60_000;

export class HttpApi {
  readonly #server: Server;
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #bodyBytesMax: number;
  #closing = false;

  private constructor(options: HttpApiOptions) {
    this.#routes = kvRoutes(options.service);
    this.#bodyBytesMax = options.bodyBytesMax ?? BODY_BYTES_MAX;
    this.#server = createServer((request, response) => {
      void this.#serve(request, response);
    });
    this.#server.requestTimeout = REQUEST_TIMEOUT_MS;
    this.#server.headersTimeout = HEADERS_TIMEOUT_MS;
    this.#server.keepAliveTimeout = KEEP_ALIVE_MS;
  }

  /** Listens; rejects with `CliError` when it can't, naming the address. */
  static async open(options: HttpApiOptions): Promise<HttpApi> {
    const api = new HttpApi(options);
    const { host, port } = options.address;
    await new Promise<void>((resolve, reject) => {
      api.#server.once("error", (cause: NodeJS.ErrnoException) => {
        reject(listenError(options.address, cause));
      });
      api.#server.listen({ host, port }, resolve);
    });
    return api;
  }

  /** Where it listens, with the real port. */
  get address(): Address {
    const { address, port } = this.#server.address() as AddressInfo;
    return { host: address, port };
  }

  /** Accepts nothing new and waits for running requests, `graceMs` at most. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#server.closeIdleConnections();
    const force = setTimeout(() => this.#server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(force);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => {
      if (!response.writableFinished) gone.abort();
    });
    try {
      const reply = await this.#reply(request, gone.signal);
      this.#send(response, reply);
    } catch (error) {
      const failure =
        error instanceof RpcError
          ? error
          : new RpcError("internal", `internal error: ${String(error)}`, { cause: error });
      const { httpStatus: status, allow } = failure;
      this.#send(response, { status, allow, body: failure.body() });
    }
  }

  async #reply(request: IncomingMessage, gone: AbortSignal): Promise<Reply> {
    const { method = "", url = "" } = request;
    refuseStrangers(request);
    const route = routeFor(this.#routes, method, url);
    const body = await readBody(request, this.#bodyBytesMax);
    return await route.handle(body, gone);
  }

  #send(response: ServerResponse, reply: Reply): void {
    if (response.destroyed) return;
    const text = `${JSON.stringify(reply.body)}\n`;
    response.writeHead(reply.status, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
      ...(reply.allow !== undefined && { allow: reply.allow }),
      ...(this.#closing && { connection: "close" }),
    });
    response.end(text);
  }
}

/** A web page of another site must not write here through the user's browser. */
function refuseStrangers(request: IncomingMessage): void {
  const { origin, host } = request.headers;
  if (origin !== undefined && origin !== `http://${host ?? ""}`) {
    throw new RpcError("permission-denied", `requests from ${origin} are not allowed`);
  }
}

async function readBody(request: IncomingMessage, bytesMax: number): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes <= bytesMax) parts.push(part);
    if (bytes > bytesMax * BODY_CUT_OFF_FACTOR) break;
  }
  if (bytes > bytesMax) throw tooLarge();
  return Buffer.concat(parts).toString("utf8");
}

function listenError(address: Address, cause: NodeJS.ErrnoException): CliError {
  const where = formatAddress(address);
  if (cause.code === "EADDRINUSE") {
    return new CliError(`Client address ${where} is already in use`, { cause });
  }
  return new CliError(`Cannot listen for clients on ${where}: ${cause.message}`, { cause });
}
