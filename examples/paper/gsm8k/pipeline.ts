/**
 * GSM8K by itself, on which the paper chooses the settings of all other tasks (tables 5 and 6): 7,173 rows are trained on,
 * and the last 300 of the official training rows decide. The repository's command for DiReFT is what is trained.
 */
import { baseModel, evaluate, pipeline, repeat, settings, task, train } from "refract";
import { methods } from "../arithmetic/settings.ts";
import { adaptationOf, listOf, type MethodName, trainingOf } from "../methods.ts";

export default pipeline("gsm8k", () => {
  const set = settings({
    method: { default: "direft", oneOf: ["loreft", "direft", "lora"], about: "What is trained" },
    data: {
      default: "",
      about: "A folder with GSM8K's files in place of the hub's, from this file's folder or absolute",
    },
    seeds: { default: "42,43,44", about: "One run for each" },
    trainRows: { default: 0, least: 0, whole: true, about: "The first rows, 0 for all" },
    testRows: { default: 0, least: 0, whole: true, about: "The first rows of both tests, 0 for all" },
    epochs: { default: 0, least: 0, whole: true, about: "In place of the paper's, 0 for the paper's" },
  });
  const method = set.method as MethodName;
  const chosen = { ...methods[method], ...set.epochs > 0 && { epochs: set.epochs } };
  const gsm8k = task("gsm8k_own", set.data === "" ? {} : { data: set.data });
  const seen = set.trainRows > 0 ? gsm8k.train.take(set.trainRows) : gsm8k.train;
  const part = (rows: typeof gsm8k.test) => set.testRows > 0 ? rows.take(set.testRows) : rows;
  const tuned = train(baseModel("huggyllama/llama-7b").with(adaptationOf(method, chosen)), {
    data: seen,
    seed: repeat({ seeds: listOf(set.seeds).map(Number) }),
    ...trainingOf(chosen),
  });
  return {
    validation: evaluate(tuned, { ...gsm8k.evaluation, data: part(gsm8k.validation) }),
    test: evaluate(tuned, { ...gsm8k.evaluation, data: part(gsm8k.test) }),
  };
});
