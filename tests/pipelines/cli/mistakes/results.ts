/** Builders that return no stages by name. @module */
import type { Mistake } from "./scene.ts";

/** Builders that return no stages by name. */
export const results: readonly Mistake<string>[] = [
  [
    "a list",
    { result: "[tuned]" },
    "pipeline.ts:6:16: the pipeline returns a list; return stages by name, as in { score: evaluate(…) }",
  ],
  [
    "one stage",
    { result: "tuned" },
    "pipeline.ts:6:16: the pipeline returns one stage without a name; return stages by name, as in { score: evaluate(…) }",
  ],
  [
    "nothing",
    { result: "undefined" },
    "pipeline.ts:6:16: the pipeline returns nothing; return stages by name, as in { score: evaluate(…) }",
  ],
  [
    "an empty record",
    { result: "{}" },
    "pipeline.ts:6:16: the pipeline returns no stages; return stages by name, as in { score: evaluate(…) }",
  ],
  [
    "a model",
    { result: "base" },
    "pipeline.ts:6:16: the pipeline returns a declaration of the kind model; return stages by name, as in { score: evaluate(…) }",
  ],
  [
    "a model by name",
    { result: "{ a: base }" },
    "pipeline.ts:6:16: the result a is not a stage but a declaration of the kind model; return what train or evaluate returned, each under its own name",
  ],
  [
    "a list by name",
    { result: "{ a: [tuned] }" },
    "pipeline.ts:6:16: the result a is not a stage but a list; return what train or evaluate returned, each under its own name",
  ],
  [
    "a record by name",
    { result: "{ a: { b: tuned } }" },
    "pipeline.ts:6:16: the result a is not a stage but an object; return what train or evaluate returned, each under its own name",
  ],
  [
    "a promise by name",
    { result: "{ a: Promise.resolve(tuned) }" },
    "pipeline.ts:6:16: the result a is not a stage but a promise, which async functions return; omit async and await, because nothing is read yet",
  ],
  [
    "undefined by name",
    { result: "{ a: undefined }" },
    "pipeline.ts:6:16: the result a is not a stage but nothing; return what train or evaluate returned, each under its own name",
  ],
  [
    "an async builder",
    { whole: 'import { pipeline } from "refract";\nexport default pipeline("p", async () => ({}));\n' },
    "pipeline.ts:2:16: the pipeline returns a promise, which async functions return; omit async and await, because nothing is read yet",
  ],
  [
    "await in a builder",
    { rows: 'await jsonl("./rows.jsonl", template)' },
    "pipeline.ts:8:16: await is in a function that is not async; omit it where data and models are only declared",
  ],
  ["a repeated name", {
    result:
      "{ a: evaluate(base, { data: held, metrics: [loss()] }), a: evaluate(tuned, { data: held, metrics: [loss()] }) }",
  }, "pipeline.ts:14:15: two results are named a, and only the last would run; give each its own name"],
  [
    "a name that is not a file name",
    { result: '{ "a/b": tuned }' },
    'pipeline.ts:6:16: the result name "a/b" is not a file name; use letters, digits, -, . and _',
  ],
  ["a pipeline that is not the default", {
    whole: 'import { pipeline } from "refract";\nexport const p = pipeline("p", () => ({}));\n',
  }, "pipeline.ts: has no pipeline as its default export; write export default pipeline(name, build)"],
];
