/** `deno task report`. @module */
import { basename, join } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { requireRun } from "../../results/read_results.ts";
import type { Results } from "../../results/results.ts";
import { paperTables } from "../../report/paper_table.ts";
import { paperText } from "../../report/paper_text.ts";
import { reportFiles, writeReport } from "../../report/write_report.ts";
import { callerPath } from "../requests/caller_paths.ts";
import { command } from "../arguments/command.ts";
import { choice, optional, repeatable } from "../arguments/option.ts";

const noFolders: readonly string[] = [];

/** Writes a run's report again from its folder. */
export const reportCommand = command({
  name: "report",
  summary: "Writes a run's report again from its folder.",
  parameters: [{ name: "folder", help: "a run folder" }],
  options: {
    table: optional(
      choice("form", ["markdown", "latex"]),
      "prints its numbers on published tasks beside the paper's, and writes no report",
    ),
    with: repeatable(
      "folder",
      "another run folder, to include in the table",
      noFolders,
      (all, text) => {
        return [...all, text];
      },
    ),
  },
  examples: ["report runs/arc-easy/first", "report runs/loreft --with runs/lora --table markdown"],
  async run([path], { table, with: others }, { terminal }) {
    const folder = callerPath(path);
    if (table === undefined) {
      if (others.length > 0) throw new RequestError("--with is for a table; add --table markdown or latex");
      await writeReport(folder);
      return terminal.print(join(folder, reportFiles.page));
    }
    const runs = await Promise.all([folder, ...others.map(callerPath)].map(resultsOf));
    const tables = paperTables(runs.length === 1 ? runs[0]!.results : merged(runs));
    if (tables.length === 0) {
      throw new RequestError(
        "the run has no published tasks; evaluate some with task(…).evaluation or suite(…).evaluate",
        {
          file: folder,
        },
      );
    }
    terminal.print(paperText(tables, table));
  },
});

/** A run's results under the name of its folder. */
interface Named {
  readonly name: string;
  readonly results: Results;
}

async function resultsOf(folder: string): Promise<Named> {
  return { name: basename(folder), results: (await requireRun(folder)).results };
}

/**
 * The members of several runs, with their run's name before each id; for results over all seeds, the run's name alone.
 */
function merged(runs: readonly Named[]): Pick<Results, "members" | "summaries"> {
  const named = (run: string, id: string) => id === "main" ? run : `${run} ${id}`;
  return {
    members: runs.flatMap(({ name, results }) => {
      return results.members.map((member) => ({ ...member, id: named(name, member.id) }));
    }),
    summaries: runs.flatMap(({ name, results: { summaries = [] } }) => {
      return summaries.map((each) => {
        return { ...each, id: named(name, each.id), members: each.members.map((id) => named(name, id)) };
      });
    }),
  };
}
