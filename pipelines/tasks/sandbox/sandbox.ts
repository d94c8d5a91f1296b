/**
 * Runs untrusted Python programs. Each gets its own interpreter, compiled to WebAssembly, in its own process, which has
 * no Deno permissions and is killed at its deadline: a busy worker of this process could not be ended.
 *
 * @module
 */
import { RunError } from "../../common/errors.ts";
import { noLoaderVariables } from "../../common/loader_variables.ts";
import { type Assignment, frame, type Said } from "./protocol.ts";
import type { ProgramVerdict } from "./verdict.ts";

/** The limits of a program. */
interface ProgramLimits {
  /** The time limit, from the program's first line. */
  readonly seconds: number;
  /** The limit of its interpreter's memory, in bytes. */
  readonly memory: number;
  /** The limit of its files, in bytes. */
  readonly files: number;
}

/**
 * HumanEval's harness only limits the time, to 3 seconds with CPython. Compiled to WebAssembly, Python took six times
 * as long for the slowest of HumanEval's solutions (1.20 s instead of 0.20 s).
 */
export const usualLimits: ProgramLimits = { seconds: 18, memory: 512 * 2 ** 20, files: 64 * 2 ** 20 };

/** The version that verdicts depend on, besides programs and limits. */
export const sandboxVersion = "pyodide 314.0.7";

/** How long an interpreter may take to start, in milliseconds; a busy machine takes seconds. */
const patience = 120_000;

/** The maximum length of an interpreter's messages before its image. */
const longestSaid = 2 ** 16;

/** The limit of an interpreter's own JavaScript heap, in MB. */
const heap = 512;

/** Runs programs. */
export interface Sandbox {
  /** @throws {RunError} If no interpreter can be started here. */
  run(program: string): Promise<ProgramVerdict>;
}

/** A sandbox, which needs the permission to start Deno. */
export function sandbox(limits: ProgramLimits = usualLimits): Sandbox {
  let image: Promise<Uint8Array> | undefined;
  return {
    async run(program) {
      image ??= makeImage(limits);
      return await judged(program, await image, limits);
    },
  };
}

/** The memory of an interpreter that has loaded its library, from which the others start. */
async function makeImage(limits: ProgramLimits): Promise<Uint8Array> {
  await using interpreter = start({ memory: limits.memory, files: limits.files });
  const said = await interpreter.next(patience);
  if (said?.kind !== "image") throw await interpreter.fault();
  return await interpreter.bytes(said.length, patience) ?? raise(await interpreter.fault());
}

async function judged(program: string, image: Uint8Array, limits: ProgramLimits): Promise<ProgramVerdict> {
  const { memory, files, seconds } = limits;
  await using interpreter = start({ memory, files, program }, image);
  const started = await interpreter.next(patience);
  if (started?.kind !== "started") throw await interpreter.fault();
  const said = await interpreter.next(seconds * 1000);
  if (said?.kind === "passed") return { kind: "passed" };
  if (said?.kind === "failed") return { kind: "failed", reason: said.reason };
  return said === undefined && interpreter.isLate()
    ? { kind: "timedOut" }
    : { kind: "failed", reason: "the interpreter ended" };
}

function raise(error: Error): never {
  throw error;
}

/** A process with an interpreter. */
interface Interpreter extends AsyncDisposable {
  /** Its next message; `undefined` if it is late, ends, or sends something invalid. */
  next(milliseconds: number): Promise<Said | undefined>;
  /** The next `count` bytes of its output. */
  bytes(count: number, milliseconds: number): Promise<Uint8Array | undefined>;
  /** Whether it missed a deadline, as opposed to ending by itself. */
  isLate(): boolean;
  /** Why it could not start. */
  fault(): Promise<RunError>;
}

