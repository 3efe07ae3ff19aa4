/** A disk in virtual time with a process of its own: what tests of its faults begin with. */

import type { DiskErrorCode, DiskFile } from "@holdfast/replica";
import {
  DiskFaults,
  hostPump,
  Process,
  Random,
  Scheduler,
  SimDisk,
  type SimDiskOptions,
  VirtualClock,
} from "@holdfast/sim";

/** A disk in virtual time with a process of its own. */
export class Scene {
  readonly scheduler: Scheduler = new Scheduler({ eventsMax: 100_000 });
  readonly clock: VirtualClock = new VirtualClock(this.scheduler);
  readonly process: Process = new Process(this.scheduler);
  readonly faults: DiskFaults = new DiskFaults();
  readonly disk: SimDisk;
  /** What has ended, in order, with the time. */
  readonly ended: string[] = [];

  constructor(options: Partial<SimDiskOptions> = {}) {
    const random = new Random(1);
    const { clock, process, faults } = this;
    this.disk = new SimDisk({
      random: () => random.fraction(),
      clock,
      process,
      faults,
      ...options,
    });
  }

  run<T>(body: () => Promise<T>): Promise<T> {
    return this.scheduler.run(body, hostPump);
  }

  /** Notes when `work` ends, and how. */
  follow(name: string, work: Promise<unknown>): void {
    const note = (how: string): void => {
      this.ended.push(`${name} ${how} ${this.scheduler.now}`);
    };
    work.then(
      () => note("done"),
      (error: unknown) => note(`failed (${hasCode(error)})`),
    );
  }

  sleep(ms: number): Promise<void> {
    return this.clock.sleep(ms);
  }
}

function hasCode(error: unknown): DiskErrorCode | undefined {
  return (error as { readonly code?: DiskErrorCode }).code;
}

export function bytes(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

/** A file with durable name and content. */
export async function stored(disk: SimDisk, length = 10): Promise<DiskFile> {
  const file = await disk.create("file");
  file.write(0, bytes(length, 1));
  await Promise.all([file.sync(), disk.syncDirectory()]);
  return file;
}
