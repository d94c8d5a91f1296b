/**
 * Arithmetic in words (table 2): one model is trained on math_10k, and each set's answers are judged by their last number
 * or first letter. The paper reports AQuA, GSM8K, MAWPS and SVAMP, since the questions of the others are trained on.
 */
import { baseModel, pipeline, repeat, settings, suite, type TaskName, train } from "refract";
import { adaptationOf, listOf, type MethodName, trainingOf } from "../methods.ts";
import { methods } from "./settings.ts";

export default pipeline("arithmetic", () => {
  const set = settings({
    method: { default: "loreft", oneOf: ["loreft", "direft", "lora"], about: "What is trained" },
    data: { default: "./data", about: "LLM-Adapters' folder of data sets, from this file's folder or absolute" },
    seeds: { default: "42,43,44", about: "One run for each" },
    only: { default: "AQuA,gsm8k,mawps,SVAMP", about: "The tasks that are tested" },
    trainRows: { default: 0, least: 0, whole: true, about: "The first rows of math_10k, 0 for all" },
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
  const arithmetic = suite("arithmetic", {
    data: set.data,
    only: listOf(set.only) as readonly TaskName[],
    rows: { ...set.trainRows > 0 && { train: set.trainRows }, ...set.testRows > 0 && { test: set.testRows } },
  });
  const tuned = train(baseModel("huggyllama/llama-7b").with(adaptationOf(method, chosen)), {
    data: arithmetic.train,
    seed: repeat({ seeds: listOf(set.seeds).map(Number) }),
    ...trainingOf(chosen),
  });
  return arithmetic.evaluate(tuned);
});
