/**
 * The command line: what may be asked, and how an error is told. The only file that knows the commander library.
 *
 * @module
 */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { RequestError, RunError, StoppedError } from "../common/errors.ts";
import { isJsonObject } from "../common/files.ts";
import { parseSize } from "../store/size.ts";
import { activationsCommand, type ActivationsOptions } from "./activations_command.ts";
import { type CacheOptions, collectCache, listCache, verifyCache } from "./cache_command.ts";
import { chatCommand, type ChatOptions } from "./chat_command.ts";
import { exportCommand } from "./export_command.ts";
import { exportedTypes, type ExportOnnxOptions } from "./export_onnx.ts";
import { pullCommand, type PullOptions, pushCommand, type PushOptions } from "./hub_commands.ts";
import { importCommand, type ImportOptions } from "./interchange_commands.ts";
import { isThreadCount, providers, threadCounts } from "../recipes/recipe.ts";
import { reportCommand } from "./report_command.ts";
import { planCommand, type PlanOptions } from "./plan_command.ts";
import { runCommand, type RunControl, type RunOptions } from "./run_command.ts";
import type { Terminal } from "./terminal.ts";
import { watchCommand, type WatchOptions } from "./watch_command.ts";

/**
 * Does what a command line asks.
 *
 * @param args Without the program's own name.
 * @param terminal Gets results on one side, and progress, notes and errors on the other.
 * @param control How a run can be stopped, and how often it keeps unfinished work.
 * @returns The exit code: 0 done, 1 the run failed, 2 the request was wrong; 130 or 143 if it was stopped.
 */
export async function commandLine(
  args: readonly string[],
  terminal: Terminal,
  control: RunControl = {},
): Promise<number> {
  try {
    await program(terminal, control).parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    return report(error, terminal, args.includes("--verbose"));
  }
}

/**
 * Tells an error in one line; with `isVerbose` its stack as well.
 *
 * @returns The exit code.
 */
export function report(error: unknown, terminal: Terminal, isVerbose: boolean): number {
  terminal.endLine();
  if (error instanceof StoppedError) {
    terminal.write(`${error.message}\n`);
    return error.exitCode;
  }
  if (error instanceof CommanderError) {
    if (error.exitCode === 0 || error.code === "commander.help") return 0;
    terminal.write(`error: ${usageProblem(error)}\n`);
    return 2;
  }
  const isKnown = error instanceof RequestError || error instanceof RunError;
  const hint = isKnown ? "" : "; this should not happen, run again with --verbose and report what it shows";
  const text = error instanceof Error ? error.message || error.name : String(error);
  terminal.write(`error: ${text.replaceAll(/\s+/g, " ").trim()}${hint}\n`);
  if (isVerbose && error instanceof Error) terminal.write(`${Deno.inspect(error)}\n`);
  return isKnown ? error.exitCode : 1;
}

/** What to do about a misuse of the command line, by commander's code. */
const remedies: Readonly<Record<string, string>> = {
  "commander.unknownOption": "--help lists those there are",
  "commander.unknownCommand":
    "the commands are run, plan, report, watch, chat, activations, cache, import, export, push and pull",
  "commander.missingArgument": "give the path of what to work on",
  "commander.excessArguments": "give one path",
  "commander.missingMandatoryOptionValue": "add it",
  "commander.optionMissingArgument": "give it a value",
};

function usageProblem({ code, message }: CommanderError): string {
  const problem = message.replace(/^error: /, "").replace(
    " is invalid. Allowed choices are ",
    " is unknown; use one of ",
  )
    .replace(" is invalid. ", " is invalid; ")
    .replace(/\s*\n\(Did you mean (.*)\?\)/, "; did you mean $1?").replace(/\.$/, "");
  const remedy = problem.includes(";") ? undefined : remedies[code];
  return (remedy === undefined ? problem : `${problem}; ${remedy}`).replaceAll("\n", " ");
}

