/**
 * GSM8K on its own, on which the paper chooses the settings for all other tasks (tables 5 and 6): training uses 7,173
 * rows, and the last 300 of the official training rows are for validation. The method is the repository's command for
 * DiReFT.
 */
import { baseModel, evaluate, pipeline, settings, task, train } from "refract";
import { methods } from "../arithmetic/settings.ts";
import { adaptationOf, choices, chosenOf, firstOf, seedsOf, trainingOf } from "../methods.ts";

export default pipeline("gsm8k", () => {
  const set = settings({
    ...choices,
    method: { ...choices.method, default: "direft" },
    data: {
      default: "",
      about: "A folder with GSM8K's files to use instead of the hub's, relative to this file or absolute",
    },
  });
  const chosen = chosenOf(methods[set.method], set);
  const gsm8k = task("gsm8k_own", set.data === "" ? {} : { data: set.data });
  const tuned = train(baseModel("huggyllama/llama-7b").with(adaptationOf(set.method, chosen)), {
    data: firstOf(gsm8k.train, set.trainRows),
    seed: seedsOf(set),
    ...trainingOf(chosen),
  });
  return {
    validation: evaluate(tuned, { ...gsm8k.evaluation, data: firstOf(gsm8k.validation, set.testRows) }),
    test: evaluate(tuned, { ...gsm8k.evaluation, data: firstOf(gsm8k.test, set.testRows) }),
  };
});
