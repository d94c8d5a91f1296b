/** `deno task rows`, also `deno task data`. @module */
import { inspectRows } from "../../schedule/inspect/inspect_rows.ts";
import { command } from "../arguments/command.ts";
import { pipelineParameter, requestOptions } from "../arguments/common_options.ts";
import { flag, integer, withDefault } from "../arguments/option.ts";
import { overridesOfOptions } from "../../recipes/overrides.ts";
import { loadRequest } from "../requests/load_request.ts";
import { openRunContext } from "../requests/open_run_context.ts";
import { terminalEvents } from "../terminal/event_lines.ts";
import { formatRows } from "./rows_text.ts";

const { set, store, json } = requestOptions;

/** The two names of the command. */
const named = (name: "rows" | "data", summary: string) =>
  command({
    name,
    summary,
    parameters: [pipelineParameter],
    options: {
      rows: withDefault(integer("n", 0), "how many rows of each data set are shown", 3),
      ids: flag("lists each token with its id and piece"),
      set,
      store,
      json,
    },
    examples: [`${name} examples/quickstart/pipeline.ts`, `${name} examples/quickstart/pipeline.ts --rows 1 --ids`],
    async run([path], { rows, ids, ...options }, { terminal, stops, hub }) {
      const request = await loadRequest(path, { overrides: overridesOfOptions(options.set) });
      const signal = stops?.(), control = { signal, ...hub === undefined ? {} : { hub } };
      await using runContext = openRunContext(request, options, terminalEvents(terminal), control);
      const inspection = await inspectRows(runContext, request.expansion.members, rows);
      const style = { isColored: terminal.isColored, hasIds: ids };
      terminal.print(options.json ? JSON.stringify(inspection, null, 2) : formatRows(inspection, style).trimEnd());
    },
  });

/** Shows rows as the model reads them. */
export const rowsCommand = named(
  "rows",
  "Shows the first rows as the model reads them, and statistics of all rows.",
);

/** The same under another name. */
export const dataCommand = named("data", "The same as rows.");
