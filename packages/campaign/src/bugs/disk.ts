/** Planted in the write-ahead log and the order of disk work (catalogue section H). */

import type { PlantedBug } from "./bug.ts";
import { STORE, STUCK, WRONG } from "./checks.ts";

const WAL = "replica/wal/wal.js";
const RECOVERY = "replica/wal/recovery.js";
const WRITER = "replica/wal/segment-writer.js";
const SYNC = "await tail.file.sync();";

export const DISK_BUGS: readonly PlantedBug[] = [
  {
    name: "promises-leave-with-write",
    title: "What a write promises leaves when it is handed to the disk",
    cites: ["I-8", "thesis §3.8"],
    changes: [
      {
        file: "replica/driver.js",
        find: "parts.write(effects.write);",
        put: `{
            parts.write(effects.write);
            for (const message of effects.write.thenSend)
                this.send(message);
        }`,
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 50,
  },
  {
    name: "group-commit-wakes-all",
    title: "A sync wakes also those who queued up after it began",
    cites: ["H6", "I-8"],
    changes: [
      {
        file: WAL,
        find: "for (const waiting of batch.waiting) {",
        put: "for (const waiting of [...batch.waiting, ...this.#queue]) {",
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 100,
  },
  {
    name: "sync-before-write",
    title: "The log is synced before the batch is written",
    cites: ["H6"],
    changes: [
      {
        file: WAL,
        find: `tail.write(records);
            this.#isMarked = false;
            await tail.file.sync();`,
        put: `await tail.file.sync();
            this.#isMarked = false;
            tail.write(records);`,
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 50,
  },
  {
    name: "failed-sync-retried",
    title: "A sync that failed is tried again and then trusted",
    cites: ["H7"],
    changes: [
      { file: WAL, find: SYNC, put: "await tail.file.sync().catch(() => tail.file.sync());" },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 500,
  },
  {
    name: "failed-write-acknowledged",
    title: "A write that failed counts as durable",
    cites: ["A2", "H11"],
    changes: [
      {
        file: "replica/disk-queue.js",
        find: 'this.#fail("writing the log", error);',
        put: "this.#events.durable(write);",
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 500,
  },
  {
    name: "hard-state-after-entries",
    title: "Term and vote are written behind the entries of that term, in the next batch",
    cites: ["A9"],
    changes: [
      {
        file: WAL,
        find: "this.#queue.push({ record, resolve, reject });",
        put: `const { hardState } = record;
            if (hardState === undefined || record.entries.length === 0)
                this.#queue.push({ record, resolve, reject });
            else {
                const later = { ...MARK, hardState };
                const ignore = () => { };
                this.#queue.push({
                    record: { ...record, hardState: undefined },
                    resolve: () => {
                        this.#queue.unshift({ record: later, resolve: ignore, reject: ignore });
                        resolve();
                    },
                    reject,
                });
            }`,
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 200,
  },
  {
    name: "segment-name-not-synced",
    title: "A new segment is used before its name is on disk",
    cites: ["H2"],
    changes: [{ file: WRITER, find: "await this.#disk.syncDirectory();", put: "" }],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 200,
  },
  {
    name: "segment-not-synced",
    title: "A new segment gets its name before its first records are on disk",
    cites: ["H4", "H10"],
    changes: [{ file: WRITER, find: "await file.sync();", put: "" }],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 200,
  },
  {
    name: "segment-removed-early",
    title: "A segment goes although the entry right behind the snapshot is in it",
    cites: ["H4", "H10"],
    changes: [
      {
        file: "replica/wal/segments.js",
        find: "if (oldest.lastIndex > startIndex)",
        put: "if (oldest.lastIndex > startIndex + 1)",
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 500,
  },
  {
    name: "segment-order-by-text",
    title: "Segments are sorted as text: the tenth before the ninth",
    cites: ["H10"],
    changes: [{ file: RECOVERY, find: ".sort((a, b) => a - b)", put: ".sort()" }],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 200,
  },
  {
    name: "recycled-name-not-synced",
    title: "A retired segment is written over while its old name may come back",
    cites: ["H4", "D14"],
    changes: [
      {
        file: "replica/wal/spare.js",
        find: `await this.#disk.syncDirectory();
        this.#offer(true);`,
        put: "this.#offer(true);",
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 3000,
  },
  {
    name: "record-checksum-ignored",
    title: "The checksum of a log record isn't compared",
    cites: ["H1", "H9"],
    changes: [
      {
        file: "replica/wal/frame.js",
        find: "return crc === frame.crc ? frame : undefined;",
        put: "return frame;",
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 500,
  },
  {
    name: "record-without-place",
    title: "A log record is good wherever in its segment it stands",
    cites: ["H9"],
    changes: [
      {
        file: "replica/wal/frame.js",
        find: "writer.putU16(checkOf(length, back, chain.offset, chain.key));",
        put: "writer.putU16(checkOf(length, back, 0, chain.key));",
      },
      {
        file: "replica/wal/frame.js",
        find: "writer.crc32(from, chain.key ^ chain.offset);",
        put: "writer.crc32(from, chain.key);",
      },
      {
        file: "replica/wal/frame.js",
        find: "check !== checkOf(length, back, start, key)",
        put: "check !== checkOf(length, back, 0, key)",
      },
      {
        file: "replica/wal/frame.js",
        find: "crc32Of(view ?? viewOf(bytes), key ^ start, start, frame.bodyEnd)",
        put: "crc32Of(view ?? viewOf(bytes), key, start, frame.bodyEnd)",
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 4000,
  },
  {
    name: "torn-tail-is-damage",
    title: "A write that a crash cut short counts as damage",
    cites: ["H1"],
    changes: [
      {
        file: RECOVERY,
        find: "if (laterBatch(this.#bytes, this.#offset, this.#key) !== undefined) {",
        put: "if (this.#tornBytes() > 0) {",
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 500,
  },
  {
    name: "damage-cut-as-torn",
    title: "Damage in the middle of the log is cut off like a torn write",
    cites: ["H9", "D7"],
    changes: [
      {
        file: RECOVERY,
        find: "if (laterBatch(this.#bytes, this.#offset, this.#key) !== undefined) {",
        put: "if (false) {",
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 1000,
  },
  {
    name: "identity-unchecked",
    title: "A log is opened whichever node it was written by",
    cites: ["C17", "P7"],
    changes: [
      {
        file: "replica/wal/segment-header.js",
        find: "checkIdentity(name, identity, found);",
        put: ";",
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 1000,
  },
  {
    name: "last-batch-not-rewritten",
    title: "Recovery keeps the last batch in memory and doesn't write it to the new segment",
    cites: ["H13", "A12"],
    changes: [
      {
        file: "replica/wal/open-wal.js",
        find: "writer.begin({ ...back.next, head, records: back.carried })",
        put: "writer.begin({ ...back.next, head, records: [] })",
      },
    ],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 100,
  },
  {
    name: "truncation-not-replayed",
    title: "Recovery doesn't cut the log where a conflict had cut it",
    cites: ["H4", "H10"],
    changes: [{ file: RECOVERY, find: "kept = upTo(kept, record.truncateFrom - 1);", put: ";" }],
    expect: [...WRONG, ...STORE, ...STUCK],
    seedsMax: 200,
  },
];
