/** The command line. The only file that knows the commander library. @module */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { DiskError, RequestError, RunError } from "../errors.ts";
import { planCommand } from "./plan_command.ts";
import { runCommand } from "./run_command.ts";

function parseSetting(text: string, sofar: ReadonlyMap<string, readonly string[]>): Map<string, readonly string[]> {
  const match = /^([^=]+)=(.+)$/.exec(text);
  if (match === null) throw new InvalidArgumentError("write axis=value or axis=value,value.");
  return new Map([...sofar, [match[1]!, match[2]!.split(",")]]);
}

function parseThreads(text: string): number {
  const threads = Number(text);
  if (!Number.isInteger(threads) || threads < 1 || threads > 1024) {
    throw new InvalidArgumentError("give a whole number from 1 on.");
  }
  return threads;
}

function command(name: string, summary: string): Command {
  return new Command(name).description(summary)
    .argument("<pipeline.ts>", "the pipeline file")
    .option("--set <axis=v[,v]>", "gives an axis other values; may be repeated", parseSetting, new Map())
    .option("--store <folder>", "the content-addressed store (default: .refract/store)")
    .option("--threads <n>", "threads for the operators", parseThreads, navigator.hardwareConcurrency)
    .addOption(
      new Option("--provider <name>", "where programs run").choices(["cpu", "webgpu", "cuda"]).default("cpu"),
    )
    .option("--json", "prints JSON on stdout and all else on stderr")
    .option("--verbose", "shows the stack of an error");
}

const refract = new Command("refract").description("Compiles and runs representation-finetuning pipelines.")
  .addCommand(
    command("run", "Runs a pipeline.")
      .option("--out <folder>", "the run's folder (default: runs/<pipeline>/<time>)")
      .action(runCommand),
  )
  .addCommand(
    command("plan", "Says what would run, what is cached and what it costs; runs nothing.").action(planCommand),
  );

for (const each of [refract, ...refract.commands]) {
  each.exitOverride().configureOutput({ outputError: () => {} }).showHelpAfterError(false);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0 || error.code === "commander.help") return 0;
    console.error(error.message.replaceAll("\n", " "));
    return 2;
  }
  if (Deno.args.includes("--verbose")) console.error(error);
  else console.error(error instanceof Error ? `error: ${error.message.replace(/\s*\n\s*/g, " ")}` : String(error));
  return error instanceof RequestError || error instanceof DiskError || error instanceof RunError ? error.exitCode : 1;
}

try {
  await refract.parseAsync(Deno.args, { from: "user" });
  Deno.exit(0);
} catch (error) {
  Deno.exit(report(error));
}
