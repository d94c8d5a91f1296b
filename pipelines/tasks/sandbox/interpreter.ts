/**
 * One Python interpreter, for one program. This is the process that a sandbox starts and ends: it reads the
 * interpreter's files, gives up every permission, and only then runs the program.
 *
 * @module
 */
import { loadPyodide } from "pyodide";
import { guard } from "./guard.ts";
import { type Assignment, longestReason, type Said } from "./protocol.ts";

/** Emscripten's error number for no space left (ENOSPC). */
const noSpace = 51;

// Kept here, so that no program can replace them.
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
  // Otherwise Python's module js would be this process's global object.
  jsglobals: Object.create(null),
  ...program === undefined ? { _makeSnapshot: true } : image.length > 0 ? { _loadSnapshot: image } : {},
});
if (program === undefined) giveImage(python.makeMemorySnapshot());
else await judge(python, program);

/** Runs a program and reports the outcome. */
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

/** Why a program failed. Breaking the interpreter itself, for example by a stack overflow, also fails the program. */
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
    // The process that started this one has ended.
    if (read === null) Deno.exit(1);
    at += read;
  }
  return bytes;
}

/** Limits the growth of the interpreter's memory; beyond the limit Python raises MemoryError. */
function limitMemory(most: number): void {
  const { prototype } = WebAssembly.Memory, grow = prototype.grow;
  prototype.grow = function (this: WebAssembly.Memory, pages: number): number {
    if (this.buffer.byteLength + pages * 2 ** 16 > most) throw new RangeError("The memory's limit is reached");
    return grow.call(this, pages);
  };
}

/** The parts of Emscripten's in-memory file system that are limited here. */
interface FileOperations {
  readonly stream: {
    write(stream: unknown, buffer: unknown, offset: number, length: number, position: number, canOwn?: boolean): number;
  };
  readonly node: { setattr(node: unknown, attributes: { readonly size?: number | null }): void };
}

/**
 * Limits the total bytes written to files. Overwritten and removed bytes still count, so that the limit cannot be
 * evaded.
 */
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

/** The size of an open stream's file. */
function sizeOf(stream: unknown): number {
  const { node }: { node?: { usedBytes?: number } } = Object(stream);
  return node?.usedBytes ?? 0;
}
