/**
 * GSM8K by itself, on which the paper chooses the settings of all other tasks (tables 5 and 6): 7,173 rows are trained on,
 * and the last 300 of the official training rows decide. The repository's command for DiReFT is what is trained.
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
      about: "A folder with GSM8K's files in place of the hub's, from this file's folder or absolute",
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
