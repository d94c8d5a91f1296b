/**
 * Commonsense reasoning in eight sets (table 1): one model is trained on all of them and answers each in words. A recipe
 * beside this file names the base model; `--set method=direft` or `lora` trains another method.
 */
import { baseModel, pipeline, repeat, settings, suite, type TaskName, train } from "refract";
import { adaptationOf, listOf, type MethodName, trainingOf } from "../methods.ts";
import { methods } from "./settings.ts";

export default pipeline("commonsense", () => {
  const set = settings({
    method: { default: "loreft", oneOf: ["loreft", "direft", "lora"], about: "What is trained" },
    data: { default: "./data", about: "LLM-Adapters' folder of data sets, from this file's folder or absolute" },
    seeds: { default: "42,43,44", about: "One run for each" },
    only: {
      default: "",
      about: "The tasks that are trained on and tested, in place of commonsense_170k and all eight",
    },
    trainRows: { default: 0, least: 0, whole: true, about: "The first rows of each task, 0 for all" },
    testRows: { default: 0, least: 0, whole: true, about: "The first rows of each test, 0 for all" },
    rank: { default: 0, least: 0, whole: true, about: "In place of the paper's, 0 for the paper's" },
    positions: { default: "", about: "In place of the paper's" },
    epochs: { default: 0, least: 0, whole: true, about: "In place of the paper's, 0 for the paper's" },
  });
  const method = set.method as MethodName, paper = methods[method];
  const chosen = {
    ...paper,
    ...set.rank > 0 && { rank: set.rank },
    ...set.epochs > 0 && { epochs: set.epochs },
    ...set.positions !== "" && { positions: set.positions },
  };
  const only = listOf(set.only) as readonly TaskName[];
  const commonsense = suite("commonsense", {
    data: set.data,
    ...only.length > 0 && { only, trainedOn: "mixed" },
    rows: { ...set.trainRows > 0 && { train: set.trainRows }, ...set.testRows > 0 && { test: set.testRows } },
  });
  const tuned = train(baseModel("huggyllama/llama-7b").with(adaptationOf(method, chosen)), {
    data: commonsense.train,
    seed: repeat({ seeds: listOf(set.seeds).map(Number) }),
    ...trainingOf(chosen),
  });
  return commonsense.evaluate(tuned);
});
