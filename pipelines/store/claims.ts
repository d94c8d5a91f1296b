/**
 * Decides which process computes an entry that a store lacks, so that no two do, even on file systems without locks
 * between machines.
 *
 * A claim is a file `<store>/leases/<kind>.<key>.<n>` that its owner rewrites every few seconds. A process that sees a
 * claim that is no longer rewritten takes the next number. Files are created exclusively, which only one process can
 * do, even over NFS; a process that has created one looks for others and yields to them. Timestamps of other machines
 * are not compared: a claim is silent if this process has seen no change in it for long enough by its own clock. On the
 * same machine a lock shows at once whether the owner is alive. Should two processes ever hold a claim, both compute
 * the same bytes.
 *
 * An NFS client may keep the names in a folder, and those that it did not find there, for a minute. Creating a file in
 * the folder makes it look again, and opening a file always queries the server.
 *
 * @module
 */
import { setInterval } from "node:timers";
import { dirname, join } from "node:path";
import { system, type SystemFile } from "../common/system.ts";
import { isGone, isJsonObject, temporaryName } from "../common/files.ts";
import { keyPattern } from "./inventory.ts";
import { machineId } from "./machine.ts";

/** How often a claim is rewritten, and for how long it may stay unchanged, in milliseconds. */
export interface ClaimTimes {
  readonly beat: number;
  readonly silence: number;
}

const usualTimes: ClaimTimes = { beat: 5000, silence: 60_000 };

/** A claim that is held. Dispose of it once its entry is in the store, or when nobody will compute it. */
export type Claim = Disposable;

/** The content of a claim always has the same length, so that a reader sees either the old or the new content. */
const contentOf = (beat: number) => new TextEncoder().encode(`{"machine":"${machineId()}","beat":${1e9 + beat}}\n`);

const folderOf = (store: string) => join(store, "leases");

/** The claimed entry. */
interface ClaimedEntry {
  readonly store: string;
  readonly kind: string;
  readonly key: string;
  /** Where it will be. */
  readonly path: string;
}

/** One process's view of who is computing an entry. */
export class Claimant {
  readonly #store: string;
  readonly #name: string;
  readonly #entry: string;
  readonly #times: ClaimTimes;
  /** The content of the newest claim when it was last seen to change, and the time by this process's clock. */
  #seen: { readonly name: string; readonly content: string; readonly at: number } | undefined;

  constructor({ store, kind, key, path }: ClaimedEntry, times: ClaimTimes = usualTimes) {
    this.#store = store;
    this.#name = `${kind}.${key}`;
    this.#entry = path;
    this.#times = times;
  }

