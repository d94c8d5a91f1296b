/** Misspelt names, and methods that do not exist. @module */
import { editing, evaluating, type Mistake, training, viewing } from "./scene.ts";

/** Misspelt names, and methods that do not exist. */
export const names: readonly Mistake<string>[] = [
  [
    "an unknown setting of a metric",
    evaluating("metrics: [exactMatch({ ignoreCase: true })], decoding"),
    'pipeline.ts:14:59: exactMatch has no setting "ignoreCase"; use one of those it has: "name", "map", "extract"',
  ],
  [
    "a misspelt setting",
    editing("dropOut: 0.1"),
    'pipeline.ts:11:16: loreft has no setting "dropOut"; did you mean "dropout" (it has "at", "positions", "short", "tied", "dropout", "initial", "rank", "subspace", "activation")',
  ],
  [
    "a setting of peft",
    { edit: 'lora({ rank: 2, target_modules: ["q_proj"] })' },
    'pipeline.ts:11:16: lora has no setting "target_modules"; use one of those it has: "blocks", "stack", "modules", "positions", "initial", "rank", "alpha", "rankStabilized", "dropout"',
  ],
  [
    "a setting of transformers",
    training("batch_size: 8"),
    'pipeline.ts:13:17: train has no setting "batch_size"; did you mean "batchSize" (it has "model", "data", "epochs", "batchSize", "gradientAccumulation", "optimizer", "seed", "shuffle", "maxLength", "truncate", "maxGradNorm", "labelSmoothing", …)',
  ],
  [
    "a learning rate outside the optimizer",
    training("lr: 1e-3"),
    'pipeline.ts:13:17: train has no setting "lr"; use one of those it has: "model", "data", "epochs", "batchSize", "gradientAccumulation", "optimizer", "seed", "shuffle", "maxLength", "truncate", "maxGradNorm", "labelSmoothing", …',
  ],
  [
    "a misspelt option of tsv",
    { rows: 'tsv("./rows.jsonl", template, { headers: false })' },
    'pipeline.ts:8:16: tsv has no option "headers"; did you mean "header" (it has "header", "columns")',
  ],
  [
    "a third part of a split",
    viewing(".split({ test: 0.25, seed: 7, valid: 0.1 }).train"),
    'pipeline.ts:8:48: the first argument of rows.split has no setting "valid"; use one of those it has: "test", "seed", as in rows.split({ test: 0.25, seed: 7 })',
  ],
  [
    "a misspelt part of a template",
    { rows: 'jsonl("./rows.jsonl", { prompt: "{q}", completions: "{a}" })' },
    'pipeline.ts:8:16: template has no setting "completions"; did you mean "completion" (it has "prompt", "completion", "reads", "tokenization")',
  ],
  [
    "a misspelt function",
    { edit: 'R.loreeft({ at: block(1).output, positions: "l1", rank: 2 })' },
    'pipeline.ts:11:18: there is no loreeft; did you mean "loreft"',
  ],
  [
    "a misspelt function by itself",
    { edit: 'loreeft({ at: block(1).output, positions: "l1", rank: 2 })' },
    'pipeline.ts:11:16: loreeft is not defined; did you mean "loreft" from "refract"',
  ],
  [
    "a function that is not imported",
    { whole: 'export default pipeline("p", () => ({}));\n' },
    'pipeline.ts:1:1: pipeline is not imported; write import { pipeline } from "refract"',
  ],
  [
    "a misspelt import",
    { whole: 'import { pipelin } from "refract";\nexport default pipelin("p", () => ({}));\n' },
    'pipeline.ts:1:10: "refract" exports no pipelin; did you mean "pipeline"',
  ],
  [
    "a default import",
    { whole: 'import refract from "refract";\nexport default refract.pipeline("p", () => ({}));\n' },
    'pipeline.ts:1:8: "refract" has no default export; name what you need, as in import { pipeline, train } from "refract"',
  ],
  [
    "a misspelt package",
    { whole: 'import { pipeline } from "reefract";\nexport default pipeline("p", () => ({}));\n' },
    'pipeline.ts:1:26: there is no package "reefract"; did you mean "refract"',
  ],
  [
    "an unknown package",
    { whole: 'import { train } from "peft";\nexport default train;\n' },
    'pipeline.ts:1:23: the package "peft" is not known; write where it comes from, as in "npm:peft"',
  ],
  [
    "require",
    { whole: 'const { pipeline } = require("refract");\nexport default pipeline("p", () => ({}));\n' },
    'pipeline.ts:1:22: require is not defined; write import { … } from "…"',
  ],
  [
    "a misspelt view",
    viewing(".suffle(7)"),
    'pipeline.ts:8:38: a data set has no "suffle"; did you mean "shuffle" (it has "take", "skip", "slice", "split", "map", "filter", "unique", "shuffle", "sample", "concat")',
  ],
  [
    "forEach",
    viewing(".forEach((row) => row)"),
    'pipeline.ts:8:38: a data set has no "forEach"; use one of those it has: "take", "skip", "slice", "split", "map", "filter", "unique", "shuffle", "sample", "concat"',
  ],
  [
    "a view that is a separate function",
    viewing(".jsonl(7)"),
    'pipeline.ts:8:38: a data set has no "jsonl"; write jsonl("./rows.jsonl", { prompt: "{question}\\n", completion: "{answer}" })',
  ],
  [
    "length",
    { rows: 'jsonl("./rows.jsonl", template)', held: "rows.take(rows.length)" },
    'pipeline.ts:9:31: a data set has no "length"; use one of those it has: "take", "skip", "slice", "split", "map", "filter", "unique", "shuffle", "sample", "concat"',
  ],
  [
    "an unknown part of a split",
    viewing(".split({ test: 0.25, seed: 7 }).validation"),
    'pipeline.ts:8:76: a split has no "validation"; use one of those it has: "train", "test"',
  ],
  [
    "rows of a split",
    viewing(".split({ test: 0.25, seed: 7 })"),
    "pipeline.ts:13:17: data is an object, { train, test }; give rows, as in jsonl(…), csv(…), hub(…), records(…) or chat(…)",
  ],
  [
    "train as a method",
    { tuned: "base.with(edit).train({ data: rows })" },
    'pipeline.ts:13:27: a model has no "train"; write train(model, { data, epochs, batchSize, optimizer })',
  ],
  [
    "edit as a method",
    { tuned: "train(base.edit(edit), { data: rows, epochs: 1, batchSize: 4, optimizer })" },
    'pipeline.ts:13:28: a model has no "edit"; use one of those it has: "with"',
  ],
  [
    "a text for a model",
    { base: '"./model"' },
    "pipeline.ts:13:32: base has no method with; only a model has it, as baseModel(…) gives one",
  ],
  ["a model that is not called", {
    tuned: "train(baseModel.with(edit), { data: rows, epochs: 1, batchSize: 4, optimizer })",
  }, "pipeline.ts:13:37: baseModel must be called; write baseModel(…).with(…)"],
  [
    "a misspelt site",
    { edit: 'loreft({ at: block(1).attn.output, positions: "l1", rank: 2 })' },
    'pipeline.ts:11:35: a block has no "attn"; use one of those it has: "input", "attention", "mlp", "output"',
  ],
  [
    "a misspelt site's end",
    { edit: 'loreft({ at: block(1).mlp.out, positions: "l1", rank: 2 })' },
    'pipeline.ts:11:41: the MLP has no "out"; use one of those it has: "gateUp", "gate", "activation", "up", "output"',
  ],
  [
    "a setting that is not declared",
    { pre: "const set = settings({ epochs: 3 });", ...training("epochs: set.epoch") },
    'pipeline.ts:13:102: settings has no "epoch"; did you mean "epochs" (it has "epochs")',
  ],
];
