/** `deno task report`. @module */
import { join } from "node:path";
import { reportFiles, writeReport } from "../../report/write_report.ts";
import { callerPath } from "../requests/caller_paths.ts";
import { command } from "../arguments/command.ts";

/** Draws a run's report again from what is in its folder. */
export const reportCommand = command({
  name: "report",
  summary: "Draws a run's report again from what is in its folder.",
  parameters: [{ name: "folder", help: "a run's folder" }],
  options: {},
  examples: ["report runs/arc-easy/first"],
  async run([path], _, { terminal }) {
    const folder = callerPath(path);
    await writeReport(folder);
    terminal.print(join(folder, reportFiles.page));
  },
});
