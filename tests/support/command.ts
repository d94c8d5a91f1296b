/** Running the command line in this process and in one of its own. @module */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { commandLine } from "../../pipelines/cli/command_line.ts";

/** What a command left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line within this process. Paths have to be absolute. */
export function inProcess(...args: readonly string[]): Promise<Outcome> {
  return inProcessWith([], ...args);
}

/** The same with lines on its standard input. */
export async function inProcessWith(lines: readonly string[], ...args: readonly string[]): Promise<Outcome> {
  let stdout = "", stderr = "";
  const code = await commandLine(args, {
    print: (text) => stdout += `${text}\n`,
    put: (text) => stdout += text,
    lines: async function* () {
      yield* lines;
    },
    write: (text) => stderr += text,
    live: false,
  });
  return { code, stdout, stderr };
}

const main = fileURLToPath(new URL("../../pipelines/cli/main.ts", import.meta.url));

/** Settings of {@linkcode ownProcess}. */
export interface ProcessOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Whether a test may start Deno; says so where it may not. */
export function mayStartDeno(): boolean {
  const { state } = Deno.permissions.querySync({ name: "run", command: Deno.execPath() });
  if (state !== "granted") console.log("skipped: starting Deno needs --allow-run=deno");
  return state === "granted";
}

/** What Deno is started with to run the command line, with the permissions that the tasks give. */
export function ownArguments(args: readonly string[]): string[] {
  const permissions = ["--allow-read", "--allow-write", "--allow-ffi", "--allow-import", "--allow-env"];
  return ["run", "--quiet", ...permissions, "--allow-sys=statfs", "--no-prompt", main, ...args];
}

/** Runs the command line in a process of its own, with the permissions that the tasks give. */
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
