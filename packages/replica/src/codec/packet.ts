/** What one replica sends another: the core's messages and forwarded proposals, as bytes. */

import type { Index, Message, NodeId, Refusal, Term } from "@holdfast/raft";
import type { Lane } from "../ports.ts";
import { Reader, VARINT_BYTES_MAX, Writer } from "./buffer.ts";
import { CodecError } from "./errors.ts";
import {
  APPEND_REQUEST,
  APPEND_RESPONSE,
  messageBound,
  readAppendRequest,
  readAppendResponse,
  readSnapshotRequest,
  readSnapshotResponse,
  readVoteRequest,
  readVoteResponse,
  SNAPSHOT_REQUEST,
  SNAPSHOT_RESPONSE,
  VOTE_REQUEST,
  VOTE_RESPONSE,
  writeMessage,
} from "./message.ts";

/** A node that does not lead asks the one that does to propose `command`. */
export interface ForwardRequest {
  readonly kind: "forward-request";
  readonly from: NodeId;
  readonly to: NodeId;
  /** Chosen by the sender, echoed by the response. */
  readonly id: number;
  /** The term in which the sender believes that the receiver leads: in any other it must refuse. */
  readonly term: Term;
  readonly command: Uint8Array;
}

/** Why a forwarded command is not in the log; empty when it is, `unknown` when nobody can tell. */
export type ForwardReason = Refusal | "unknown" | "";

export interface ForwardResponse {
  readonly kind: "forward-response";
  readonly from: NodeId;
  readonly to: NodeId;
  readonly id: number;
  /** Appended at `index` in `term`: not committed yet. */
  readonly ok: boolean;
  readonly index: Index;
  readonly term: Term;
  readonly reason: ForwardReason;
  /** Whom to ask instead; 0 when not known. */
  readonly leader: NodeId;
}

export type Packet = Message | ForwardRequest | ForwardResponse;

/** High half of a packet's first byte. */
export const WIRE_VERSION = 1;

const FORWARD_REQUEST = 7;
const FORWARD_RESPONSE = 8;
const OK = 0b1;

/** All kinds, in the order of their codes from 1 on. */
export const PACKET_KINDS: readonly Packet["kind"][] = [
  "vote-request",
  "vote-response",
  "append-request",
  "append-response",
  "snapshot-request",
  "snapshot-response",
  "forward-request",
  "forward-response",
];

/**
 * Never shares memory with `packet`. Who sends and who receives is not written: the connection
 * knows.
 */
export function encodePacket(packet: Packet): Uint8Array {
  switch (packet.kind) {
    case "forward-request": {
      const writer = new Writer(1 + 3 * VARINT_BYTES_MAX + packet.command.length);
      writer.byte((WIRE_VERSION << 4) | FORWARD_REQUEST);
      writer.count(packet.id);
      writer.count(packet.term);
      writer.span(packet.command);
      return writer.finish();
    }
    case "forward-response": {
      const writer = new Writer(3 + 4 * VARINT_BYTES_MAX);
      writer.byte((WIRE_VERSION << 4) | FORWARD_RESPONSE);
      writer.byte(packet.ok ? OK : 0);
      writer.byte(reasonCode(packet.reason));
      writer.count(packet.id);
      writer.count(packet.index);
      writer.count(packet.term);
      writer.count(packet.leader);
      return writer.finish();
    }
    default: {
      const writer = new Writer(messageBound(packet));
      writer.byte((WIRE_VERSION << 4) | messageCode(packet.kind));
      writeMessage(writer, packet);
      return writer.finish();
    }
  }
}

/**
 * Payloads in the result are views into `bytes`. Checks the shape only; whether a message makes
 * sense now is for the core to say. Throws {@link CodecError}.
 */
export function decodePacket(bytes: Uint8Array, from: NodeId, to: NodeId): Packet {
  const reader = new Reader(bytes);
  const head = reader.byte();
  if (head >>> 4 !== WIRE_VERSION) throw new CodecError("Unknown packet version");
  const packet = readBody(reader, head & 0x0f, from, to);
  reader.end();
  return packet;
}

/** What kind of packet this is, by its first byte alone; undefined when it can't be read. */
export function peekKind(bytes: Uint8Array): Packet["kind"] | undefined {
  const head = bytes[0] ?? 0;
  return head >>> 4 === WIRE_VERSION ? PACKET_KINDS[(head & 0x0f) - 1] : undefined;
}

/** Votes and snapshots travel apart from the log, so that neither waits for the other. */
export function laneOf(packet: Packet): Lane {
  switch (packet.kind) {
    case "vote-request":
    case "vote-response":
      return "vote";
    case "append-request":
    case "append-response":
    case "forward-request":
    case "forward-response":
      return "append";
    case "snapshot-request":
    case "snapshot-response":
      return "snapshot";
  }
}

function readBody(reader: Reader, code: number, from: NodeId, to: NodeId): Packet {
  switch (code) {
    case VOTE_REQUEST:
      return readVoteRequest(reader, from, to);
    case VOTE_RESPONSE:
      return readVoteResponse(reader, from, to);
    case APPEND_REQUEST:
      return readAppendRequest(reader, from, to);
    case APPEND_RESPONSE:
      return readAppendResponse(reader, from, to);
    case SNAPSHOT_REQUEST:
      return readSnapshotRequest(reader, from, to);
    case SNAPSHOT_RESPONSE:
      return readSnapshotResponse(reader, from, to);
    case FORWARD_REQUEST:
      return readForwardRequest(reader, from, to);
    case FORWARD_RESPONSE:
      return readForwardResponse(reader, from, to);
    default:
      throw new CodecError("Unknown packet kind");
  }
}

function readForwardRequest(reader: Reader, from: NodeId, to: NodeId): ForwardRequest {
  const id = reader.count();
  const term = reader.count();
  const command = reader.span();
  return { kind: "forward-request", from, to, id, term, command };
}

function readForwardResponse(reader: Reader, from: NodeId, to: NodeId): ForwardResponse {
  const ok = reader.flags(OK) !== 0;
  const reason = readReason(reader.byte());
  const id = reader.count();
  const index = reader.count();
  const term = reader.count();
  const leader = reader.count();
  return { kind: "forward-response", from, to, id, ok, index, term, reason, leader };
}

function messageCode(kind: Message["kind"]): number {
  switch (kind) {
    case "vote-request":
      return VOTE_REQUEST;
    case "vote-response":
      return VOTE_RESPONSE;
    case "append-request":
      return APPEND_REQUEST;
    case "append-response":
      return APPEND_RESPONSE;
    case "snapshot-request":
      return SNAPSHOT_REQUEST;
    case "snapshot-response":
      return SNAPSHOT_RESPONSE;
  }
}

function reasonCode(reason: ForwardReason): number {
  switch (reason) {
    case "":
      return 0;
    case "not-leader":
      return 1;
    case "too-much-uncommitted":
      return 2;
    case "too-large":
      return 3;
    case "malformed":
      return 4;
    case "impossible":
      return 5;
    case "unknown":
      return 6;
  }
}

function readReason(code: number): ForwardReason {
  switch (code) {
    case 0:
      return "";
    case 1:
      return "not-leader";
    case 2:
      return "too-much-uncommitted";
    case 3:
      return "too-large";
    case 4:
      return "malformed";
    case 5:
      return "impossible";
    case 6:
      return "unknown";
    default:
      throw new CodecError("Unknown reason");
  }
}
