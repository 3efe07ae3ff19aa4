/** An open file of a simulated disk. */

import { DiskError, type DiskFile } from "@holdfast/replica";
import type { DiskCalls } from "./disk-calls.ts";
import type { Inode } from "./disk-inode.ts";

/** What a file asks of its disk. */
export interface FileOwner {
  readonly calls: DiskCalls;
  /** Writes what fits and throws `no-space` when that is not all. */
  writeTo(inode: Inode, name: string, position: number, bytes: Uint8Array): void;
  syncInode(inode: Inode, name: string): Promise<void>;
}

export class SimFile implements DiskFile {
  readonly name: string;
  readonly #owner: FileOwner;
  readonly #inode: Inode;
  #isClosed = false;

  constructor(owner: FileOwner, name: string, inode: Inode) {
    this.#owner = owner;
    this.name = name;
    this.#inode = inode;
  }

  get size(): number {
    return this.#inode.size;
  }

  read(position: number, length: number): Promise<Uint8Array> {
    const { calls } = this.#owner;
    if (this.#isClosed) return calls.refuse(this.name);
    return calls.run("read", this.name, () => this.#inode.read(position, length));
  }

  write(position: number, bytes: Uint8Array): void {
    if (this.#isClosed) throw new DiskError("closed", `File ${this.name} is closed`);
    this.#owner.writeTo(this.#inode, this.name, position, bytes);
  }

  sync(): Promise<void> {
    if (this.#isClosed) return this.#owner.calls.refuse(this.name);
    return this.#owner.syncInode(this.#inode, this.name);
  }

  truncate(size: number): Promise<void> {
    const { calls } = this.#owner;
    if (this.#isClosed) return calls.refuse(this.name);
    return calls.run("truncate", this.name, () => this.#inode.truncate(size));
  }

  close(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return this.#owner.calls.run("close", this.name, () => {
      this.#isClosed = true;
    });
  }
}
