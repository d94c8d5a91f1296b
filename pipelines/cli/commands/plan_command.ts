/** `deno task plan`. @module */
import { planMembers } from "../../schedule/plan/plan_members.ts";
import { command } from "../arguments/command.ts";
import { pipelineParameter, requestOptions } from "../arguments/common_options.ts";
import { overridesOfOptions } from "../../recipes/overrides.ts";
import { loadRequest } from "../requests/load_request.ts";
import { openRunContext } from "../requests/open_run_context.ts";
import { parseFleet } from "../../schedule/plan/fleet.ts";
import { flag, optional, text } from "../arguments/option.ts";
import { formatDot } from "./plan_dot.ts";
import { formatPlan } from "./plan_text.ts";
import { terminalEvents } from "../terminal/event_lines.ts";

/** Prints what a run would do. */
export const planCommand = command({
  name: "plan",
  summary: "Shows what would run, what is cached and what it costs; runs nothing.",
  parameters: [pipelineParameter],
  options: {
    ...requestOptions,
    devices: optional(
      text("list"),
      "simulates the run on many devices, as in 64xH100, or 64xhere with rates measured here",
    ),
    explain: flag("explains the plan's terms"),
    dot: flag("prints the programs as a graph for Graphviz"),
  },
  examples: ["plan examples/rank-by-layer/pipeline.ts --set rank=1,8"],
  async run([path], options, { terminal, hub }) {
    const { devices, ...others } = options, fleet = devices === undefined ? undefined : parseFleet(devices);
    const request = await loadRequest(path, { ...others, overrides: overridesOfOptions(options.set) });
    await using runContext = openRunContext(
      request,
      options,
      terminalEvents(terminal),
      hub === undefined ? {} : { hub },
    );
    const plan = await planMembers(runContext, request.pipeline.name, request.expansion, fleet);
    const shown = options.json
      ? JSON.stringify(plan, null, 2)
      : options.dot
      ? formatDot(plan)
      : formatPlan(plan, options.explain);
    terminal.print(shown.trimEnd());
  },
});
