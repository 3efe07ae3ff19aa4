/** Names of simulated files: the view of a reader beside the one that a power loss leaves. */

import { Inode, type Keep } from "./disk-inode.ts";

/**
 * One change of the directory that may not be durable yet. Any subset of those may survive a power
 * loss.
 */
type Change =
  | { readonly kind: "link"; readonly name: string; readonly inode: Inode }
  | { readonly kind: "rename"; readonly from: string; readonly to: string; readonly inode: Inode }
  | { readonly kind: "unlink"; readonly name: string };

export class DirectoryState {
  #cache: Map<string, Inode> = new Map();
  #platter: Map<string, Inode> = new Map();
  #pending: readonly Change[] = [];
  #filesMade = 0;
  /** Lost since the last sync. */
  readonly #lost: string[] = [];

  names(): readonly string[] {
    return [...this.#cache.keys()].sort();
  }

  find(name: string): Inode | undefined {
    return this.#cache.get(name);
  }

  /** What a reader sees. */
  visibleNames(): ReadonlyMap<string, Inode> {
    return this.#cache;
  }

  /** What a power loss leaves for certain. */
  durableNames(): ReadonlyMap<string, Inode> {
    return this.#platter;
  }

  usedBytes(): number {
    let sum = 0;
    for (const inode of this.#cache.values()) sum += inode.size;
    return sum;
  }

  create(name: string): Inode {
    const existing = this.#cache.get(name);
    if (existing !== undefined) {
      existing.truncate(0);
      return existing;
    }
    this.#filesMade += 1;
    const inode = new Inode(this.#filesMade);
    this.#change({ kind: "link", name, inode });
    return inode;
  }

  rename(from: string, to: string): void {
    const inode = this.#cache.get(from);
    if (inode !== undefined && from !== to) this.#change({ kind: "rename", from, to, inode });
  }

  remove(name: string): void {
    if (this.#cache.has(name)) this.#change({ kind: "unlink", name });
  }

  /** These files are gone, under all views; nobody is told. */
  lose(isLost: (name: string) => boolean): readonly string[] {
    const lost = this.names().filter(isLost);
    for (const names of [this.#cache, this.#platter]) {
      for (const name of [...names.keys()]) {
        if (!isLost(name)) continue;
        names.delete(name);
        this.#lost.push(name);
      }
    }
    this.#pending = this.#pending.filter((change) => {
      return !isLost(change.kind === "rename" ? change.to : change.name);
    });
    return lost;
  }

  /** The changes that a sync which starts now makes durable. */
  beginSync(): readonly Change[] {
    return this.#pending;
  }

  /** Returns the names that may mean something else to a power loss from here on. */
  endSync(point: readonly Change[]): readonly string[] {
    const durable = new Set(point);
    const names = this.#lost.splice(0);
    for (const change of this.#pending) {
      if (!durable.has(change)) continue;
      perform(this.#platter, change);
      if (change.kind === "rename") names.push(change.from, change.to);
      else names.push(change.name);
    }
    this.#pending = this.#pending.filter((change) => !durable.has(change));
    return names;
  }

  afterPowerLoss(keep: Keep, random: () => number, file: (inode: Inode) => Inode): DirectoryState {
    const names = new Map(this.#platter);
    for (const change of this.#pending) {
      if (keep === "all" || (keep === "some" && random() < 0.5)) perform(names, change);
    }
    const left = new DirectoryState();
    left.#filesMade = this.#filesMade;
    left.#cache = mapped(names, once(file));
    left.#platter = new Map(left.#cache);
    return left;
  }

  afterKill(): DirectoryState {
    const copy = once((inode) => inode.afterKill());
    const left = new DirectoryState();
    left.#filesMade = this.#filesMade;
    left.#cache = mapped(this.#cache, copy);
    left.#platter = mapped(this.#platter, copy);
    left.#pending = this.#pending.map((change) =>
      change.kind === "unlink" ? change : { ...change, inode: copy(change.inode) },
    );
    return left;
  }

  #change(change: Change): void {
    perform(this.#cache, change);
    this.#pending = [...this.#pending, change];
  }
}

function perform(names: Map<string, Inode>, change: Change): void {
  if (change.kind === "link") names.set(change.name, change.inode);
  else if (change.kind === "unlink") names.delete(change.name);
  else {
    if (names.get(change.from) === change.inode) names.delete(change.from);
    names.set(change.to, change.inode);
  }
}

/** A file that has two names, or one in each view, stays one file. */
function once(copy: (inode: Inode) => Inode): (inode: Inode) => Inode {
  const copies = new Map<Inode, Inode>();
  return (inode) => {
    const made = copies.get(inode) ?? copy(inode);
    copies.set(inode, made);
    return made;
  };
}

function mapped(names: Map<string, Inode>, copy: (inode: Inode) => Inode): Map<string, Inode> {
  return new Map([...names].map(([name, inode]) => [name, copy(inode)]));
}
