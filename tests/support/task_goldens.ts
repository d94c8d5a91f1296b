/** The libraries' results for the cases in ../shared/tasks. @module */
import { join } from "node:path";
import { sharedFolder } from "./shared.ts";

/** The folder of the evaluation suites' data and goldens; `undefined` where it is absent. */
export const taskFolder = ((shared) => shared && join(shared, "tasks"))(sharedFolder());

/** A golden by its name. */
export async function readGolden<T>(name: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(join(taskFolder!, "goldens", `${name}.json`)));
}

/** Rows of a data file. */
export async function readRows<T>(name: string): Promise<T[]> {
  const text = await Deno.readTextFile(join(taskFolder!, "data", `${name}.jsonl`));
  // A text may contain U+2028, which does not end a line of JSON Lines.
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}