/** Starts the process, which is killed at the end of its scope. */
function start(work: Omit<Assignment, "token">, image: Uint8Array = new Uint8Array(0)): Interpreter {
  const token = crypto.randomUUID();
  const child = new Deno.Command(Deno.execPath(), {
    args: interpreterArguments(),
    env: noLoaderVariables,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.stdout.getReader(), errors = firstText(child.stderr, 4096);
  let rest: Uint8Array = new Uint8Array(0), late = false;
  const sent = send(child.stdin, [new TextEncoder().encode(JSON.stringify({ ...work, token })), image]);

  /** The next chunk of its output; `undefined` if it is late or ends. */
  async function chunk(deadline: Promise<"late">): Promise<Uint8Array | undefined> {
    const read = await Promise.race([output.read(), deadline]);
    if (read === "late") late = true;
    return read === "late" ? undefined : read.value;
  }

  return {
    async next(milliseconds) {
      using timer = deadlineIn(milliseconds);
      while (!rest.includes(10)) {
        const more = rest.length > longestSaid ? undefined : await chunk(timer.passed);
        if (more === undefined) return undefined;
        rest = joined(rest, more);
      }
      const end = rest.indexOf(10), line = new TextDecoder().decode(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      return saidIn(line, token);
    },
    async bytes(count, milliseconds) {
      using timer = deadlineIn(milliseconds);
      const bytes = new Uint8Array(count);
      for (let at = 0;;) {
        bytes.set(rest.subarray(0, count - at), at);
        at += rest.length;
        if (at >= count) return bytes;
        const more = await chunk(timer.passed);
        if (more === undefined) return undefined;
        rest = more;
      }
    },
    isLate: () => late,
    async fault() {
      kill(child);
      const said = (await errors).trim().split("\n")[0] ?? "";
      return new RunError(
        `no Python interpreter could be started${said === "" ? "" : `: ${said}`}; programs run in ` +
          "npm:pyodide in a process started by Deno, which needs --allow-run and, the first time, network access",
      );
    },
    async [Symbol.asyncDispose]() {
      kill(child);
      await Promise.all([child.status, sent, errors, output.cancel()]);
    },
  };
}

/**
 * The arguments of the process. It may read files until its interpreter is loaded, and gives this permission up before
 * its program begins; code generation from strings is disabled, so that no program can reach this process's JavaScript.
 */
function interpreterArguments(): string[] {
  const imports = { pyodide: import.meta.resolve("pyodide") };
  return [
    "run",
    "--quiet",
    "--no-prompt",
    "--no-lock",
    "--no-config",
    "--node-modules-dir=none",
    "--no-check",
    "--allow-read",
    `--import-map=data:application/json,${encodeURIComponent(JSON.stringify({ imports }))}`,
    `--v8-flags=--disallow-code-generation-from-strings,--max-old-space-size=${heap}`,
    import.meta.resolve("./interpreter.ts"),
  ];
}

/** A deadline for a wait. */
function deadlineIn(milliseconds: number): Disposable & { readonly passed: Promise<"late"> } {
  const { promise, resolve } = Promise.withResolvers<"late">(), id = setTimeout(() => resolve("late"), milliseconds);
  return { passed: promise, [Symbol.dispose]: () => clearTimeout(id) };
}

/** Parses a line as an interpreter's message; a program may have written anything. */
function saidIn(line: string, token: string): Said | undefined {
  try {
    const said: Said | null = JSON.parse(line);
    return said?.token === token ? said : undefined;
  } catch {
    return undefined;
  }
}

async function send(input: WritableStream<Uint8Array>, frames: readonly Uint8Array[]): Promise<void> {
  const writer = input.getWriter();
  try {
    for (const bytes of frames) await writer.write(frame(bytes));
    await writer.close();
  } catch {
    // The process has ended, which decides its verdict.
  }
}

/** The first characters of a stream, which is read to its end. */
async function firstText(stream: ReadableStream<Uint8Array>, most: number): Promise<string> {
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    if (text.length < most) text += chunk.slice(0, most - text.length);
  }
  return text;
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended.
  }
}
