/**
 * Math word problems (table 2): one model is trained on math_10k, and each set's answers are scored by their last
 * number or first letter. The paper reports AQuA, GSM8K, MAWPS and SVAMP, since questions of the others are trained on.
 */
import { baseModel, pipeline, settings, suite, type TaskName, train } from "refract";
import { adaptationOf, choices, chosenOf, listOf, rowsOf, seedsOf, trainingOf } from "../methods.ts";
import { methods } from "./settings.ts";

export default pipeline("arithmetic", () => {
  const set = settings({
    ...choices,
    data: { default: "./data", about: "LLM-Adapters' folder of data sets, relative to this file or absolute" },
    trained: { default: "", about: "The tasks whose training rows are used instead of math_10k" },
    only: { default: "AQuA,gsm8k,mawps,SVAMP", about: "The tasks to test" },
  });
  const chosen = chosenOf(methods[set.method], set), limits = { data: set.data, rows: rowsOf(set) };
  const trained = listOf(set.trained) as readonly TaskName[];
  const arithmetic = suite("arithmetic", { ...limits, only: listOf(set.only) as readonly TaskName[] });
  const seen = trained.length === 0
    ? arithmetic
    : suite("arithmetic", { ...limits, only: trained, trainedOn: "mixed" });
  const tuned = train(baseModel("huggyllama/llama-7b").with(adaptationOf(set.method, chosen)), {
    data: seen.train,
    seed: seedsOf(set),
    ...trainingOf(chosen),
  });
  return arithmetic.evaluate(tuned);
});
