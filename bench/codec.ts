/**
 * What the wire codec costs: bytes per packet, and nanoseconds to encode and to decode one, and to
 * put it into its frame and to take it out again.
 */

import { crc32 } from "node:zlib";
import type { AppendRequest, Entry } from "@holdfast/raft";
import {
  decodePacket,
  encodePacket,
  FRAME_HEADER_BYTES,
  FrameReader,
  type Packet,
  writeFrame,
} from "@holdfast/replica";
import { handOver } from "./report.ts";

const ROUNDS = 9;
const ROUND_MS = 40;

interface Row {
  readonly name: string;
  readonly bytes: number;
  readonly encodeNs: number;
  readonly decodeNs: number;
  readonly frameNs: number;
  readonly unframeNs: number;
}

const FROM = 1;
const TO = 2;
const INDEX = 2_000_000;

function appendRequest(entryCount: number, dataBytes: number): AppendRequest {
  const entries: Entry[] = [];
  for (let i = 1; i <= entryCount; i++) {
    const data = new Uint8Array(dataBytes).fill(i);
    entries.push({ index: INDEX + i, term: 12, kind: "command", data });
  }
  return {
    kind: "append-request",
    from: FROM,
    to: TO,
    term: 12,
    seq: 70_000,
    prevIndex: INDEX,
    prevTerm: 12,
    commit: INDEX - 3,
    entries,
  };
}

const PACKETS: readonly (readonly [string, Packet])[] = [
  [
    "vote-request",
    {
      kind: "vote-request",
      from: FROM,
      to: TO,
      term: 12,
      preVote: true,
      electionTerm: 13,
      lastIndex: INDEX,
      lastTerm: 12,
    },
  ],
  ["append-request, heartbeat", appendRequest(0, 0)],
  ["append-request, 1 x 256 bytes", appendRequest(1, 256)],
  ["append-request, 64 x 256 bytes", appendRequest(64, 256)],
  ["append-request, 1024 x 256 bytes", appendRequest(1024, 256)],
  [
    "append-response",
    {
      kind: "append-response",
      from: FROM,
      to: TO,
      term: 12,
      seq: 70_000,
      accepted: true,
      index: INDEX,
      hintTerm: 0,
    },
  ],
  [
    "snapshot-request, 256 KiB",
    {
      kind: "snapshot-request",
      from: FROM,
      to: TO,
      term: 12,
      seq: 5,
      lastIndex: INDEX,
      lastTerm: 12,
      members: { voters: [1, 2, 3] },
      offset: 1 << 20,
      data: new Uint8Array(256 << 10).fill(1),
      done: false,
    },
  ],
  [
    "forward-request, 256 bytes",
    {
      kind: "forward-request",
      from: FROM,
      to: TO,
      id: 77,
      term: 12,
      command: new Uint8Array(256),
    },
  ],
];

/** Keeps results in use, so that no work can be left out. */
let sink = 0;

function touch(packet: Packet): number {
  return packet.kind === "append-request" ? packet.entries.length : packet.to;
}

/** Median nanoseconds per call over several rounds, after one that only warms up. */
function measure(run: () => void): number {
  let calls = 1;
  const rounds: number[] = [];
  while (rounds.length <= ROUNDS) {
    const begun = performance.now();
    for (let i = 0; i < calls; i++) run();
    const tookMs = performance.now() - begun;
    if (tookMs < ROUND_MS / 4) calls *= 2;
    else rounds.push((tookMs * 1e6) / calls);
  }
  rounds.shift();
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN;
}

function measurePacket(name: string, packet: Packet): Row {
  const bytes = encodePacket(packet);
  const encodeNs = measure(() => {
    sink += encodePacket(packet).length;
  });
  const decodeNs = measure(() => {
    sink += touch(decodePacket(bytes, FROM, TO));
  });
  return { name, bytes: bytes.length, encodeNs, decodeNs, ...measureFrame(bytes) };
}

/** With the checksum of zlib, as over TCP. */
function measureFrame(packet: Uint8Array): Pick<Row, "frameNs" | "unframeNs"> {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + packet.length);
  const reader = new FrameReader(
    packet.length,
    (payload) => {
      sink += payload.length;
    },
    crc32,
  );
  const frameNs = measure(() => {
    sink += writeFrame(frame, 0, packet, crc32);
  });
  const unframeNs = measure(() => reader.push(frame));
  return { frameNs, unframeNs };
}

function line(row: Row): string {
  const perSecond = 1e9 / (row.encodeNs + row.decodeNs + row.frameNs + row.unframeNs);
  return [
    row.name.padEnd(34),
    String(row.bytes).padStart(8),
    row.encodeNs.toFixed(0).padStart(12),
    row.decodeNs.toFixed(0).padStart(12),
    row.frameNs.toFixed(0).padStart(12),
    row.unframeNs.toFixed(0).padStart(12),
    Math.round(perSecond).toLocaleString("en").padStart(14),
  ].join("");
}

console.log(`node ${process.version}, median of ${ROUNDS} rounds`);
console.log(
  [
    "packet".padEnd(34),
    "   bytes",
    "   encode ns",
    "   decode ns",
    "    frame ns",
    "  unframe ns",
    "  round trips/s",
  ].join(""),
);
const rows = PACKETS.map(([name, packet]) => {
  const row = measurePacket(name, packet);
  console.log(line(row));
  return row;
});
if (sink === 0) throw new Error("Nothing was measured");
handOver(rows.map((row) => ({ ...row })));
