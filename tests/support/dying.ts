/** Simulates a process that is killed at any moment: after a given change, the disk no longer changes. @module */

/** Calls that make an entry or file appear or disappear; between two of them, the disk's entries stay the same. */
const counted = ["rename", "renameSync", "remove", "removeSync"] as const;
/** Other calls that change the disk, but only partly written files. */
const prevented = ["mkdir", "mkdirSync", "writeFile", "writeTextFile"] as const;

/** Moving or removing a missing path fails, and changes nothing. */
function isThere(path: string): boolean {
  try {
    return Deno.lstatSync(path) !== undefined;
  } catch {
    return false;
  }
}

/** The outcome of work that may have died. */
export interface Life<T> {
  readonly died: boolean;
  /** The result of the work, if it completed. */
  readonly result: T | undefined;
}

/**
 * Does some work that dies at its n-th change of the disk, counted from 1: that change and all later ones fail,
 * including cleanup, as if the process had been killed. Nothing else may use the disk meanwhile.
 */
export async function dyingAt<T>(moment: number, work: () => Promise<T>): Promise<Life<T>> {
  const own = Object.fromEntries([...counted, ...prevented].map((name) => [name, Deno[name]]));
  let changes = 0;
  const isDead = () => changes >= moment;
  const stub = (name: typeof counted[number] | typeof prevented[number], counts: boolean) => {
    const real = Deno[name] as (...args: readonly unknown[]) => unknown;
    return (...args: readonly unknown[]) => {
      if (counts && !isDead() && isThere(String(args[0]))) changes++;
      if (!isDead()) return real(...args);
      if (name.endsWith("Sync")) throw new Error("died");
      return Promise.reject(new Error("died"));
    };
  };
  for (const name of counted) Object.assign(Deno, { [name]: stub(name, true) });
  for (const name of prevented) Object.assign(Deno, { [name]: stub(name, false) });
  try {
    const result = await work();
    return { died: isDead(), result };
  } catch (error) {
    if (!isDead()) throw error;
    return { died: true, result: undefined };
  } finally {
    Object.assign(Deno, own);
  }
}

/** Does some work on a disk that refuses every file whose path contains a text. */
export async function refusing<T>(text: string, work: () => Promise<T>): Promise<T> {
  const { renameSync } = Deno;
  const refuse: typeof renameSync = (from, to) => {
    if (String(to).includes(text)) throw new Deno.errors.PermissionDenied("the disk refuses");
    renameSync(from, to);
  };
  Object.assign(Deno, { renameSync: refuse });
  try {
    return await work();
  } finally {
    Object.assign(Deno, { renameSync });
  }
}
