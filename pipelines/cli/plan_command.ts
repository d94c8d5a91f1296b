/** `deno task plan`. @module */
import { planMembers } from "../schedule/plan.ts";
import { loadRequest } from "./load_request.ts";
import { openWorkshop, type RunOptions } from "./run_command.ts";
import { formatPlan } from "./plan_text.ts";
import { type Terminal, terminalProgress } from "./terminal.ts";

/** Prints what a run would do. */
export async function planCommand(path: string, options: RunOptions, terminal: Terminal): Promise<void> {
  const request = await loadRequest(path, options);
  await using workshop = openWorkshop(request, options, terminalProgress(terminal));
  const plan = await planMembers(workshop, request.pipeline.name, request.members);
  terminal.print(options.json ? JSON.stringify(plan, null, 2) : formatPlan(plan));
}
