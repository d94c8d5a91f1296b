/** Disks that fail when the store writes: stubs for the system's calls while a test runs. @module */

/** Replaces some members of an object while a function runs. */
async function replaced<Result>(
  target: object,
  members: Readonly<Record<string, unknown>>,
  run: () => Promise<Result>,
): Promise<Result> {
  const own = Object.keys(members).map((name) => [name, Object.getOwnPropertyDescriptor(target, name)!] as const);
  for (const [name, descriptor] of own) {
    Object.defineProperty(target, name, { ...descriptor, value: members[name] });
  }
  try {
    return await run();
  } finally {
    for (const [name, descriptor] of own) Object.defineProperty(target, name, descriptor);
  }
}

function failure(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}

/** Runs a function on a disk with a given number of bytes left for entries; removing entries frees space. */
export function onFullDisk<Result>(room: number, run: () => Promise<Result>): Promise<Result> {
  const { writeSync } = Deno.FsFile.prototype, { removeSync } = Deno;
  let left = room;
  const write = function (this: Deno.FsFile, bytes: Uint8Array): number {
    if (left === 0) throw failure("No space left on device (os error 28)", "ENOSPC");
    const count = writeSync.call(this, bytes.subarray(0, left));
    left -= count;
    return count;
  };
  const remove = (path: string) => {
    const { size } = Deno.statSync(path);
    removeSync(path);
    left += size;
  };
  return replaced(
    Deno.FsFile.prototype,
    { writeSync: write },
    () => replaced(Deno, { removeSync: remove }, run),
  );
}

/** Runs a function on a disk with a given number of bytes left for files that are written piecewise. */
export function onDiskWithRoom<Result>(room: number, run: () => Promise<Result>): Promise<Result> {
  const { write } = Deno.FsFile.prototype;
  let left = room;
  const bounded = async function (this: Deno.FsFile, bytes: Uint8Array): Promise<number> {
    if (left === 0) throw failure("No space left on device (os error 28)", "ENOSPC");
    const count = await write.call(this, bytes.subarray(0, left));
    left -= count;
    return count;
  };
  return replaced(Deno.FsFile.prototype, { write: bounded }, run);
}

/** Runs a function while no file below a folder can be created, renamed, removed or touched. */
export function onReadOnlyDisk<Result>(folder: string, run: () => Promise<Result>): Promise<Result> {
  const { openSync, mkdirSync, removeSync, renameSync } = Deno;
  const refuse = (path: string) => {
    if (path.startsWith(folder)) throw failure("Read-only file system (os error 30)", "EROFS");
  };
  const isThere = (path: string) => {
    try {
      return Deno.statSync(path).isDirectory;
    } catch {
      return false;
    }
  };
  const calls = {
    openSync: (path: string, options: Deno.OpenOptions = { read: true }) => {
      if (options.write) refuse(path);
      return openSync(path, options);
    },
    mkdirSync: (path: string, options?: Deno.MkdirOptions) => {
      if (!isThere(path)) refuse(path);
      mkdirSync(path, options);
    },
    removeSync: (path: string) => {
      refuse(path);
      removeSync(path);
    },
    renameSync: (from: string, to: string) => {
      refuse(to);
      renameSync(from, to);
    },
  };
  const utimeSync = () => refuse(folder);
  return replaced(Deno.FsFile.prototype, { utimeSync }, () => replaced(Deno, calls, run));
}

/** Runs a function with a file server that reports of each rename, once it is done, that there was nothing to rename. */
export function onRestartingServer<Result>(run: () => Promise<Result>): Promise<Result> {
  const { rename, renameSync } = Deno;
  const absent = () => new Deno.errors.NotFound("No such file or directory (os error 2)");
  const calls = {
    renameSync: (from: string, to: string) => {
      renameSync(from, to);
      throw absent();
    },
    rename: async (from: string, to: string) => {
      await rename(from, to);
      throw absent();
    },
  };
  return replaced(Deno, calls, run);
}

/** Runs a function while another machine of an NFS share has removed what is open: a call on open files fails. */
export function onStaleFiles<Result>(
  call: "read" | "statSync",
  run: () => Promise<Result>,
): Promise<Result> {
  const stale = () => {
    throw new Error("Stale file handle (os error 116)");
  };
  return replaced(Deno.FsFile.prototype, { [call]: stale }, run);
}

/** A recorded call: a path that was synced, or one that was renamed. */
export type DiskCall = { readonly synced: string } | { readonly from: string; readonly to: string };

/** Runs a function, and lists in order the paths that it synced and renamed. */
export async function recordingDisk(run: () => Promise<unknown>): Promise<readonly DiskCall[]> {
  const { open, openSync, rename, renameSync } = Deno, { sync, syncSync } = Deno.FsFile.prototype;
  const calls: DiskCall[] = [], paths = new WeakMap<Deno.FsFile, string>();
  const named = (file: Deno.FsFile, path: string | URL) => {
    paths.set(file, String(path));
    return file;
  };
  const renamed = (from: string | URL, to: string | URL) => calls.push({ from: String(from), to: String(to) });
  const inDeno = {
    open: async (path: string | URL, options?: Deno.OpenOptions) => named(await open(path, options), path),
    openSync: (path: string | URL, options?: Deno.OpenOptions) => named(openSync(path, options), path),
    rename: async (from: string, to: string) => {
      await rename(from, to);
      renamed(from, to);
    },
    renameSync: (from: string, to: string) => {
      renameSync(from, to);
      renamed(from, to);
    },
  };
  const inFile = {
    async sync(this: Deno.FsFile) {
      await sync.call(this);
      calls.push({ synced: paths.get(this) ?? "" });
    },
    syncSync(this: Deno.FsFile) {
      syncSync.call(this);
      calls.push({ synced: paths.get(this) ?? "" });
    },
  };
  await replaced(Deno, inDeno, () => replaced(Deno.FsFile.prototype, inFile, run));
  return calls;
}
