/** Actions that pipeline files are not permitted. @module */
import type { Mistake } from "./scene.ts";

/** Actions that need a permission. */
export const permissions: readonly Mistake<string>[] = [
  [
    "the network",
    { pre: 'await fetch("https://example.com/rows.jsonl");' },
    "pipeline.ts:5:7: a pipeline has no net access to example.com:443; download the file before the run, or run it again with --allow-net=example.com:443",
  ],
  [
    "a program",
    { pre: 'new Deno.Command("ls").outputSync();' },
    "pipeline.ts:5:24: a pipeline has no run access to ls; run the program before the run, or run it again with --allow-run=ls",
  ],
  [
    "a file relative to the working directory",
    { pre: 'Deno.readTextFileSync("./rows.jsonl");' },
    'pipeline.ts:5:6: there is no "./rows.jsonl"; resolve paths that the file itself opens from import.meta.dirname, as in import.meta.dirname + "/rows.json"',
  ],
];
