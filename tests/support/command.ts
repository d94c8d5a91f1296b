/** Runs the command line in this process or in a separate one. @module */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { commandLine } from "../../pipelines/cli/command_line.ts";
import type { Terminal } from "../../pipelines/cli/terminal/terminal.ts";
import type { RunControl } from "../../pipelines/cli/arguments/command.ts";
import type { CheckpointInterval } from "../../pipelines/schedule/context/checkpoint_interval.ts";

/** A checkpoint after every step and batch, at any cost. */
export const everyStep: CheckpointInterval = { seconds: 0, share: Infinity };

/** The exit code and output of a command. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line within this process. Paths have to be absolute. */
export function inProcess(...args: readonly string[]): Promise<Outcome> {
  return run(args, {});
}

/** The same with lines on its standard input. */
export function inProcessWith(lines: readonly string[], ...args: readonly string[]): Promise<Outcome> {
  return run(args, { lines });
}

/** The same for a run that is stopped, or that has another checkpoint interval. */
export function inProcessUnder(control: RunControl, ...args: readonly string[]): Promise<Outcome> {
  return run(args, { control });
}

async function run(
  args: readonly string[],
  { lines = [], control = {} }: { readonly lines?: readonly string[]; readonly control?: RunControl },
): Promise<Outcome> {
  const { terminal, outcome } = terminalOf(false, lines);
  return { code: await commandLine(args, terminal, control), ...outcome() };
}

/** A terminal that keeps what is written to it. */
export function terminalOf(live = false, lines: readonly string[] = []): {
  readonly terminal: Terminal;
  readonly outcome: () => Omit<Outcome, "code">;
} {
  let stdout = "", stderr = "";
  const terminal: Terminal = {
    print: (text) => stdout += `${text}\n`,
    put: (text) => stdout += text,
    lines: async function* () {
      yield* lines;
    },
    write: (text) => stderr += text,
    endLine: () => stderr += stderr === "" || stderr.endsWith("\n") ? "" : "\n",
    live,
    isColored: live,
  };
  return { terminal, outcome: () => ({ stdout, stderr }) };
}

const main = fileURLToPath(new URL("../../pipelines/cli/main.ts", import.meta.url));
/** Like main.ts, but with a checkpoint after every step. */
export const eagerMain = fileURLToPath(new URL("./eager_main.ts", import.meta.url));

/** Settings of {@linkcode ownProcess}. */
export interface ProcessOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Whether a test may start Deno; prints a message if not. */
export function mayStartDeno(): boolean {
  const { state } = Deno.permissions.querySync({ name: "run", command: Deno.execPath() });
  if (state !== "granted") console.log("skipped: starting Deno needs --allow-run=deno");
  return state === "granted";
}

/** Deno's arguments to run the command line with the permissions of the tasks. */
export function ownArguments(args: readonly string[], entry = main): string[] {
  const permissions = ["--allow-read", "--allow-write", "--allow-ffi", "--allow-import", "--allow-env", "--no-prompt"];
  return ["run", "--quiet", ...permissions, "--allow-sys=statfs,hostname", entry, ...args];
}

/** Runs the command line in a separate process with the permissions of the tasks. */
export async function ownProcess(args: readonly string[], { cwd, env = {} }: ProcessOptions = {}): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ownArguments(args),
    cwd: cwd ?? dirname(main),
    env: { NO_COLOR: "1", ...env },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** Every file and folder below a folder, as sorted paths from it; a folder's path ends in a slash. */
export function treeOf(folder: string): string[] {
  const list = (below: string): string[] => {
    return [...Deno.readDirSync(join(folder, below))].flatMap(({ name, isDirectory }) => {
      const path = below + name;
      return isDirectory ? [`${path}/`, ...list(`${path}/`)] : [path];
    });
  };
  return list("").sort();
}
