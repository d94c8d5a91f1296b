/**
 * One Python interpreter, for one program. This is the process that a sandbox starts and ends: it reads the interpreter's
 * files, gives up every permission, and only then runs what it is given.
 *
 * @module
 */
import { loadPyodide } from "pyodide";
import { guard } from "./guard.ts";
import { type Assignment, longestReason, type Said } from "./protocol.ts";

/** Its number in Emscripten's errors: no space is left. */
const noSpace = 51;

// Held here, so that no program can put others in their place.
const { stdin, stdout, permissions } = Deno;
const write = stdout.writeSync.bind(stdout);
const { stringify } = JSON;
const encoder = new TextEncoder();

type Pyodide = Awaited<ReturnType<typeof loadPyodide>>;

const assignment: Assignment = JSON.parse(new TextDecoder().decode(readFrame()));
const image = readFrame();
limitMemory(assignment.memory);
const { program } = assignment;
const python = await loadPyodide({
  // Python's module js would be this process's global object.
  jsglobals: Object.create(null),
  ...program === undefined ? { _makeSnapshot: true } : image.length > 0 ? { _loadSnapshot: image } : {},
});
if (program === undefined) giveImage(python.makeMemorySnapshot());
else await judge(python, program);

/** Runs a program and says what came of it. */
async function judge(python: Pyodide, program: string): Promise<void> {
  python.unregisterJsModule("js");
  python.unregisterJsModule("pyodide_js");
  python.setStdin({ error: true });
  python.setStdout({ write: ({ length }) => length });
  python.setStderr({ write: ({ length }) => length });
  limitFiles(python, assignment.files);
  python.runPython(guard);
  const run = python.globals.get("_run");
  for (const name of ["read", "write", "net", "env", "sys", "run", "ffi", "import"] as const) {
    await permissions.revoke({ name });
  }
  say({ token: assignment.token, kind: "started" });
  const reason = outcomeOf(() => run(program, longestReason));
  say(
    reason === undefined
      ? { token: assignment.token, kind: "passed" }
      : { token: assignment.token, kind: "failed", reason },
  );
}

/** Why a program failed. What it does to the interpreter itself, such as an overflow of its stack, fails it too. */
function outcomeOf(run: () => unknown): string | undefined {
  try {
    const reason = run();
    return reason === undefined || typeof reason === "string" ? reason : "the interpreter gave no verdict";
  } catch (error) {
    return `the interpreter failed: ${error instanceof Error ? error.name : typeof error}`;
  }
}

function giveImage(image: Uint8Array): void {
  say({ token: assignment.token, kind: "image", length: image.length });
  writeAll(image);
}

function say(said: Said): void {
  writeAll(encoder.encode(`${stringify(said)}\n`));
}

function writeAll(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += write(bytes.subarray(at));
}

function readFrame(): Uint8Array<ArrayBuffer> {
  const length = new DataView(readBytes(4).buffer).getUint32(0);
  return readBytes(length);
}

function readBytes(count: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count;) {
    const read = stdin.readSync(bytes.subarray(at));
    // Whoever started this process is gone.
    if (read === null) Deno.exit(1);
    at += read;
  }
  return bytes;
}

/** Lets the interpreter's memory grow to some size; beyond it Python raises MemoryError. */
function limitMemory(most: number): void {
  const { prototype } = WebAssembly.Memory, grow = prototype.grow;
  prototype.grow = function (this: WebAssembly.Memory, pages: number): number {
    if (this.buffer.byteLength + pages * 2 ** 16 > most) throw new RangeError("The memory's limit is reached");
    return grow.call(this, pages);
  };
}

/** Emscripten's files in memory, as far as they are limited here. */
interface FileOperations {
  readonly stream: {
    write(stream: unknown, buffer: unknown, offset: number, length: number, position: number, canOwn?: boolean): number;
  };
  readonly node: { setattr(node: unknown, attributes: { readonly size?: number | null }): void };
}

/** Lets files hold so many bytes together. What is written over or removed still counts, so that no count can be evaded. */
function limitFiles({ FS }: Pyodide, most: number): void {
  const operations: FileOperations = FS.filesystems.MEMFS.ops_table.file;
  const { write } = operations.stream, { setattr } = operations.node;
  let written = 0;
  const count = (bytes: number) => {
    written += bytes;
    if (written > most) throw new FS.ErrnoError(noSpace);
  };
  // A write beyond a file's end fills the gap.
  operations.stream.write = (stream, buffer, offset, length, position, canOwn) => {
    count(Math.max(length, position + length - sizeOf(stream)));
    return write(stream, buffer, offset, length, position, canOwn);
  };
  operations.node.setattr = (node, attributes) => {
    count(attributes.size ?? 0);
    setattr(node, attributes);
  };
}

/** How much is in the file of an open stream. */
function sizeOf(stream: unknown): number {
  const { node }: { node?: { usedBytes?: number } } = Object(stream);
  return node?.usedBytes ?? 0;
}
