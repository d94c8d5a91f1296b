/** Functions called with invalid arguments. @module */
import { evaluating, type Mistake, optimizing, training, viewing } from "./scene.ts";

/** Calls with invalid arguments. */
export const calls: readonly Mistake<string>[] = [
  [
    "no settings",
    { edit: "loreft()" },
    'pipeline.ts:11:16: the first argument of loreft is missing; give its settings, as in loreft({ at: block(15).output, positions: "l1", rank: 4 })',
  ],
  [
    "a number for settings",
    { edit: "lora(8)" },
    "pipeline.ts:11:16: the first argument of lora is 8; give its settings, as in lora({ rank: 8 })",
  ],
  [
    "settings as separate arguments",
    { edit: 'loreft(block(1).output, "l1", 2)' },
    'pipeline.ts:11:16: the first argument of loreft is an object, { blocks, site }; give its settings, as in loreft({ at: block(15).output, positions: "l1", rank: 4 })',
  ],
  [
    "a function that is not called",
    { edit: "loreft" },
    "pipeline.ts:13:32: an argument of edits is the function loreft; call it, as in loreft(…)",
  ],
  [
    "records for conversations",
    { rows: 'chat(records([{ q: "a", a: "b" }], template))' },
    'pipeline.ts:8:16: chat takes the conversations themselves instead of records(…); write chat([[{ role: "user", content: "…" }, …], …])',
  ],
  [
    "conversations of conversations",
    { rows: 'chat(chat("./rows.jsonl"))' },
    "pipeline.ts:8:16: chat is given rows of chat(…); use them as they are",
  ],
  [
    "training without settings",
    { tuned: "train(base.with(edit))" },
    "pipeline.ts:13:17: the second argument of train is missing; give its settings, as in train(model, { data, epochs, batchSize, optimizer })",
  ],
  [
    "rows for settings",
    { tuned: "train(base.with(edit), rows)" },
    "pipeline.ts:13:17: the second argument of train is of the kind jsonl; give its settings, as in train(model, { data, epochs, batchSize, optimizer })",
  ],
  [
    "the model among the settings",
    { tuned: "train({ model: base, data: rows })" },
    "pipeline.ts:13:17: the second argument of train is missing; give its settings, as in train(model, { data, epochs, batchSize, optimizer })",
  ],
  [
    "an edit for a model",
    { tuned: "train(edit, { data: rows, epochs: 1, batchSize: 4, optimizer })" },
    "pipeline.ts:13:17: model is of the kind loreft; give a model, as in baseModel(…).with(…)",
  ],
  [
    "a path for a model",
    { tuned: 'train("./model", { data: rows, epochs: 1, batchSize: 4, optimizer })' },
    'pipeline.ts:13:17: model is "./model"; give a model, as in baseModel(…).with(…)',
  ],
  [
    "a list of edits",
    { tuned: "train(base.with([edit]), { data: rows, epochs: 1, batchSize: 4, optimizer })" },
    "pipeline.ts:13:32: the first argument of with is a list; give edits, adapters and heads as separate arguments, as in model.with(first, second)",
  ],
  [
    "an extra argument",
    { base: 'baseModel("./model", {}, 1)' },
    'pipeline.ts:10:16: baseModel takes two arguments but is given 3; write baseModel("./model")',
  ],
  [
    "a metric with a number",
    evaluating("metrics: [exactMatch(1)], decoding"),
    "pipeline.ts:14:59: the first argument of exactMatch is 1; give its settings, as in exactMatch()",
  ],
  [
    "a rate for settings",
    optimizing("1e-3"),
    "pipeline.ts:13:90: the first argument of adamw is 0.001; give its settings, as in adamw({ learningRate: 1e-3 })",
  ],
  [
    "a share for a schedule",
    optimizing("{ learningRate: 1e-3, schedule: linearSchedule(0.1) }"),
    "pipeline.ts:13:128: the first argument of linearSchedule is 0.1; give its settings, as in linearSchedule({ warmup: 0.1 })",
  ],
  [
    "a schedule's name",
    optimizing('{ learningRate: 1e-3, schedule: "linear" }'),
    'pipeline.ts:13:90: schedule is "linear"; give a schedule, as in linearSchedule(…)',
  ],
  [
    "a metric's name",
    evaluating('metrics: ["exactMatch"], decoding'),
    'pipeline.ts:14:19: metrics[0] is "exactMatch"; call the function, as in exactMatch(…)',
  ],
  [
    "a metric's name in snake case",
    evaluating('metrics: ["exact_match"], decoding'),
    'pipeline.ts:14:19: metrics[0] is "exact_match"; call the function, as in exactMatch(…)',
  ],
  [
    "a metric that is not called",
    evaluating("metrics: [exactMatch], decoding"),
    "pipeline.ts:14:19: metrics[0] is the function exactMatch; call it, as in exactMatch(…)",
  ],
  [
    "a metric without a list",
    evaluating("metrics: exactMatch(), decoding"),
    "pipeline.ts:14:19: metrics is of the kind exactMatch; give a list of metrics, as in [exactMatch()]",
  ],
  [
    "a decoding's name",
    evaluating('metrics: [exactMatch()], decoding: "greedy"'),
    'pipeline.ts:14:19: decoding is "greedy"; call the function, as in greedy(…)',
  ],
  [
    "a decoding that is not called",
    evaluating("metrics: [exactMatch()], decoding: greedy"),
    "pipeline.ts:14:19: decoding is the function greedy; call it, as in greedy(…)",
  ],
  [
    "a number for a decoding's settings",
    evaluating("metrics: [exactMatch()], decoding: greedy(8)"),
    "pipeline.ts:14:84: the first argument of greedy is 8; give its settings, as in greedy({ maxNewTokens: 8 })",
  ],
  [
    "choices as separate arguments",
    evaluating('metrics: [accuracy()], decoding: choices("a", "b")'),
    'pipeline.ts:14:82: the second argument of choices is "b"; give its settings, as in choices(["yes", "no"])',
  ],
  [
    "an optimizer's name",
    training('optimizer: "adamw"'),
    'pipeline.ts:13:17: optimizer is "adamw"; call the function, as in adamw(…)',
  ],
  [
    "an optimizer that is not called",
    training("optimizer: adamw"),
    "pipeline.ts:13:17: optimizer is the function adamw; call it, as in adamw(…)",
  ],
  [
    "a path for rows",
    training('data: "./rows.jsonl"'),
    'pipeline.ts:13:17: data is "./rows.jsonl"; give rows, as in jsonl(…), csv(…), hub(…), records(…) or chat(…)',
  ],
  [
    "both parts of a split for rows",
    training("data: rows.split({ test: 0.25, seed: 7 })"),
    "pipeline.ts:13:17: data is an object, { train, test }; give rows, as in jsonl(…), csv(…), hub(…), records(…) or chat(…)",
  ],
  [
    "a promise of rows",
    training("data: Promise.resolve(rows)"),
    "pipeline.ts:13:17: data is a promise; give rows, as in jsonl(…), csv(…), hub(…), records(…) or chat(…)",
  ],
  [
    "a template that is a text",
    { rows: 'jsonl("./rows.jsonl", "{q}")' },
    'pipeline.ts:8:16: template is "{q}"; give { prompt, completion }',
  ],
  [
    "a text for a metric's regular expression",
    evaluating('metrics: [R.regexMatch("a")], decoding'),
    'pipeline.ts:14:61: the first argument of regexMatch is "a"; give a regular expression, as in regexMatch(/-?\\d+/)',
  ],
  [
    "a filter by a field's name",
    viewing('.filter("q")'),
    'pipeline.ts:8:48: the first argument of rows.filter is "q"; give a function, as in rows.filter(({ answer }) => answer !== "")',
  ],
  [
    "a concatenation of nothing",
    viewing(".concat()"),
    "pipeline.ts:8:48: the first argument of rows.concat is missing; give rows, as in rows.concat(others)",
  ],
  [
    "records of a file",
    { rows: 'records("./rows.jsonl", template)' },
    'pipeline.ts:8:16: the first argument of records is "./rows.jsonl"; give a list, as in records([{ question: "…", answer: "…" }], { prompt: "{question}\\n", completion: "{answer}" })',
  ],
  [
    "one record",
    { rows: 'records({ q: "a", a: "b" }, template)' },
    'pipeline.ts:8:16: the first argument of records is an object, { q, a }; give a list, as in records([{ question: "…", answer: "…" }], { prompt: "{question}\\n", completion: "{answer}" })',
  ],
  [
    "a list of paths",
    { rows: 'jsonl(["./rows.jsonl"], template)' },
    'pipeline.ts:8:16: the first argument of jsonl is a list; give a path, as in jsonl("./rows.jsonl", { prompt: "{question}\\n", completion: "{answer}" })',
  ],
  [
    "no block",
    { edit: 'loreft({ at: block().output, positions: "l1", rank: 2 })' },
    "pipeline.ts:11:29: the first argument of block is missing; give one, as in block(15)",
  ],
  [
    "two sites in a list",
    { edit: 'loreft({ at: [block(0).output, block(1).output], positions: "l1", rank: 2 })' },
    "pipeline.ts:11:16: at is a list; give one site, as in block(3).output, or that of several blocks, as in block([1, 2]).output",
  ],
  [
    "all sites of a block",
    { edit: 'loreft({ at: block(1), positions: "l1", rank: 2 })' },
    "pipeline.ts:11:16: at is an object; give a site of blocks, as in block(3).output, with .output at its end",
  ],
  [
    "all sites of attention",
    { edit: 'loreft({ at: block(1).attention, positions: "l1", rank: 2 })' },
    "pipeline.ts:11:16: at is an object; give a site of blocks, as in block(3).output, with .output at its end",
  ],
  [
    "a revision for settings",
    { base: 'baseModel("./model", "main")' },
    'pipeline.ts:10:16: the second argument of baseModel is "main"; give its settings, as in baseModel("./model")',
  ],
  [
    "fromEnd of no token",
    { edit: "loreft({ at: block(1).output, positions: () => [fromEnd(0)], rank: 2 })" },
    "rows.jsonl:1: the first argument of fromEnd is 0; give a whole number of at least 1, as in fromEnd(1)",
  ],
  [
    "a pipeline without a name",
    { whole: 'import { pipeline } from "refract";\nexport default pipeline(() => ({}));\n' },
    'pipeline.ts:2:16: the first argument of pipeline is a function; give a text, as in pipeline("first", () => ({ score: evaluate(…) }))',
  ],
  [
    "a pipeline without a builder",
    { whole: 'import { pipeline } from "refract";\nexport default pipeline("p");\n' },
    'pipeline.ts:2:16: the second argument of pipeline is missing; give a function, as in pipeline("first", () => ({ score: evaluate(…) }))',
  ],
  [
    "a condition that is a function",
    { end: ", () => true" },
    'pipeline.ts:6:16: the third argument of pipeline is a function; give a condition, where((member) => …), as in pipeline("first", () => ({ score: evaluate(…) }))',
  ],
  ["a condition on an unknown axis", {
    end: ", where(({ rnk }) => rnk < 2)",
    edit: 'loreft({ at: block(1).output, positions: "l1", rank: sweep("rank", [1, 2]) })',
  }, 'pipeline.ts:15:4: a member has no "rnk"; did you mean "rank" (it has "rank")'],
];
