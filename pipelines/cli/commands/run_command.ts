/** `deno task run`. @module */
import { join } from "node:path";
import { startRun } from "../../interface/start_run.ts";
import { overridesOfOptions } from "../../recipes/overrides.ts";
import type { MemberOutline } from "../../results/events.ts";
import { resultsFile } from "../../results/read_results.ts";
import { command, type CommandContext } from "../arguments/command.ts";
import { pipelineParameter, requestOptions } from "../arguments/common_options.ts";
import { flag, optional, type OptionValues, text } from "../arguments/option.ts";
import { terminalEvents } from "../terminal/event_lines.ts";
import { summarize } from "./summary.ts";

const declared = {
  ...requestOptions,
  out: optional(text("folder"), "the run folder (default: runs/<pipeline>/<time>)"),
  log: optional(text("file"), "appends every event of the run to this file, as a line of JSON"),
  mlflow: optional(text("url"), "an MLflow server to log parameters, losses and metrics to"),
  mlflowExperiment: optional(text("name"), "the experiment there (default: the pipeline's name)"),
  devices: optional(text("list"), "spreads members and encodings over workers or GPUs, as in cpu:2x1 or cuda:0,1"),
  allowChanges: flag("repeats a run from its manifest even if its inputs have changed"),
};

type RunOptions = OptionValues<typeof declared>;

/** Runs a pipeline or recipe, writes its run folder and prints the summary, or results.json with `json`. */
export const runCommand = command({
  name: "run",
  summary: "Runs a pipeline.",
  parameters: [pipelineParameter],
  options: declared,
  examples: [
    "run examples/quickstart/pipeline.ts",
    "run examples/rank-by-layer/pipeline.ts --set rank=1,8 --out runs/ranks --log ranks.jsonl",
  ],
  run: ([path], options, context) => run(path, options, context),
});

/** @throws {StoppedError} If it was stopped. */
async function run(path: string, options: RunOptions, { terminal, stops, ...control }: CommandContext): Promise<void> {
  const start = performance.now(), show = terminalEvents(terminal), members: MemberOutline[] = [];
  const { set, json, ...others } = options;
  const running = startRun(path, overridesOfOptions(set), others, { ...control, signal: stops?.() });
  let store = "";
  for await (const event of running) {
    show(event);
    if (event.kind === "runDone" && event.madeStore !== undefined) {
      store = `\nwhat runs compute once is kept in ${event.madeStore}`;
    }
    if (event.kind === "membersReady") members.push(...event.members);
  }
  const { folder, results } = await running.result, seconds = (performance.now() - start) / 1000;
  if (json) terminal.print((await Deno.readTextFile(join(folder, resultsFile))).trimEnd());
  else terminal.print(`${summarize(results, members, seconds, terminal.printColumns?.())}results in ${folder}${store}`);
}
