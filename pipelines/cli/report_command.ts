/** `deno task report`. @module */
import { join } from "node:path";
import { reportFiles, writeReport } from "../report/write_report.ts";
import { callerPath } from "./load_pipeline.ts";
import type { Terminal } from "./terminal.ts";

/** Draws a run's report again from what is in its folder. */
export async function reportCommand(path: string, terminal: Terminal): Promise<void> {
  const folder = callerPath(path);
  await writeReport(folder);
  terminal.print(join(folder, reportFiles.page));
}