function program(terminal: Terminal, control: RunControl): Command {
  const refract = new Command("refract").description("Compiles and runs representation-finetuning pipelines.")
    .addCommand(
      command("run", "Runs a pipeline.")
        .option("--out <folder>", "the run's folder (default: runs/<pipeline>/<time>)")
        .option("--allow-changes", "repeats a run from its manifest although what it reads has changed")
        .action((path: string, options: RunOptions) => runCommand(path, options, terminal, control)),
    )
    .addCommand(
      command("plan", "Says what would run, what is cached and what it costs; runs nothing.")
        .option("--dot", "prints the programs as a graph for Graphviz")
        .action((path: string, options: PlanOptions) => planCommand(path, options, terminal, control)),
    );
  refract.command("chat").description("Answers each line that it reads with what a trained model writes.")
    .argument("<folder>", "a run's folder, a member's, or an intervention's")
    .option("--member <id>", "which member of the run, as in rank=1, or which of its trainings, as in rank=1/tuned")
    .option("--model <base>", "the base model, if it is elsewhere than the run says")
    .option("--plain", "asks each line by itself, without the model's chat template")
    .option("--chat-template <template>", "in place of the model's: a name that it has, a .jinja file or Jinja")
    .option("--system <text>", "the system message of the conversation")
    .option(
      "--template <text>",
      'what a plain prompt is made of (default: "{prompt}\\n"); \\n is a line\'s end',
      unescaped,
    )
    .option("--fields <json>", "what the template and the edits know of a row besides the prompt", parseFields, {})
    .option("--positions <positions>", "in place of those that the edits were trained with")
    .option("--max-new-tokens <n>", "where an answer ends at the latest", parseCount, 128)
    .option("--temperature <t>", "0 takes the likeliest token", parseNumber(0, Infinity), 0)
    .option("--top-p <p>", "draws from the likeliest tokens of this mass", parseNumber(0, 1), 1)
    .option("--seed <n>", "decides what is drawn", parseCount, 42)
    .option("--store <folder>", "the content-addressed store (default: .refract/store)")
    .option("--threads <n>", "threads for the operators", parseThreads, navigator.hardwareConcurrency)
    .addOption(providerOption().default("cpu"))
    .option("--verbose", "shows the stack of an error")
    .action((path: string, options: ChatOptions) => chatCommand(path, options, terminal));
  refract.command("activations").description("Writes what a model computes: hidden states, logits, any site.")
    .argument("<model>", "a Hugging Face id, a folder or builtin:NAME")
    .option("--input <file>", "safetensors with input_ids and attention_mask [batch, tokens]")
    .option("--text <text>", "in place of --input; may be repeated, a row each", appendText)
    .requiredOption("--out <file>", "the safetensors file to write")
    .option(
      "--sites <list>",
      "further sites, as in block.3.mlp.output,block.0.attention.query",
      (list) => list.split(",").map((site) => site.trim()),
    )
    .option("--no-logits", "leaves the logits out")
    .option("--store <folder>", "the content-addressed store (default: .refract/store)")
    .option("--threads <n>", "threads for the operators", parseThreads, navigator.hardwareConcurrency)
    .addOption(providerOption().default("cpu"))
    .option("--verbose", "shows the stack of an error")
    .action((model: string, options: ActivationsOptions) => activationsCommand(model, options, terminal));
  refract.command("report").description("Draws a run's report again from what is in its folder.")
    .argument("<folder>", "a run's folder")
    .option("--verbose", "shows the stack of an error")
    .action((path: string) => reportCommand(path, terminal));
  refract.command("watch").description("Serves a run's report to this machine alone, while the run goes on.")
    .argument("<folder>", "a run's folder, which need not be there yet")
    .option("--port <n>", "the port, 0 for any that is free", parsePort, 8787)
    .option("--verbose", "shows the stack of an error")
    .action((path: string, options: WatchOptions) => watchCommand(path, options, terminal, control.stops?.()));
  refract.command("import").description("Makes an intervention's folder of one that pyreft saved.")
    .argument("<pyreft folder>", "a folder that ReftModel.save wrote")
    .requiredOption("--model <base>", "the base model: a Hugging Face id, a folder, a .gguf file or builtin:NAME")
    .requiredOption("--out <folder>", "where to write intervention.json and weights.safetensors")
    .option("--positions <text>", "the tokens that are edited, as in f7+l7; pyreft's folder does not say")
    .option("--verbose", "shows the stack of an error")
    .action((path: string, options: ImportOptions) => importCommand(path, options, terminal));
  refract.command("export")
    .description("Makes a pyreft folder of a trained or imported intervention, or an ONNX model of it with its base.")
    .argument("<folder>", "a run's folder, a member's, or an intervention's; onnx: or a model's that was trained whole")
    .option("--member <id>", "which member of the run, as in rank=1, or which of its trainings, as in rank=1/tuned")
    .addOption(new Option("--to <format>", "for which library").choices(["pyreft", "onnx"]).makeOptionMandatory())
    .requiredOption("--out <folder>", "where to write it")
    .option("--model <base>", "onnx: the base model, if it is elsewhere than the run says")
    .option("--positions <positions>", "onnx: in place of those that the edits were trained with")
    .option("--fields <json>", "onnx: the fields that the edits' subspaces name, the same for all prompts", parseFields)
    .addOption(
      new Option("--dtype <type>", "onnx: what weights are stored in (default: as they are)").choices(exportedTypes),
    )
    .option("--verbose", "shows the stack of an error")
    .action((path: string, options: ExportOnnxOptions) => exportCommand(path, options, terminal));
  refract.command("push").description("Uploads an intervention to the Hugging Face hub, with a model card.")
    .argument("<folder>", "a run's folder, a member's, an intervention's, or one that was exported")
    .argument("<owner/name>", "the repository, which is made where it is absent")
    .option("--member <id>", "which member of the run, as in rank=1, or which of its trainings, as in rank=1/tuned")
    .option("--revision <branch>", "the branch, which is made where it is absent", "main")
    .option("--private", "makes a repository that nobody else sees")
    .option("--verbose", "shows the stack of an error")
    .action((path: string, id: string, options: PushOptions) => pushCommand(path, id, options, terminal, control));
  refract.command("pull").description("Downloads an intervention from the Hugging Face hub.")
    .argument("<owner/name>", "the repository")
    .option("--revision <revision>", "a branch, tag or commit", "main")
    .requiredOption("--out <folder>", "where to write its files")
    .option("--verbose", "shows the stack of an error")
    .action((id: string, options: PullOptions) => pullCommand(id, options, terminal, control));
  const cache = cacheCommands(terminal);
  refract.addCommand(cache);
  for (const each of [refract, ...refract.commands, ...cache.commands]) {
    each.exitOverride().showHelpAfterError(false).configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.write(text),
      outputError: () => {},
    });
  }
  return refract;
}

