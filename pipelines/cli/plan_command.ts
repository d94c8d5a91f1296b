/** `deno task plan`. @module */
import { givenByOptions } from "../recipes/given.ts";
import { planMembers } from "../schedule/plan.ts";
import { loadPipeline } from "./load_pipeline.ts";
import { openWorkshop, type RunOptions } from "./run_command.ts";
import { formatPlan } from "./plan_text.ts";
import { type Terminal, terminalProgress } from "./terminal.ts";

/** Prints what a run would do. */
export async function planCommand(path: string, options: RunOptions, terminal: Terminal): Promise<void> {
  const loaded = await loadPipeline(path, givenByOptions(options.set));
  await using workshop = openWorkshop(loaded, options, terminalProgress(terminal));
  const plan = await planMembers(workshop, loaded.pipeline.name, loaded.members);
  terminal.print(options.json ? JSON.stringify(plan, null, 2) : formatPlan(plan));
}
