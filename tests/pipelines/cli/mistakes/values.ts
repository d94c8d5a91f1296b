/** Values that a setting does not allow. @module */
import { type Mistake, optimizing, training, viewing } from "./scene.ts";

/** Invalid values of settings. */
export const values: readonly Mistake<string>[] = [
  [
    "a number as a text",
    training('epochs: "3"'),
    'pipeline.ts:13:17: epochs is "3"; give a whole number of at least 1',
  ],
  ["half an epoch", training("epochs: 1.5"), "pipeline.ts:13:17: epochs is 1.5; give a whole number of at least 1"],
  ["a negative number", training("epochs: -1"), "pipeline.ts:13:17: epochs is -1; give a whole number of at least 1"],
  ["NaN", training("batchSize: NaN"), "pipeline.ts:13:17: batchSize is NaN; give a whole number of at least 1"],
  ["null", training("epochs: null"), "pipeline.ts:13:17: epochs is null; give a whole number of at least 1"],
  [
    "a list for a number",
    training("epochs: [1, 2]"),
    'pipeline.ts:13:17: epochs is a list; give a whole number of at least 1, or all of these with sweep("epochs", [1, 2])',
  ],
  [
    "the best without a validation",
    training('keep: "best"'),
    "pipeline.ts:13:17: the training loreft should keep its best parameters but has no validation to compare them by; add validate: { data, metrics } to it",
  ],
  [
    "patience without a validation",
    training("patience: 2"),
    "pipeline.ts:13:17: the training loreft has patience but no validation; add validate: { data, metrics } to it",
  ],
  [
    "no patience",
    training("validate: { data: held, metrics: [loss()] }, patience: 0"),
    "pipeline.ts:13:17: patience is 0; give a whole number of at least 1",
  ],
  [
    "a validation every half an epoch",
    training("validate: { data: held, metrics: [loss()], every: 0.5 }"),
    'pipeline.ts:13:17: every is 0.5; give "epoch" or a whole number of steps, 1 or more',
  ],
  [
    "a validation that measures nothing",
    training("validate: { data: held, metrics: [] }"),
    "pipeline.ts:13:17: metrics is empty; give a list of metrics, as in [exactMatch()]",
  ],
  [
    "a best by a metric that is not measured",
    training("validate: { data: held, metrics: [loss()], best: exactMatch() }"),
    "pipeline.ts:13:17: the validation of loreft is compared by exactMatch, which it does not measure; add exactMatch() to its metrics",
  ],
  [
    "an epoch past the last",
    training("checkpoints: [1, 3]"),
    "pipeline.ts:13:17: the training loreft should keep epoch 3, but it has 1; correct its checkpoints",
  ],
  [
    "an epoch that maxSteps does not reach",
    training("epochs: 3, maxSteps: 5, checkpoints: [1, 3]"),
    "pipeline.ts:13:17: the training loreft should keep epoch 3, but maxSteps, 5, ends it in epoch 3; correct its checkpoints",
  ],
  [
    "an epoch that is not kept",
    {
      ...training("epochs: 3, checkpoints: [3]"),
      result: "{ score: evaluate(tuned.at(2), { data: held, metrics: [loss()] }) }",
    },
    "pipeline.ts:14:34: the training loreft does not keep epoch 2; give it checkpoints: [2, 3]",
  ],
  ["a flag as a text", training('shuffle: "no"'), 'pipeline.ts:13:17: shuffle is "no"; give true or false'],
  [
    "a rank as a text",
    { edit: 'loreft({ at: block(1).output, positions: "l1", rank: "2" })' },
    'pipeline.ts:11:16: rank is "2"; give a whole number from 1 to the model\'s width',
  ],
  [
    "several ranks",
    { edit: 'loreft({ at: block(1).output, positions: "l1", rank: [1, 2] })' },
    'pipeline.ts:11:16: rank is a list; give a whole number from 1 to the model\'s width, or all of these with sweep("rank", [1, 2])',
  ],
  [
    "a block as a text",
    { edit: 'loreft({ at: block("1").output, positions: "l1", rank: 2 })' },
    'pipeline.ts:11:29: blocks is "1"; give a block\'s number, a list of numbers or "all"',
  ],
  [
    "a rate as a text",
    optimizing('{ learningRate: "1e-3" }'),
    'pipeline.ts:13:90: learningRate is "1e-3"; give a number of at least 0',
  ],
  [
    "a rate below 0",
    optimizing("{ learningRate: -1 }"),
    "pipeline.ts:13:90: learningRate is -1; give a number of at least 0",
  ],
  [
    "warm-up in steps",
    optimizing("{ learningRate: 1e-3, schedule: linearSchedule({ warmup: 100 }) }"),
    "pipeline.ts:13:128: warmup is 100; give a share of the steps from 0 to 1, or warmupSteps instead",
  ],
  [
    "an unknown word",
    { rows: 'chat("./rows.jsonl", { loss: "all" })' },
    'pipeline.ts:8:16: loss is "all"; give "completion" or "all-turns"',
  ],
  [
    "a negative count",
    viewing(".take(-1)"),
    "pipeline.ts:8:48: the first argument of rows.take is -1; give a whole number of at least 0, as in rows.take(100)",
  ],
  [
    "a count as a text",
    viewing('.skip("3")'),
    'pipeline.ts:8:48: the first argument of rows.skip is "3"; give a whole number of at least 0, as in rows.skip(100)',
  ],
  [
    "no count",
    viewing(".take()"),
    "pipeline.ts:8:48: the first argument of rows.take is missing; give a whole number of at least 0, as in rows.take(100)",
  ],
  [
    "no rows",
    viewing(".take(0)"),
    "pipeline.ts:8:48: no row is left of the 8 of rows.jsonl after .take(0); give it more rows or request fewer",
  ],
  [
    "a shuffle without a seed",
    viewing(".shuffle()"),
    "pipeline.ts:8:48: the first argument of rows.shuffle is missing; give a whole number, as in rows.shuffle(7)",
  ],
  [
    "a share for a split",
    viewing(".split(0.2).train"),
    "pipeline.ts:8:48: the first argument of rows.split is 0.2; give its settings, as in rows.split({ test: 0.25, seed: 7 })",
  ],
  [
    "a split without a seed",
    viewing(".split({ test: 0.2 }).train"),
    "pipeline.ts:8:48: seed is missing; give a whole number, as in rows.split({ test: 0.25, seed: 7 })",
  ],
  [
    "a split that leaves no training rows",
    viewing(".split({ test: 8, seed: 7 }).train"),
    "pipeline.ts:8:48: split({ test: 8 }) of the 8 rows of rows.jsonl leaves none to train on; give it more rows or a smaller test",
  ],
  [
    "a negative split",
    viewing(".split({ test: -1, seed: 7 }).train"),
    "pipeline.ts:8:48: test is -1; give a share between 0 and 1 or a whole number of rows, as in rows.split({ test: 0.25, seed: 7 })",
  ],
  [
    "a module without a list",
    { edit: 'lora({ rank: 2, modules: "q_proj" })' },
    'pipeline.ts:11:16: modules is "q_proj"; give a list of projections, as in ["q_proj"]',
  ],
  [
    "an edit's positions for an adapter",
    { edit: 'lora({ rank: 2, positions: "l1" })' },
    'pipeline.ts:11:16: positions is "l1"; give "prompt" or "all+completion"',
  ],
];
