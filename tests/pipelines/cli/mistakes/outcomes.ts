/** Uninformative results. @module */
import { type Mistake, training } from "./scene.ts";

const bothScored = (decoding: string, metric: string) => ({
  result: `{ base: evaluate(base, { data: held, decoding: ${decoding}, metrics: [${metric}] }), ` +
    `tuned: evaluate(tuned, { data: held, decoding: ${decoding}, metrics: [${metric}] }) }`,
});

/** Notes at the end of a run. */
export const outcomes: readonly Mistake<readonly string[]>[] = [
  ["a loss that falls", training("epochs: 20, optimizer: adamw({ learningRate: 3e-2 })"), []],
  ["a loss that is flat", training("epochs: 8, optimizer: adamw({ learningRate: 1e-9 })"), [
    "the loss of loreft did not fall, from 7.556 to 7.547 in 16 steps; another learning rate or more epochs may help",
  ]],
  ["a score equal to the base's", bothScored("greedy({ maxNewTokens: 4 })", "exactMatch()"), [
    "exactMatch of tuned is 0.000, the same as base, which is untrained",
  ]],
  ["answers that the context cuts", {
    result:
      "{ tuned: evaluate(tuned, { data: held, decoding: greedy({ maxNewTokens: 63 }), metrics: [exactMatch()] }) }",
  }, [
    "pipeline.ts:14:19: 2 of the 2 prompts of tuned leave no room for maxNewTokens, 63, in the model's context of 64 tokens, so answers will be cut; maxLength of evaluate(…) cuts the prompt instead",
    "the model's context of 64 tokens cut 2 answers of the 2 of tuned; maxLength of evaluate(…) cuts long prompts instead",
  ]],
  ["a score no better than random choice", {
    result: '{ tuned: evaluate(tuned, { data: held, decoding: choices(["aa", "ab"]), metrics: [accuracy()] }) }',
  }, ["accuracy of tuned is 0.000, and choosing at random gives 0.500"]],
  ["a score no better than random choice where some rows have no right one", {
    result: '{ tuned: evaluate(tuned, { data: held, decoding: choices(["zz", "aa"]), metrics: [accuracy()] }) }',
  }, [
    'tuned: records:1: the completion "ab" is not among the row\'s choices, so none of them is right (1 of 2 rows)',
    "accuracy of tuned is 0.500, and choosing at random gives 0.250",
  ]],
];
