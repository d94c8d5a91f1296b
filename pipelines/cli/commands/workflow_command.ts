/** `deno task workflow`. @module */
import { isAbsolute, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { RequestError } from "../../common/errors.ts";
import { unwritable } from "../../common/files.ts";
import { quote } from "../../common/suggest.ts";
import { processorName } from "../../doctor/machine.ts";
import { overridesOfOptions } from "../../recipes/overrides.ts";
import { noteTo } from "../../schedule/context/work.ts";
import { planUnits } from "../../schedule/units/plan_units.ts";
import type { Unit } from "../../schedule/units/unit.ts";
import type { WorkflowEngine, WorkflowSettings } from "../../workflow/engine.ts";
import { type EngineName, workflowEngines } from "../../workflow/engines.ts";
import { ownVersions } from "../../workflow/machine.ts";
import { planFile, type WorkPlan, workPlanText } from "../../workflow/work_plan.ts";
import { command, type CommandContext } from "../arguments/command.ts";
import { pipelineParameter, requestOptions } from "../arguments/common_options.ts";
import {
  choice,
  integer,
  number,
  optional,
  type OptionValues,
  required,
  text,
  withDefault,
} from "../arguments/option.ts";
import { launchFlags } from "../launch/launch.ts";
import { callerPath, isAddress, storeFolder } from "../requests/caller_paths.ts";
import { declarationDigest } from "../requests/declaration_digest.ts";
import { loadRequest } from "../requests/load_request.ts";
import { openRunContext } from "../requests/open_run_context.ts";
import { writeNewFolder } from "../requests/output_folder.ts";
import { formatSeconds } from "../terminal/terminal.ts";
import { terminalEvents } from "../terminal/event_lines.ts";

const { json: _, ...request } = requestOptions;

const declared = {
  to: required(choice("engine", Object.keys(workflowEngines) as EngineName[]), "what starts the units"),
  out: required(text("folder"), "for the workflow, its logs and finally the run; all machines must see it"),
  ...request,
  maxParallel: optional(integer("n", 1), "how many units run at once (default: the engine decides)"),
  shardSeconds: withDefault(
    number("seconds", 0),
    "how long an encoding may take before its rows are shared between units",
    600,
  ),
  retries: withDefault(integer("n", 0, 100), "how often a failed unit is retried", 2),
  margin: withDefault(number("factor", 1, 100), "by what factor a unit may exceed its predicted time and memory", 2),
  command: optional(text("words"), "the command that runs a unit (default: this copy of Refract)"),
  image: optional(text("name"), "the container image with Refract, on Kubernetes"),
  volume: optional(text("claim"), "the volume claim that holds --out and --store, on Kubernetes"),
};

/** Writes what an engine needs to run a pipeline on many machines. */
export const workflowCommand = command({
  name: "workflow",
  summary: "Splits a run into units of work for a cluster: Snakemake, Slurm or Kubernetes.",
  parameters: [pipelineParameter],
  options: declared,
  examples: [
    "workflow examples/rank-by-layer/pipeline.ts --to snakemake --out shared/ranks --store shared/store --threads 4",
    "workflow examples/rank-by-layer/pipeline.ts --to slurm --out shared/ranks --max-parallel 8",
  ],
  run: ([path], options, context) => workflow(path, options, context),
});

/** The maximum number of units that share an encoding if the number of parallel units is not given. */
const usualShards = 64;

async function workflow(
  path: string,
  options: OptionValues<typeof declared>,
  { terminal, hub }: CommandContext,
): Promise<void> {
  const { to, out, set, margin, cacheDisk, cacheMemory, activationMemory, memory } = options;
  const request = await loadRequest(path, { ...options, overrides: overridesOfOptions(set) });
  const file = callerPath(path),
    folder = callerPath(out),
    store = storeFolder(options.store, request.base),
    { pipeline, expansion } = request;
  const show = terminalEvents(terminal);
  await using runContext = openRunContext(request, options, show, hub === undefined ? {} : { hub });
  const units = await planUnits(runContext, expansion, {
      secondsOfShard: options.shardSeconds,
      mostShards: options.maxParallel ?? usualShards,
    }),
    { threads, provider } = request;
  const plan: WorkPlan = {
    pipeline: pipeline.name,
    file,
    digest: (await declarationDigest(file))!,
    set: Object.fromEntries(set),
    store,
    threads,
    provider,
    budgets: {
      ...cacheDisk === undefined ? {} : { cacheDisk },
      ...cacheMemory === undefined ? {} : { cacheMemory },
      ...activationMemory === undefined ? {} : { activationMemory },
      ...memory === undefined ? {} : { memory },
    },
    versions: ownVersions(),
    processor: processorName(),
    margin,
    units,
  };
  const engine: WorkflowEngine = workflowEngines[to];
  // Machines that share a cache need not share the store's folder.
  const cache = options.store !== undefined && isAddress(options.store) ? options.store : undefined;
  const settings: WorkflowSettings = {
    command: [
      ...options.command === undefined ? ownCommand() : wordsOf(options.command),
      ...cache === undefined ? [] : [`--store=${cache}`],
    ],
    isOwnCommand: options.command === undefined,
    maxParallel: options.maxParallel,
    retries: options.retries,
    folder,
    seen: cache === undefined ? [folder, store] : [folder],
    image: options.image,
    volume: options.volume,
  };
  const files = engine.files(plan, settings);
  await writeNewFolder(folder, async (temporary) => {
    const all = { ...files, [planFile]: workPlanText(plan) };
    for (const [name, content] of Object.entries(all)) {
      const place = join(temporary, name);
      await Deno.mkdir(join(place, ".."), { recursive: true });
      await Deno.writeTextFile(place, content);
    }
    for (const name of ["done", "logs"]) await Deno.mkdir(join(temporary, name));
    // Units check for the store, so that one that sees a different disk does not work in vain.
    const inside = relative(folder, store), place = isOutside(inside) ? store : join(temporary, inside);
    await Deno.mkdir(place, { recursive: true }).catch((fault: unknown) => {
      throw unwritable(store, fault);
    });
  });
  for (const caution of engine.cautions?.(plan, settings) ?? []) noteTo(show)(caution);
  if (expansion.goesOn) {
    terminal.write(
      "stages that continue with the best members are known only then: the report unit runs them, in one process\n",
    );
  }
  terminal.print(`${unitsText(units)} in ${folder}\nneeds ${engine.needs}\nstart them with: ${engine.start(folder)}`);
}

/** Whether a path relative to a folder leads out of it. */
function isOutside(path: string): boolean {
  return isAbsolute(path) || path.split(/[\\/]/)[0] === "..";
}

/** How to call this copy of Refract. */
function ownCommand(): readonly string[] {
  const main = new URL("../refract.ts", import.meta.url);
  const place = main.protocol === "file:" ? fileURLToPath(main) : main.href;
  return [Deno.execPath(), "run", ...launchFlags, place, "unit"];
}

/** A command as it was written, without the verb that comes last. */
function wordsOf(text: string): readonly string[] {
  const words = text.split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) {
    throw new RequestError("--command is empty; write the command that precedes unit, as in refract");
  }
  const special = words.find((word) => /["'`$~*?<>|&;\\(){}]/.test(word));
  if (special !== undefined) {
    throw new RequestError(
      `--command has ${quote(special)}, which no shell interprets; write words without quotes or variables, or the ` +
        "path of a script",
    );
  }
  return [...words, "unit"];
}

/** How many units there are, and how long they take in total. */
function unitsText(units: readonly Unit[]): string {
  const kinds = Map.groupBy(units, ({ kind }) => kind), seconds = units.reduce((sum, unit) => sum + unit.seconds, 0);
  const counts = [...kinds].map(([kind, { length }]) => `${length} ${kind}`);
  return `${units.length} units (${counts.join(", ")}), ${formatSeconds(seconds)} of work in total as predicted,`;
}
