/**
 * Commonsense reasoning in eight sets (table 1): one model is trained on all of them and answers each in words. A recipe
 * beside this file names the base model; `--set method=direft` or `lora` trains another method.
 */
import { baseModel, pipeline, settings, suite, type TaskName, train } from "refract";
import { adaptationOf, choices, chosenOf, listOf, rowsOf, seedsOf, trainingOf } from "../methods.ts";
import { methods } from "./settings.ts";

export default pipeline("commonsense", () => {
  const set = settings({
    ...choices,
    data: { default: "./data", about: "LLM-Adapters' folder of data sets, from this file's folder or absolute" },
    trained: { default: "", about: "The tasks whose training rows are mixed, in place of commonsense_170k" },
    only: { default: "", about: "The tasks that are tested, in place of all eight" },
  });
  const chosen = chosenOf(methods[set.method], set), limits = { data: set.data, rows: rowsOf(set) };
  const only = listOf(set.only) as readonly TaskName[], trained = listOf(set.trained) as readonly TaskName[];
  const commonsense = suite("commonsense", { ...limits, ...only.length > 0 && { only } });
  const seen = trained.length === 0
    ? commonsense
    : suite("commonsense", { ...limits, only: trained, trainedOn: "mixed" });
  const tuned = train(baseModel("huggyllama/llama-7b").with(adaptationOf(set.method, chosen)), {
    data: seen.train,
    seed: seedsOf(set),
    ...trainingOf(chosen),
  });
  return commonsense.evaluate(tuned);
});
