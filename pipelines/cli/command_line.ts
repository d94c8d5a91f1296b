/** The command line: its commands, and how their errors are reported. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { RequestError, RunError, StoppedError } from "../common/errors.ts";
import { systemCode } from "../common/files.ts";
import { shortened, visible } from "../common/visible.ts";
import { activationsCommand } from "./commands/activations_command.ts";
import { mergeCommand } from "./commands/merge_command.ts";
import { parseArguments, UsageError } from "./arguments/argument_parser.ts";
import { cacheCommands } from "./commands/cache_command.ts";
import { chatCommand } from "./commands/chat_command.ts";
import type { Command, CommandGroup, RunControl } from "./arguments/command.ts";
import { doctorCommand } from "./commands/doctor_command.ts";
import { exportCommand } from "./commands/export_command.ts";
import { type CommandName, commandNames } from "./launch/grants.ts";
import { importCommand } from "./commands/import_command.ts";
import { flag } from "./arguments/option.ts";
import { judgeCommand } from "./commands/judge_command.ts";
import { newCommand } from "./commands/new_command.ts";
import { planCommand } from "./commands/plan_command.ts";
import { pullCommand } from "./commands/pull_command.ts";
import { pushCommand } from "./commands/push_command.ts";
import { recipesCommand } from "./commands/recipes_command.ts";
import { reportCommand } from "./commands/report_command.ts";
import { dataCommand, rowsCommand } from "./commands/rows_command.ts";
import { runCommand } from "./commands/run_command.ts";
import { serveCommand } from "./commands/serve_command.ts";
import { scoreCommand } from "./commands/score_command.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { unitCommand } from "./commands/unit_command.ts";
import { watchCommand } from "./commands/watch_command.ts";
import { workflowCommand } from "./commands/workflow_command.ts";

/** Each command, or group of commands, that a program may be started for. */
const commands: Readonly<Record<CommandName, Command | CommandGroup>> = {
  new: newCommand,
  run: runCommand,
  plan: planCommand,
  workflow: workflowCommand,
  unit: unitCommand,
  rows: rowsCommand,
  data: dataCommand,
  chat: chatCommand,
  serve: serveCommand,
  activations: activationsCommand,
  score: scoreCommand,
  judge: judgeCommand,
  recipes: recipesCommand,
  report: reportCommand,
  watch: watchCommand,
  import: importCommand,
  export: exportCommand,
  merge: mergeCommand,
  push: pushCommand,
  pull: pullCommand,
  doctor: doctorCommand,
  cache: cacheCommands,
};

/** All commands, in the order of the help. */
export const refract: CommandGroup = {
  kind: "group",
  name: "refract",
  summary: "Compiles and runs representation-finetuning pipelines.",
  commands: commandNames.map((name) => commands[name]),
};

/** Options of every command. */
export const sharedOptions = { verbose: flag("shows the stack trace of an error") };

/**
 * Runs a command line.
 *
 * @param args Without the program's own name.
 * @param terminal Receives results on stdout, and progress, notes and errors on stderr.
 * @param control How a run can be stopped, and how often it saves unfinished work.
 * @returns The exit code: 0 success, 1 the run failed, 2 the request was invalid; 130 or 143 if it was stopped.
 */
export async function commandLine(
  args: readonly string[],
  terminal: Terminal,
  control: RunControl = {},
): Promise<number> {
  try {
    await parseArguments(refract, sharedOptions, args, terminal)?.({ ...control, terminal });
    return 0;
  } catch (error) {
    return report(error, terminal, args.includes("--verbose"));
  }
}

const space = "; free some space, or use folders on another disk", access = "; make its folder writable";

/** Remedies for errors of the operating system, wherever they occur. */
const refusals: Readonly<Record<string, string>> = {
  ENOSPC: space,
  EDQUOT: space,
  EACCES: access,
  EPERM: access,
  EROFS: access,
  EIO: "; the disk failed; check it or use folders on another",
  EMFILE: "; too many files are open; raise the limit, as in ulimit -n 4096",
  ENFILE: "; too many files are open on this machine; end other programs",
};

/**
 * Reports an error in one line; with `isVerbose`, its stack trace as well.
 *
 * @returns The exit code.
 */
export function report(error: unknown, terminal: Pick<Terminal, "endLine" | "write">, isVerbose: boolean): number {
  terminal.endLine();
  if (error instanceof StoppedError) {
    terminal.write(`${error.message}\n`);
    return error.exitCode;
  }
  if (error instanceof UsageError) {
    terminal.write(`error: ${visible(shortened(error.message))}\n`);
    return 2;
  }
  const isKnown = error instanceof RequestError || error instanceof RunError;
  const hint = isKnown ? "" : ownValue(refusals, systemCode(error) ?? "") ??
    "; this should not happen; run again with --verbose and report what it shows";
  const text = error instanceof Error ? error.message || error.name : String(error);
  terminal.write(`error: ${visible(shortened(text.replaceAll(/\s+/g, " ").trim()))}${hint}\n`);
  if (isVerbose && error instanceof Error) terminal.write(`${visible(Deno.inspect(error))}\n`);
  return isKnown ? error.exitCode : 1;
}
