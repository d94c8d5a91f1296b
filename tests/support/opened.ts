/** Records the files that some work reads through Deno. @module */
import { fileURLToPath } from "node:url";

/** The functions by which Deno reads a file as a whole or opens it. */
const readers = ["open", "openSync", "readFile", "readFileSync", "readTextFile", "readTextFileSync"] as const;

/** Does some work, and returns the real paths of the files that it opened for reading and that still exist. */
export async function openedDuring(work: () => Promise<unknown>): Promise<ReadonlySet<string>> {
  const opened = new Set<string>(), own = readers.map((name) => [name, Deno[name]] as const);
  const watched = Object.fromEntries(own.map(([name, read]) => [name, (...args: [string | URL, unknown]) => {
    if (!isWritten(args[1])) opened.add(pathOf(args[0]));
    return Reflect.apply(read, Deno, args);
  }]));
  Object.assign(Deno, watched);
  try {
    await work();
  } finally {
    Object.assign(Deno, Object.fromEntries(own));
  }
  // Folders are opened to be locked or synced, not to be read.
  const real = [...opened].map(async (path) => {
    const info = await Deno.stat(path).catch(() => undefined);
    return info === undefined || info.isDirectory ? undefined : await Deno.realPath(path);
  });
  return new Set((await Promise.all(real)).filter((path) => path !== undefined));
}

/** Whether the options of `Deno.open` open a file only for writing. */
function isWritten(options: unknown): boolean {
  return typeof options === "object" && options !== null && "write" in options && !("read" in options);
}

function pathOf(path: string | URL): string {
  return typeof path === "string" ? path : fileURLToPath(path);
}
