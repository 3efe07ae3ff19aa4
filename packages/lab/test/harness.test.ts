/** The harness's checks: a sound server passes, and each kind of wrong one is caught. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCommand } from "../src/command.ts";
import { encodeCourseSnapshot } from "../src/course-snapshot.ts";
import { type Figures, Harness } from "../src/harness.ts";
import * as agreement from "../src/scenarios/2b-agreement.ts";
import * as snapshots from "../src/scenarios/2d-snapshots.ts";
import { type Fault, fakeMake } from "./fake-servers.ts";
import { inVirtualTime } from "./virtual-world.ts";

interface Setting {
  readonly fault?: Fault;
  readonly servers?: number;
  readonly hasSnapshots?: boolean;
}

function drive(
  setting: Setting,
  story: (h: Harness) => Promise<void>,
  make = fakeMake(setting.fault),
): Promise<Figures> {
  return inVirtualTime(1, (world) =>
    Harness.run(
      {
        ...world,
        servers: setting.servers ?? 3,
        isReliable: true,
        hasSnapshots: setting.hasSnapshots ?? false,
        make,
        facts: () => ({ isRequest: true, lane: "vote", key: "" }),
        tell: () => {},
      },
      story,
    ),
  );
}

const ONCE = { retry: false };
const FAILED = "LAB_FAILED";

test("a sound server passes; its row counts commits, time and the harness's own sleeps", async () => {
  const figures = await drive({}, async (h) => {
    await agreement.basicAgreement(h);
    await h.checkOneLeader();
    await h.pause(1000);
  });
  assert.equal(figures.commits, 3);
  assert.ok(figures.ms >= 1000 + 450 + 60 && figures.ms < 1000 + 550 + 60, String(figures.ms));
  assert.equal(figures.floorMs, figures.ms);
  assert.equal(figures.calls, 0);
});

test("a command that another server applied differently at the same index", async () => {
  const deliver: Fault["deliver"] = (id, index, bytes) => [
    [index, id === 2 ? encodeCommand(7) : bytes],
  ];
  await assert.rejects(drive({ fault: { deliver } }, agreement.basicAgreement), {
    code: FAILED,
    message: /^Commit index 1: server 2 applied 7, server 1 100$/,
  });
});

test("an index that was skipped", async () => {
  const deliver: Fault["deliver"] = (_id, index, bytes) => (index === 2 ? [] : [[index, bytes]]);
  const story = async (h: Harness): Promise<void> => {
    for (let i = 0; i < 3; i++) h.start(0, i);
    await h.pause(100);
  };
  await assert.rejects(drive({ fault: { deliver } }, story), {
    code: FAILED,
    message: "Server 1 applied index 3 out of order: 2 is missing",
  });
});

test("an index that comes again is allowed in the plain parts, not with snapshots", async () => {
  const deliver: Fault["deliver"] = (_id, index, bytes) => [
    [index, bytes],
    [index, bytes],
  ];
  await drive({ fault: { deliver } }, agreement.basicAgreement);
  await assert.rejects(
    drive({ fault: { deliver }, hasSnapshots: true }, agreement.basicAgreement),
    {
      code: FAILED,
      message: "Server 1 applied index 1, expected 2",
    },
  );
});

test("two leaders in one term; in two terms the newer counts", async () => {
  const leads = (id: number): boolean => id <= 2;
  await assert.rejects(
    drive({ fault: { leads } }, (h) => h.checkOneLeader().then(() => {})),
    {
      code: FAILED,
      message: "Servers 1 and 2 both lead in term 1",
    },
  );
  await drive({ fault: { leads, term: (id) => id } }, async (h) => {
    assert.equal(await h.checkOneLeader(), 1);
  });
});

test("no leader within 5 s, or one where none may be", async () => {
  const none = drive({ fault: { leads: () => false } }, async (h) => {
    h.checkNoLeader();
    await h.checkOneLeader();
  });
  await assert.rejects(none, { code: FAILED, message: "Expected one leader, got none" });
  const one = drive({}, (h) => Promise.resolve(h.checkNoLeader()));
  await assert.rejects(one, {
    code: FAILED,
    message: "Expected no leader, but server 1 claims to be it",
  });
});

test("a leader that is cut off is not seen", async () => {
  await drive({}, (h) => {
    h.disconnect(0);
    h.checkNoLeader();
    return Promise.resolve();
  });
});

test("terms that differ among connected servers", async () => {
  const differing = drive({ fault: { term: (id) => id } }, (h) =>
    Promise.resolve(void h.checkTerms()),
  );
  await assert.rejects(differing, {
    code: FAILED,
    message: "Servers disagree on the term: 1, 2, 3",
  });
});

test("a command that is never applied: after 2 s without retry, after 10 s with", async () => {
  for (const [retry, ms] of [
    [false, 2000],
    [true, 10_000],
  ] as const) {
    let took = 0;
    const story = async (h: Harness): Promise<void> => {
      const begunMs = h.nowMs();
      try {
        await h.one(5, 3, { retry });
      } finally {
        took = h.nowMs() - begunMs;
      }
    };
    await assert.rejects(drive({ fault: { deliver: () => [] } }, story), {
      code: FAILED,
      message: "No agreement on 5 among 3 servers",
    });
    assert.equal(took, ms);
  }
});

test("nobody to take a command: 10 s of asking", async () => {
  const story = (h: Harness): Promise<void> => h.one(5, 3, ONCE).then(() => {});
  await assert.rejects(drive({ fault: { leads: () => false } }, story), { code: FAILED });
});

test("a place in the log that the scenario doesn't expect", async () => {
  const fault: Fault = { index: (index) => (index === 2 ? 3 : index) };
  await assert.rejects(drive({ fault }, agreement.basicAgreement), { code: FAILED });
});

test("an entry that commits without a majority", async () => {
  await assert.rejects(drive({ servers: 5 }, agreement.tooFewServers), {
    code: FAILED,
    message: "Index 2 committed without a majority",
  });
});

test("a log that is never trimmed", async () => {
  await assert.rejects(
    drive({ fault: { logBytes: 2000 }, hasSnapshots: true }, snapshots.snapshotsBasic),
    {
      code: FAILED,
      message: "A log takes 2000 bytes: it was not trimmed",
    },
  );
  await drive({ fault: { logBytes: 1999 }, hasSnapshots: true }, snapshots.snapshotsBasic);
});

test("the service makes a snapshot at every tenth index", async () => {
  const make = fakeMake();
  const story = async (h: Harness): Promise<void> => {
    for (let i = 0; i < 25; i++) await h.one(i, 3, ONCE);
  };
  await drive({ hasSnapshots: true }, story, make);
  assert.equal(make.snapshotsTaken(), 2 * 3, "at 9 and 19, on three servers");
});

test("a snapshot that can't be read, or is of another index", async () => {
  const snapshot = encodeCourseSnapshot(1, new Map([[1, 5]]));
  const cases = [
    [new Uint8Array(3), "Server 1 got a snapshot at 1 that can't be read"],
    [snapshot.subarray(0, snapshot.length - 1), "Server 1 got a snapshot at 1 that can't be read"],
    [encodeCourseSnapshot(0, new Map()), "Server 1 got a snapshot of index 0 as that of 1"],
  ] as const;
  for (const [bytes, message] of cases) {
    const restore: Fault["restore"] = ({ consumer }) => consumer.snapshot(1, bytes);
    await assert.rejects(
      drive({ fault: { restore }, hasSnapshots: true }, (h) => h.pause(10)),
      { code: FAILED, message },
    );
  }
});

test("after a snapshot the next index must follow it", async () => {
  const restore: Fault["restore"] = ({ id, consumer }) => {
    if (id === 1) consumer.snapshot(1, encodeCourseSnapshot(1, new Map([[1, 5]])));
  };
  const story = async (h: Harness): Promise<void> => {
    h.start(0, 5);
    await h.pause(100);
  };
  await assert.rejects(drive({ fault: { restore }, hasSnapshots: true }, story), {
    code: FAILED,
    message: "Server 1 applied index 1, expected 2",
  });
});

test("a restarted server is held to what it applied in its life before", async () => {
  let lives = 0;
  const fault: Fault = {
    restore: ({ id }) => {
      if (id === 3) lives++;
    },
    deliver: (id, index, bytes) => [[index, id === 3 && lives === 2 ? encodeCommand(8) : bytes]],
  };
  const story = async (h: Harness): Promise<void> => {
    await h.one(5, 3, ONCE);
    await h.start1(2);
    await h.pause(10);
  };
  await assert.rejects(drive({ fault }, story), {
    code: FAILED,
    message: /^Commit index 1: server 3 applied 8/,
  });
});

test("a committed value that is lost", async () => {
  // The last server forgets: what it is given from index 30 on is something else, and nobody else
  // is there to differ.
  const story = async (h: Harness): Promise<void> => {
    await h.one(5, 3, ONCE);
    const found = await h.wait(1, 3);
    assert.equal(found, 5);
    await h.wait(2, 3);
  };
  await assert.rejects(drive({}, story), {
    code: FAILED,
    message: "Only 0 of 3 servers applied index 2",
  });
});

test("a wait ends without result when the term moves on", async () => {
  let term = 1;
  await drive({ fault: { term: () => term, deliver: () => [] } }, async (h) => {
    const started = h.start(0, 5);
    assert.equal(started?.term, 1);
    term = 2;
    assert.equal(await h.wait(1, 3, 1), undefined);
  });
});

test("more than 120 s", async () => {
  await assert.rejects(
    drive({}, (h) => h.pause(120_001)),
    { code: FAILED, message: /^Took 120 s/ },
  );
  await drive({}, (h) => h.pause(120_000));
});

test("a server that breaks ends the scenario, also while that only sleeps", async () => {
  const restore: Fault["restore"] = ({ id, clock, onFailure }) => {
    if (id === 2) clock.setTimer(500, () => onFailure(new Error("disk failed")));
  };
  const begun = drive({ fault: { restore } }, async (h) => {
    await h.pause(60_000);
    assert.fail("the scenario went on");
  });
  await assert.rejects(begun, { message: "disk failed" });
});

test("a life that is over delivers nothing and fails nothing any more", async () => {
  const launches: Parameters<NonNullable<Fault["restore"]>>[0][] = [];
  const story = async (h: Harness): Promise<void> => {
    await h.one(5, 3, ONCE);
    h.crash1(2);
    const zombie = launches[2];
    zombie?.consumer.command(1, encodeCommand(9));
    zombie?.onFailure(new Error("too late"));
    await h.pause(10);
    assert.equal(h.committed(1).count, 3);
  };
  await drive({ fault: { restore: (launch) => void launches.push(launch) } }, story);
  assert.equal(launches.length, 3);
});
