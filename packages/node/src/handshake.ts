/** Who is there: the first bytes of a connection. Layout: docs/reference/wire-format.md. */

import { crc32 } from "node:zlib";
import type { NodeId } from "@holdfast/raft";
import type { Lane } from "@holdfast/replica";

/** Version of handshake, frames and packets together. */
export const PROTOCOL_VERSION = 1;
export const HANDSHAKE_BYTES = 40;

const MAGIC = Buffer.from("HOLDFAST", "latin1");
const HELLO = 0;
const ANSWER = 1;
const LANES: readonly (Lane | undefined)[] = [undefined, "vote", "append", "snapshot"];
const VERDICTS = ["welcome", "other-version", "other-cluster", "other-node", "stranger"] as const;

/** What the dialer says first. */
export interface Hello {
  readonly clusterId: number;
  readonly from: NodeId;
  /** Whom the dialer believes to reach. */
  readonly to: NodeId;
  readonly lane: Lane;
}

/**
 * - `welcome`: frames may follow.
 * - `other-version`, `other-cluster`: the two can't talk at all.
 * - `other-node`: the dialer expects somebody else at this address.
 * - `stranger`: the dialer is not a member that this node knows.
 */
export type Verdict = (typeof VERDICTS)[number];

/** What the acceptor says back. */
export interface Answer {
  readonly verdict: Verdict;
  readonly clusterId: number;
  /** Who the acceptor is. */
  readonly from: NodeId;
  readonly to: NodeId;
}

/** Why bytes are not a handshake: not of this protocol, of another version, or damaged. */
export type HandshakeFault = "not-a-peer" | "other-version" | "damaged";

/** The first bytes of a connection are no handshake of this version. */
export class HandshakeError extends Error {
  readonly code = "WIRE_BAD_HANDSHAKE";
  readonly why: HandshakeFault;

  constructor(why: HandshakeFault, message: string) {
    super(message);
    this.name = "HandshakeError";
    this.why = why;
  }
}

export function encodeHello(hello: Hello): Buffer {
  return encode(HELLO, LANES.indexOf(hello.lane), hello.clusterId, hello.from, hello.to);
}

export function encodeAnswer(answer: Answer): Buffer {
  const code = VERDICTS.indexOf(answer.verdict);
  return encode(ANSWER, code, answer.clusterId, answer.from, answer.to);
}

/** Throws {@link HandshakeError}. */
export function decodeHello(bytes: Buffer): Hello {
  checkShape(bytes, HELLO);
  const lane = LANES[bytes.readUInt8(10)];
  if (lane === undefined) throw new HandshakeError("damaged", "Handshake names no known lane");
  const [clusterId, from, to] = readIds(bytes);
  return { clusterId, from, to, lane };
}

/** Throws {@link HandshakeError}. */
export function decodeAnswer(bytes: Buffer): Answer {
  checkShape(bytes, ANSWER);
  const verdict = VERDICTS[bytes.readUInt8(10)];
  if (verdict === undefined) throw new HandshakeError("damaged", "Handshake has no known verdict");
  const [clusterId, from, to] = readIds(bytes);
  return { verdict, clusterId, from, to };
}

/**
 * Gathers the first bytes of a connection; refuses at the first byte that no handshake has there.
 */
export class HandshakeReader {
  private gathered: Buffer = Buffer.alloc(0);

  /**
   * Undefined while more must come, else the handshake's bytes and what came behind them. Throws
   * {@link HandshakeError}.
   */
  push(piece: Buffer): { readonly handshake: Buffer; readonly rest: Buffer } | undefined {
    this.gathered = this.gathered.length === 0 ? piece : Buffer.concat([this.gathered, piece]);
    const magicBytes = Math.min(this.gathered.length, MAGIC.length);
    if (MAGIC.compare(this.gathered, 0, magicBytes, 0, magicBytes) !== 0) {
      throw new HandshakeError("not-a-peer", "Connection doesn't begin as a replica's");
    }
    if (this.gathered.length < HANDSHAKE_BYTES) return undefined;
    return {
      handshake: this.gathered.subarray(0, HANDSHAKE_BYTES),
      rest: this.gathered.subarray(HANDSHAKE_BYTES),
    };
  }
}

function encode(kind: number, detail: number, cluster: number, from: NodeId, to: NodeId): Buffer {
  const bytes = Buffer.alloc(HANDSHAKE_BYTES);
  MAGIC.copy(bytes);
  bytes.writeUInt8(PROTOCOL_VERSION, 8);
  bytes.writeUInt8(kind, 9);
  bytes.writeUInt8(detail, 10);
  bytes.writeBigUInt64LE(BigInt(cluster), 12);
  bytes.writeBigUInt64LE(BigInt(from), 20);
  bytes.writeBigUInt64LE(BigInt(to), 28);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 36)), 36);
  return bytes;
}

/**
 * Magic and version keep their place in every version to come; the rest may move, so the version
 * goes first.
 */
function checkShape(bytes: Buffer, kind: number): void {
  const version = bytes.readUInt8(8);
  if (version !== PROTOCOL_VERSION) {
    throw new HandshakeError("other-version", `Peer speaks protocol version ${version}`);
  }
  if (bytes.readUInt32LE(36) !== crc32(bytes.subarray(0, 36))) {
    throw new HandshakeError("damaged", "Handshake has a wrong checksum");
  }
  if (bytes.readUInt8(9) !== kind || bytes.readUInt8(11) !== 0) {
    throw new HandshakeError("damaged", "Handshake has a wrong shape");
  }
}

function readIds(bytes: Buffer): [clusterId: number, from: NodeId, to: NodeId] {
  const ids = [12, 20, 28].map((at) => Number(bytes.readBigUInt64LE(at)));
  const [clusterId, from, to] = ids;
  if (
    clusterId === undefined ||
    from === undefined ||
    to === undefined ||
    !ids.every(Number.isSafeInteger)
  ) {
    throw new HandshakeError("damaged", "Handshake has a number out of range");
  }
  return [clusterId, from, to];
}