  /**
   * Takes the claim unless another process holds it. Entries that other machines have written by then are visible
   * afterwards.
   *
   * @returns The claim; `undefined` if another process holds it; an empty claim if the store cannot be written.
   */
  take(): Claim | undefined {
    const before = this.#numbers().sort((a, b) => b - a);
    for (let state; before[0] !== undefined && (state = this.#stateOf(before[0])) !== "silent";) {
      if (state === "held") return undefined;
      before.shift();
    }
    const own = (before[0] ?? 0) + 1;
    let file: SystemFile;
    try {
      file = this.#create(own);
    } catch (fault) {
      // A process that may not write here will find out when it has something to write.
      return fault instanceof system.errors.AlreadyExists ? undefined : { [Symbol.dispose]: () => {} };
    }
    const others = this.#numbers().filter((number) => number !== own && !before.includes(number));
    const claim = new HeldClaim(file, this.#path(own), this.#times.beat);
    if (others.length > 0) {
      claim[Symbol.dispose]();
      return undefined;
    }
    for (const number of before) removeQuietly(this.#path(number));
    this.#lookAgain();
    return claim;
  }

  /** Makes entries from other machines visible, by a file and the folders that it needs. */
  #lookAgain(): void {
    const path = temporaryName(this.#entry);
    try {
      system.mkdirSync(dirname(path), { recursive: true });
      system.openSync(path, { write: true, createNew: true }).close();
      system.removeSync(path);
    } catch {
      // The folder cannot be written.
    }
  }

  #path(number: number): string {
    return join(folderOf(this.#store), `${this.#name}.${number}`);
  }

  #numbers(): number[] {
    return claimsIn(this.#store).flatMap(({ name, number }) => name === this.#name ? number : []);
  }

  #create(number: number): SystemFile {
    const options = { read: true, write: true, createNew: true };
    try {
      return system.openSync(this.#path(number), options);
    } catch (fault) {
      if (!(fault instanceof system.errors.NotFound)) throw fault;
      makeFolder(folderOf(this.#store));
      return system.openSync(this.#path(number), options);
    }
  }

  /** Whether a claim is gone, or silent: its owner is known to be dead, or has not rewritten it for too long. */
  #stateOf(number: number): "held" | "silent" | "gone" {
    const path = this.#path(number), state = stateOf(path), now = performance.now();
    if (state === undefined) return "gone";
    if (state.isDead) return "silent";
    if (this.#seen?.name !== path || this.#seen.content !== state.content) {
      this.#seen = { name: path, content: state.content, at: now };
    }
    return now - this.#seen.at > this.#times.silence ? "silent" : "held";
  }
}

/** Throws no AlreadyExists if a file or a broken link is in the way, which would look like another's claim. */
function makeFolder(path: string): void {
  try {
    system.mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw new Error("the folder cannot be made", { cause });
  }
}

/** A claim's file, which is rewritten until it is given up. */
class HeldClaim implements Disposable {
  readonly #file: SystemFile;
  readonly #path: string;
  readonly #timer: ReturnType<typeof setInterval>;
  #beat = 0;
  #isOver = false;

  constructor(file: SystemFile, path: string, interval: number) {
    this.#file = file;
    this.#path = path;
    try {
      // Taken before there is any content: an empty claim counts as alive.
      file.lockSync(true);
    } catch {
      // A file system without locks.
    }
    this.#write();
    this.#timer = setInterval(() => this.#write(), interval);
    // It does not keep the process alive.
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#timer);
    // A file that is removed while it is open stays on NFS under another name, for ever if this machine fails then.
    this.#file.close();
    removeQuietly(this.#path);
  }

  #write(): void {
    try {
      this.#file.seekSync(0, system.SeekMode.Start);
      this.#file.writeSync(contentOf(this.#beat++));
      this.#file.syncDataSync();
    } catch {
      // The disk is full or unavailable: others will take over the claim, and compute the same bytes.
    }
  }
}

/** What is known about a claim. */
interface ClaimState {
  readonly content: string;
  /** Whether its owner was on this machine and is no longer running. */
  readonly isDead: boolean;
}

/** `undefined` if it is gone. */
function stateOf(path: string): ClaimState | undefined {
  try {
    using file = system.openSync(path, { read: true, write: true });
    const bytes = new Uint8Array(256), content = new TextDecoder().decode(bytes.subarray(0, file.readSync(bytes) ?? 0));
    return { content, isDead: machineIn(content) === machineId() && isUnlocked(file) };
  } catch (fault) {
    // A claim that this user cannot write belongs to another user, whose processes are not visible.
    return isGone(fault) ? undefined : { content: "", isDead: false };
  }
}

function machineIn(content: string): string | undefined {
  try {
    const found: unknown = JSON.parse(content);
    return isJsonObject(found) && typeof found["machine"] === "string" ? found["machine"] : undefined;
  } catch {
    return undefined;
  }
}

function isUnlocked(file: SystemFile): boolean {
  try {
    return file.tryLockSync(true);
  } catch {
    return false;
  }
}

interface FoundClaim {
  /** Kind and key. */
  readonly name: string;
  readonly key: string;
  readonly number: number;
}

function claimsIn(store: string): FoundClaim[] {
  let names: string[];
  try {
    names = Array.from(system.readDirSync(folderOf(store)), ({ name }) => name);
  } catch {
    return [];
  }
  return names.flatMap((file) => {
    const [, name, key, number] = /^([a-z][a-z0-9-]*\.([0-9a-f]{64}))\.([0-9]{1,9})$/.exec(file) ?? [];
    if (name === undefined || key === undefined || !keyPattern.test(key)) return [];
    return [{ name, key, number: Number(number) }];
  });
}

/** Removes the claims of this machine's dead processes; returns the keys that have other claims. */
export function sweepClaims(store: string): ReadonlySet<string> {
  const held = new Set<string>();
  for (const { name, key, number } of claimsIn(store)) {
    const path = join(folderOf(store), `${name}.${number}`), state = stateOf(path);
    if (state?.isDead === true) removeQuietly(path);
    else if (state !== undefined) held.add(key);
  }
  return held;
}

function removeQuietly(path: string): void {
  try {
    system.removeSync(path);
  } catch {
    // It is already gone, is not empty, or cannot be removed: it does no harm.
  }
}
