/** Legal settings that are rarely intended. @module */
import { editing, evaluating, type Mistake, optimizing, training, viewing } from "./scene.ts";

/** Notes before a run. */
export const notes: readonly Mistake<readonly string[]>[] = [
  ["nothing", {}, []],
  ["an unused axis", { pre: 'sweep("layer", [1, 2]);' }, [
    "pipeline.ts:5:1: the axis layer multiplies nothing, because no stage uses it; use it in place of a value",
  ]],
  ["zipped axes, one of them unused", editing('rank: zip(sweep("rank", [1, 2]), sweep("layer", [0, 1]))[0]'), [
    "pipeline.ts:11:78: the axis layer multiplies nothing, because no stage uses it; use it in place of a value",
  ]],
  ["axes that are parts of another", { pre: "", ...editing('rank: concat(sweep("a", [1]), sweep("b", [2]))') }, []],
  ["a repeat of something other than a seed", editing("rank: repeat({ seeds: [1, 2] })"), [
    'pipeline.ts:11:78: repeat(…) is used as rank, so results average over different values of it; write sweep("rank", […])',
  ]],
  ["a repeat of a seed", training("seed: repeat({ seeds: [1, 2] })"), []],
  ["an unused epoch's model", {
    tuned:
      "train(base.with(edit), { data: rows, epochs: 1, batchSize: 4, optimizer, checkpoints: [1] }), early = tuned.at(1)",
  }, ["pipeline.ts:13:125: no stage uses this epoch's model; evaluate it"]],
  ["rows that are validated and trained on", {
    tuned:
      "train(base.with(edit), { data: rows, epochs: 1, batchSize: 4, optimizer, validate: { data: rows.take(2).concat(held), metrics: [loss()] } })",
  }, [
    "pipeline.ts:13:17: 2 of the 4 rows that the validation of loreft evaluates on are among those that it trains on, the first is rows.jsonl:1; see them with deno task rows, and remove them from one of the two",
  ]],
  ["an unused training", { result: "{ base: evaluate(base, { data: held, metrics: [loss()] }) }" }, [
    "pipeline.ts:13:17: this training feeds no result and does not run; return it, or evaluate it",
  ]],
  ["an evaluation that is not returned", {
    result:
      "(evaluate(base, { data: held, metrics: [loss()] }), { score: evaluate(tuned, { data: held, metrics: [loss()] }) })",
  }, ["pipeline.ts:14:11: this evaluation is not returned and does not run; return it under its own name"]],
  ["an edit of an unused model", {
    tuned: "(base.with(lora({ rank: 2 })), train(base.with(edit), { data: rows, epochs: 1, batchSize: 4, optimizer }))",
  }, ["pipeline.ts:13:28: this lora is on no model that a stage uses; use what model.with(…) gives"]],
  ["an untrained edit", {
    result: "{ tuned, score: evaluate(base.with(edit), { data: held, metrics: [loss()] }) }",
  }, [
    "pipeline.ts:14:26: score uses its model with loreft untrained; use the result of train(…)",
  ]],
  ["activations of an untrained edit", {
    result: "{ tuned, states: activations(base.with(edit), { data: held }) }",
  }, [
    "pipeline.ts:14:27: states uses its model with loreft untrained; use the result of train(…)",
  ]],
  ["a row that was trained on", { held: "rows.take(1)" }, [
    "pipeline.ts:14:19: the row that score evaluates on is a row that it trains on",
  ]],
  ["rows that were trained on", { held: "rows.take(3)" }, [
    "pipeline.ts:14:19: all 3 rows that score evaluates on are rows that it trains on",
  ]],
  ["more rows than there are", viewing(".take(5000)"), [
    "pipeline.ts:8:48: take(5000) takes all 8 rows, because there are no more",
  ]],
  ["a slice past the end", viewing(".slice(2, 900)"), [
    "pipeline.ts:8:48: slice(2, 900) ends after row 8, since there are no more",
  ]],
  ["a slice up to the end", viewing(".slice(2, 8)"), []],
  ["a sample of a slice past the end", viewing(".slice(0, 9).sample(8, 1)"), [
    "pipeline.ts:8:48: slice(0, 9) ends after row 8, since there are no more",
  ]],
  ["a view of a view", viewing(".take(5000).take(3)"), []],
  ["a template without a field", {
    template: '{ prompt: "<q>\\n", completion: "{a}" }',
    held: 'records([{ q: "a", a: "b" }], template)',
  }, [
    'pipeline.ts:8:16: the prompt template "<q>\\n" names no field, so all rows have the same prompt; name one, as in "{question}"',
  ]],
  ["fields as other languages write them", {
    template: '{ prompt: "${q}#{a}%(q)s%(b)s\\n", completion: "{a}" }',
    held: 'records([{ q: "a", a: "b" }], { prompt: "{q}\\n", completion: "{a}" })',
  }, [
    'pipeline.ts:8:16: the prompt template writes "${q}", in which "$" is literal; write "{q}" for the field\'s value',
    'pipeline.ts:8:16: the prompt template writes "#{a}", in which "#" is literal; write "{a}" for the field\'s value',
    'pipeline.ts:8:16: the prompt template writes "%(q)s", which is literal text; write "{q}" for the field\'s value',
  ]],
  ["messages in a template", {
    held: 'records([{ m: [{ role: "user", content: "a" }], a: "b" }], { prompt: "{m}:", completion: "{a}" })',
  }, [
    'pipeline.ts:9:16: the prompt template prints the messages of "m" as Python prints a list; omit the template for the model\'s chat template to format them',
  ]],
  ["a list in a template", {
    held: 'records([{ m: [{ role: "user" }, 1], a: "b" }], { prompt: "{m}:", completion: "{a}" })',
  }, []],
  ["a repeated choice", evaluating('metrics: [accuracy()], decoding: choices(["ab", "aa", "ab"])'), [
    'score: records:1: the choice "ab" is listed twice, and the second is never chosen (2 of 2 rows)',
  ]],
  ["a rate of 0", optimizing("{ learningRate: 0 }"), [
    "pipeline.ts:13:90: the learning rate of loreft is 0, so it learns nothing",
  ]],
  ["a rate of 50", optimizing("{ learningRate: 50 }"), [
    "pipeline.ts:13:90: the learning rate of loreft is 50; usual rates are 1e-5 to 1e-2",
  ]],
  ["a rate of nearly 0", optimizing("{ learningRate: 1e-12 }"), [
    "pipeline.ts:13:90: the learning rate of loreft is 1e-12; usual rates are 1e-5 to 1e-2",
  ]],
  ["rates of a sweep", optimizing('{ learningRate: sweep("rate", [0, 1e-3, 50]) }'), [
    "pipeline.ts:13:90: the learning rate of loreft is 0, so it learns nothing",
    "pipeline.ts:13:90: the learning rate of loreft is 50; usual rates are 1e-5 to 1e-2",
  ]],
  ["more steps than the epochs have", training("maxSteps: 9"), [
    "pipeline.ts:13:17: maxSteps of loreft is 9, and its epochs end after 2 steps; give more epochs than 1",
  ]],
  ["more steps than the one that its epochs have", {
    tuned: "train(base.with(edit), { data: rows, epochs: 1, batchSize: 8, optimizer, maxSteps: 2 })",
  }, [
    "pipeline.ts:13:17: maxSteps of loreft is 2, and its epochs end after 1 step; give more epochs than 1",
  ]],
  ["positions that choose no token", editing("positions: () => []"), [
    "pipeline.ts:13:17: loreft edits no token in any row that loreft trains on; its function chooses none",
  ]],
  [
    "positions that choose no token in some rows",
    editing("positions: ({ fields }) => String(fields.q).startsWith('W') ? [] : [0]"),
    [
      "pipeline.ts:13:17: loreft edits no token in 4 of the 8 rows that loreft trains on; its function chooses none",
    ],
  ],
  ["an adapter that is scaled to nothing", { edit: "lora({ rank: 2, alpha: 0 })" }, [
    "pipeline.ts:13:17: alpha of lora in lora is 0, so it changes nothing and learns nothing",
  ]],
  ["a warm-up that never ends", optimizing("{ learningRate: 1e-3, schedule: linearSchedule({ warmupSteps: 2 }) }"), [
    "pipeline.ts:13:90: the warm-up of loreft takes 2 of 2 steps, so that no step has the whole learning rate",
  ]],
  ["validations that never happen", training("validate: { data: held, metrics: [loss()], every: 3 }"), [
    "pipeline.ts:13:17: loreft is validated every 3 steps and has 2, so that it is validated at its end alone",
  ]],
  ["answers that are too short", evaluating("metrics: [exactMatch()], decoding: greedy({ maxNewTokens: 1 })"), [
    "pipeline.ts:14:84: the completions of all 2 rows of score are longer than maxNewTokens, 1; the longest has 2",
  ]],
  ["answers longer than the context", evaluating("metrics: [exactMatch()], decoding: greedy({ maxNewTokens: 100 })"), [
    "pipeline.ts:14:19: maxNewTokens of score is 100, but the model's context has 64 tokens in all, so answers may be cut; give fewer",
  ]],
  ["answers that the context cuts", evaluating("metrics: [exactMatch()], decoding: greedy({ maxNewTokens: 63 })"), [
    "pipeline.ts:14:19: 2 of the 2 prompts of score leave no room for maxNewTokens, 63, in the model's context of 64 tokens, so answers will be cut; maxLength of evaluate(…) cuts the prompt instead",
  ]],
  ["choices that lack some rows' completions", evaluating('metrics: [accuracy()], decoding: choices(["aa", "B"])'), [
    'score: records:1: the completion "ab" is not among the row\'s choices, so none of them is right (1 of 2 rows)',
  ]],
];
