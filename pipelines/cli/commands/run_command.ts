/** `deno task run`. @module */
import { join } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { type Difference, differences, type Recorded } from "../../recipes/recorded.ts";
import { formatManifest, type Manifest, manifestFile } from "../../report/manifest.ts";
import { record, setOf } from "../../report/record.ts";
import { LiveLog } from "../../report/live.ts";
import { RunFolder } from "../../report/run_folder.ts";
import { writeReport } from "../../report/write_report.ts";
import { runPipeline } from "../../schedule/run/run.ts";
import { noteTo } from "../../schedule/context/work.ts";
import type { Emit } from "../../results/events.ts";
import { callerFolder, callerPath } from "../requests/caller_paths.ts";
import { command, type CommandContext } from "../arguments/command.ts";
import { pipelineParameter, requestOptions } from "../arguments/common_options.ts";
import { loadRequest, type Request } from "../requests/load_request.ts";
import { openRunContext } from "../requests/open_run_context.ts";
import { flag, optional, type OptionValues, text } from "../arguments/option.ts";
import { summarize } from "./summary.ts";
import { terminalEvents } from "../terminal/event_lines.ts";

const declared = {
  ...requestOptions,
  out: optional(text("folder"), "the run's folder (default: runs/<pipeline>/<time>)"),
  allowChanges: flag("repeats a run from its manifest although what it reads has changed"),
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
    "run examples/rank-by-layer/pipeline.ts --set rank=1,8 --out runs/ranks",
  ],
  run: ([path], options, context) => run(path, options, context),
});

/** @throws {StoppedError} If it was stopped. */
async function run(
  path: string,
  options: RunOptions,
  { terminal, stops, checkpointInterval, hub }: CommandContext,
): Promise<void> {
  const start = performance.now(), signal = stops?.(), shown = terminalEvents(terminal);
  const request = await loadRequest(path, options);
  const control = {
    signal,
    ...checkpointInterval === undefined ? {} : { checkpointInterval },
    ...hub === undefined ? {} : { hub },
  };
  using folder = new RunFolder(runPath(request, options));
  const live = new LiveLog(folder.path, request.pipeline.name);
  const emit: Emit = (event) => {
    shown(event);
    live.take(event);
  };
  await using runContext = openRunContext(request, options, emit, control);
  let recorded: Recorded | undefined;
  const { results, members } = await runPipeline(
    runContext,
    request.pipeline.name,
    request.expansion,
    folder,
    {
      ready: async (all) => {
        recorded = await record(runContext, request, all, folder.path);
        compare(request, recorded, options, noteTo(emit));
      },
    },
  ).finally(() => live.close());
  if (recorded !== undefined) await folder.text(manifestFile, formatManifest(manifestOf(request, recorded)));
  await writeReport(folder.path);
  if (options.json) terminal.print(JSON.stringify(results, null, 2));
  else terminal.print(`${summarize(results, members, (performance.now() - start) / 1000)}results in ${folder.path}`);
}

function runPath({ pipeline, recipe }: Request, { out }: RunOptions): string {
  if (out !== undefined) return callerPath(out);
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, "-").slice(0, 23);
  return join(callerFolder(), "runs", recipe?.name ?? pipeline.name, stamp);
}

/**
 * Warns of what differs from what a manifest recorded.
 *
 * @throws {RequestError} If other results are to be expected, unless changes are allowed.
 */
function compare(request: Request, found: Recorded, options: RunOptions, note: (message: string) => void): void {
  const { recipe, provider, threads } = request;
  if (recipe?.recorded === undefined) return;
  const before = { ...recipe.recorded, provider: recipe.provider, threads: recipe.threads };
  const all: Difference[] = [
    ...[...options.set.keys()].map((name) => ({ says: `${name} is set by an option`, isInput: false })),
    ...differences(before, { ...found, provider, threads }, options.set.size > 0),
  ];
  for (const { says } of all) note(says);
  const changed = all.filter(({ isInput }) => isInput).length;
  if (changed === 0 || options.allowChanges) return;
  const what = changed === 1 ? "something has" : `${changed} things have`;
  throw new RequestError(`${what} changed since this was recorded; restore it, or run it with --allow-changes`, {
    file: recipe.file,
  });
}

function manifestOf(request: Request, recorded: Recorded): Manifest {
  const { file, declared, settings, data, bases, provider, threads, recipe } = request;
  const [base, ...others] = bases.values(), set = setOf(declared, settings);
  return {
    ...(recipe?.name === undefined ? {} : { name: recipe.name }),
    ...(recipe?.about === undefined ? {} : { about: recipe.about }),
    pipeline: file,
    ...(Object.keys(set).length === 0 ? {} : { set }),
    ...(data.size === 0 ? {} : { data: Object.fromEntries(data) }),
    ...(base === undefined ? {} : { base: others.length === 0 ? base : Object.fromEntries(bases) }),
    ...(recipe?.quantize === undefined ? {} : { quantize: recipe.quantize }),
    provider,
    threads,
    recorded,
  };
}
