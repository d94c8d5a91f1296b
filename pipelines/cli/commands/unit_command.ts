/** `deno task unit`. @module */
import { dirname, join } from "node:path";
import { RequestError, StoppedError } from "../../common/errors.ts";
import { isFolder, requireWritable, unwritable, writeAtomically } from "../../common/files.ts";
import { startRun } from "../../interface/start_run.ts";
import { overridesOfOptions } from "../../recipes/overrides.ts";
import { noteTo } from "../../schedule/context/work.ts";
import { performUnit } from "../../schedule/units/perform_unit.ts";
import type { Unit } from "../../schedule/units/unit.ts";
import { failureOf, isFinal, markFailed, type UnitFailure, unmarkFailed } from "../../workflow/failed_units.ts";
import { requireSameVersions } from "../../workflow/machine.ts";
import { readWorkPlan, unitOf, type WorkPlan } from "../../workflow/work_plan.ts";
import { command, type CommandContext } from "../arguments/command.ts";
import { anyText, flag, integer, optional, type OptionValues, text, withDefault } from "../arguments/option.ts";
import { callerPath, isAddress } from "../requests/caller_paths.ts";
import { declarationDigest } from "../requests/declaration_digest.ts";
import { loadRequest } from "../requests/load_request.ts";
import { openRunContext } from "../requests/open_run_context.ts";
import { terminalEvents } from "../terminal/event_lines.ts";

const declared = {
  store: optional(text("folder or URL"), "the store, if this machine sees it elsewhere (default: the plan's)"),
  wait: flag("waits until the units that it needs are done, or one of them has failed for good"),
  execution: withDefault(anyText("name"), "the engine's name for this execution of the workflow", ""),
  failures: withDefault(integer("n", 0), "how often it has failed in this execution", 0),
  retries: withDefault(integer("n", 0), "how often the engine retries it", 0),
};

/** Runs one unit of a workflow, unless the store has its result. */
export const unitCommand = command({
  name: "unit",
  summary: "Runs one unit of a workflow; an engine calls it, possibly more than once.",
  parameters: [
    { name: "plan.json", help: "the workflow's plan" },
    { name: "id", help: "the unit's id, or its number from 0" },
  ],
  options: declared,
  examples: ["unit shared/ranks/plan.json train-1"],
  run: ([path, id], options, context) => unit(callerPath(path), id, options, context),
});

async function unit(
  path: string,
  id: string,
  options: OptionValues<typeof declared>,
  context: CommandContext,
): Promise<void> {
  const note = noteTo(terminalEvents(context.terminal));
  const plan = await readWorkPlan(path, (made) => requireSameVersions(made, note));
  const folder = (await isFolder(path)) ? path : dirname(path), unit = unitOf(plan, id);
  await unmarkFailed(folder, unit.id).catch((fault: unknown) => {
    throw unwritable(folder, fault);
  });
  try {
    await perform(plan, folder, unit, options, context);
  } catch (error) {
    if (isFinal(error, options.failures, options.retries)) {
      const failure = error instanceof NeedFailed ? error.failure : { unit: unit.id, reason: reasonOf(error) };
      // The unit's own error is what matters, as when the disk is full.
      await markFailed(folder, unit.id, options.execution, failure).catch(() => {});
    }
    throw error;
  }
}

/** A unit that could not run because another one failed. */
class NeedFailed extends RequestError {
  constructor(id: string, readonly failure: UnitFailure) {
    super(`${id} cannot run, because ${failure.unit} failed (${failure.reason}); mend that and start the job again`);
  }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message || error.name : String(error)).replaceAll(/\s+/g, " ").trim();
}

async function perform(
  plan: WorkPlan,
  folder: string,
  unit: Unit,
  options: OptionValues<typeof declared>,
  { terminal, stops, ...control }: CommandContext,
): Promise<void> {
  const show = terminalEvents(terminal), note = noteTo(show), signal = stops?.();
  const store = options.store ?? plan.store;
  if (!isAddress(store) && !await isFolder(callerPath(store))) {
    throw new RequestError("this machine cannot see the plan's store; mount it, or give --store", {
      file: callerPath(store),
    });
  }
  const marks = join(folder, "done");
  await Deno.mkdir(marks, { recursive: true }).catch((fault: unknown) => {
    throw unwritable(marks, fault);
  });
  await requireWritable(marks);
  if (![plan.digest, undefined].includes(await declarationDigest(plan.file))) {
    note(`${plan.file} was changed after the plan was made; units that are done ran the earlier version`);
  }
  if (options.wait) await untilDone(folder, unit, options.execution, signal);
  const overrides = overridesOfOptions(new Map(Object.entries(plan.set)));
  const settings = { store, threads: plan.threads, provider: plan.provider, ...plan.budgets };
  const { kind } = unit;
  if (kind === "report") {
    const running = startRun(plan.file, overrides, { ...settings, out: join(folder, "run") }, { ...control, signal });
    for await (const event of running) show(event);
    await running.result;
  } else {
    const request = await loadRequest(plan.file, { ...settings, overrides });
    await using runContext = openRunContext(request, settings, show, { ...control, signal });
    await performUnit(runContext, { ...unit, kind }, request.expansion.members);
  }
  await writeAtomically(join(marks, unit.id), [new TextEncoder().encode(`${summary(plan, unit)}\n`)]);
  terminal.print(`${unit.id} is done`);
}

/** The content of the file that marks a unit as done. */
function summary({ pipeline }: WorkPlan, { kind, members }: Unit): string {
  return JSON.stringify({ pipeline, kind, members });
}

/** The interval at which other units are checked, in milliseconds. */
const interval = 2000;

/** @throws {NeedFailed} If a unit that it needs has failed for good. */
async function untilDone(
  folder: string,
  { id, needs }: Unit,
  execution: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let waiting = [...needs];;) {
    const states = await Promise.all(waiting.map((need) => isDone(folder, need)));
    waiting = waiting.filter((_, at) => !states[at]);
    if (waiting.length === 0) return;
    for (const need of waiting) {
      const failure = await failureOf(folder, need, execution);
      if (failure !== undefined) throw new NeedFailed(id, failure);
    }
    await new Promise((resolve) => setTimeout(resolve, interval));
    if (signal?.aborted) throw signal.reason instanceof StoppedError ? signal.reason : new StoppedError(143);
  }
}

function isDone(folder: string, id: string): Promise<boolean> {
  return Deno.stat(join(folder, "done", id)).then(() => true, () => false);
}
