/** `deno task plan`. @module */
import { planMembers } from "../schedule/plan/plan.ts";
import { loadRequest } from "./load_request.ts";
import { openRunContext, type RunControl, type RunOptions } from "./run_command.ts";
import { formatDot } from "./plan_dot.ts";
import { formatPlan } from "./plan_text.ts";
import { type Terminal, terminalProgress } from "./terminal.ts";

/** The options of a plan. */
export interface PlanOptions extends RunOptions {
  readonly dot?: boolean;
}

/** Prints what a run would do. */
export async function planCommand(
  path: string,
  options: PlanOptions,
  terminal: Terminal,
  { hub }: RunControl = {},
): Promise<void> {
  const request = await loadRequest(path, options);
  await using runContext = openRunContext(
    request,
    options,
    terminalProgress(terminal),
    hub === undefined ? {} : { hub },
  );
  const plan = await planMembers(runContext, request.pipeline.name, request.expansion);
  const text = options.json ? JSON.stringify(plan, null, 2) : options.dot ? formatDot(plan) : formatPlan(plan);
  terminal.print(text.trimEnd());
}
