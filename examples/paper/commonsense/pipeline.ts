/**
 * Commonsense reasoning in eight sets (table 1): one model is trained on all of them and generates the answers. A
 * recipe next to this file names the base model; `--set method=direft` or `lora` trains another method.
 */
import { baseModel, pipeline, settings, suite, type TaskName, train } from "refract";
import { adaptationOf, choices, chosenOf, listOf, rowsOf, seedsOf, trainingOf } from "../methods.ts";
import { methods } from "./settings.ts";

export default pipeline("commonsense", () => {
  const set = settings({
    ...choices,
    data: { default: "./data", about: "LLM-Adapters' folder of data sets, relative to this file or absolute" },
    trained: { default: "", about: "The tasks whose training rows are used instead of commonsense_170k" },
    only: { default: "", about: "The tasks to test, all eight if empty" },
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
