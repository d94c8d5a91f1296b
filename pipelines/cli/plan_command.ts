/** `deno task plan`. @module */
import { planMembers } from "../schedule/plan.ts";
import { loadPipeline } from "./load_pipeline.ts";
import { openWorkshop, type RunOptions } from "./run_command.ts";
import { formatDot } from "./plan_dot.ts";
import { formatPlan } from "./plan_text.ts";
import { type Terminal, terminalProgress } from "./terminal.ts";

/** The options of a plan. */
export interface PlanOptions extends RunOptions {
  readonly dot?: boolean;
}

/** Prints what a run would do. */
export async function planCommand(path: string, options: PlanOptions, terminal: Terminal): Promise<void> {
  const loaded = await loadPipeline(path, options.set);
  await using workshop = openWorkshop(loaded, options, terminalProgress(terminal));
  const plan = await planMembers(workshop, loaded.pipeline.name, loaded.expansion);
  const text = options.json ? JSON.stringify(plan, null, 2) : options.dot ? formatDot(plan) : formatPlan(plan);
  terminal.print(text.trimEnd());
}
