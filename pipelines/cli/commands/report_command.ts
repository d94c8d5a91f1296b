/** `deno task report`. @module */
import { join, resolve } from "node:path";
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
    const folders = [folder, ...others.map(callerPath)].map((each) => resolve(each)), names = namesOf(folders);
    const runs = await Promise.all(folders.map((each, at) => resultsOf(each, names[at]!)));
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

/**
 * As many last parts of each folder's path as distinguish all of them, because members of equal names count as seeds of
 * one experiment.
 *
 * @throws {RequestError} If a folder is given twice.
 */
function namesOf(folders: readonly string[]): readonly string[] {
  const twice = folders.find((folder, at) => folders.indexOf(folder) !== at);
  if (twice !== undefined) throw new RequestError("is given twice; give each run once", { file: twice });
  for (let parts = 1;; parts++) {
    const names = folders.map((folder) => folder.split(/[/\\]/).slice(-parts).join("/"));
    if (new Set(names).size === folders.length) return names;
  }
}

async function resultsOf(folder: string, name: string): Promise<Named> {
  return { name, results: (await requireRun(folder)).results };
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