function cacheCommands(terminal: Terminal): Command {
  const cache = new Command("cache").description("Looks after the content-addressed store.");
  const add = (name: string, summary: string) =>
    cache.command(name).description(summary)
      .option("--store <folder>", "the content-addressed store (default: .refract/store)")
      .option("--verbose", "shows the stack of an error");
  add("ls", "Lists what the store holds, by kind.")
    .option("--json", "prints every entry, as JSON")
    .action((options: CacheOptions) => listCache(options, terminal));
  add("gc", "Evicts down to what the store may hold.")
    .addOption(diskOption())
    .option("--all", "removes every entry")
    .action((options: CacheOptions) => collectCache(options, terminal));
  add("verify", "Checks every entry and drops those that are damaged.")
    .action((options: CacheOptions) => verifyCache(options, terminal));
  return cache;
}

function diskOption(): Option {
  return new Option("--cache-disk <size>", "what the store may hold (default: 50GB, or half of the free space)")
    .argParser(parseSizeOption);
}

function command(name: string, summary: string): Command {
  return new Command(name).description(summary)
    .argument("<pipeline.ts or recipe.yaml>", "the pipeline file, or a recipe that names it")
    .option("--set <name=v[,v]>", "sets a setting, or the values of an axis; may be repeated", parseSetting, new Map())
    .option("--store <folder>", "the content-addressed store (default: .refract/store)")
    .option("--threads <n>", "threads for the operators (default: the recipe's, or all)", parseThreads)
    .addOption(providerOption())
    .addOption(diskOption())
    .addOption(
      new Option("--cache-memory <size>", "what a training may keep of its rows (default: as the store, 50GB)")
        .argParser(parseSizeOption),
    )
    .addOption(
      new Option("--activation-memory <size>", "what a training's longest row may take to run (default: 2GB)")
        .argParser(parseSizeOption),
    )
    .option("--json", "prints JSON on stdout and all else on stderr")
    .option("--verbose", "shows the stack of an error");
}

function providerOption(): Option {
  return new Option("--provider <name>", "where programs run (cpu if nothing says otherwise)").choices(providers);
}

function appendText(text: string, sofar: readonly string[] = []): readonly string[] {
  return [...sofar, text];
}

function unescaped(text: string): string {
  if (!text.includes("{prompt}")) throw new InvalidArgumentError("write {prompt} where the prompt belongs");
  return text.replaceAll("\\n", "\n");
}

function parseFields(text: string): Readonly<Record<string, unknown>> {
  try {
    const fields: unknown = JSON.parse(text);
    if (isJsonObject(fields)) return fields;
  } catch {
    // Told below, as what is JSON but no object.
  }
  throw new InvalidArgumentError('give a JSON object, as in \'{"language": "fr"}\'');
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError("give a whole number from 1 on");
  return count;
}

function parseNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (text.trim() !== "" && Number.isFinite(number) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`give a number from ${least}${most === Infinity ? " on" : ` to ${most}`}`);
  };
}

function parseSetting(text: string, sofar: ReadonlyMap<string, readonly string[]>): Map<string, readonly string[]> {
  const at = text.indexOf("=");
  const name = text.slice(0, at), values = text.slice(at + 1);
  if (at < 1 || values === "") throw new InvalidArgumentError("write axis=value or axis=value,value, or setting=value");
  if (sofar.has(name)) throw new InvalidArgumentError(`${name} was set before, write all its values in one --set`);
  return new Map([...sofar, [name, values.split(",")]]);
}

function parseSizeOption(text: string): number {
  const bytes = parseSize(text);
  if (bytes === undefined) throw new InvalidArgumentError("write a size as in 500MB, 1.5GiB, 0 or unlimited");
  return bytes;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (text.trim() === "" || !Number.isInteger(port) || port < 0 || port > 65535) {
    throw new InvalidArgumentError("give a whole number from 0 to 65535");
  }
  return port;
}

function parseThreads(text: string): number {
  const threads = Number(text);
  if (!isThreadCount(threads)) throw new InvalidArgumentError(`give ${threadCounts}`);
  return threads;
}
