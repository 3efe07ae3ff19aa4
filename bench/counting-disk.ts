/** A disk that counts the flushes of a log's own files; all else goes straight through. */

import type { Disk, DiskFile } from "@holdfast/replica";

export class CountingDisk implements Disk {
  /** Flushes of files that have their final name: what writers wait for, but for new segments. */
  syncs = 0;
  private readonly disk: Disk;

  constructor(disk: Disk) {
    this.disk = disk;
  }

  list(): Promise<readonly string[]> {
    return this.disk.list();
  }

  async open(name: string): Promise<DiskFile> {
    const file = await this.disk.open(name);
    if (name.endsWith(".tmp")) return file;
    return new CountingFile(file, () => {
      this.syncs++;
    });
  }

  create(name: string): Promise<DiskFile> {
    return this.disk.create(name);
  }

  rename(from: string, to: string): Promise<void> {
    return this.disk.rename(from, to);
  }

  remove(name: string): Promise<void> {
    return this.disk.remove(name);
  }

  syncDirectory(): Promise<void> {
    return this.disk.syncDirectory();
  }
}

class CountingFile implements DiskFile {
  readonly name: string;
  private readonly file: DiskFile;
  private readonly onSync: () => void;

  constructor(file: DiskFile, onSync: () => void) {
    this.name = file.name;
    this.file = file;
    this.onSync = onSync;
  }

  get size(): number {
    return this.file.size;
  }

  read(position: number, length: number): Promise<Uint8Array> {
    return this.file.read(position, length);
  }

  write(position: number, bytes: Uint8Array): void {
    this.file.write(position, bytes);
  }

  sync(): Promise<void> {
    this.onSync();
    return this.file.sync();
  }

  truncate(size: number): Promise<void> {
    return this.file.truncate(size);
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
