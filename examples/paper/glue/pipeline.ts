/**
 * GLUE with an encoder and a trained head (table 4): each task trains a model of its own, and the half of its validation
 * set that torch draws from the training's seed is reported. The epoch that is best on the other half is kept.
 */
import {
  baseModel,
  evaluate,
  type EvaluateSpec,
  type GlueName,
  pipeline,
  repeat,
  settings,
  suite,
  task,
  train,
} from "refract";
import { adaptationOf, listOf, type MethodName, trainingOf } from "../methods.ts";
import { methods } from "./settings.ts";

export default pipeline("glue", () => {
  const set = settings({
    method: { default: "loreft", oneOf: ["loreft", "direft", "lora"], about: "What is trained" },
    size: { default: "base", oneOf: ["base", "large"], about: "Whose settings are meant, RoBERTa-base's or -large's" },
    data: {
      default: "",
      about: "A folder with GLUE's files in place of the hub's, from this file's folder or absolute",
    },
    seeds: { default: "42,43,44,45,46", about: "One run for each" },
    only: { default: "", about: "The tasks that are trained, in place of all eight" },
    trainRows: { default: 0, least: 0, whole: true, about: "The first rows of each task, 0 for all" },
    epochs: { default: 0, least: 0, whole: true, about: "In place of the paper's, 0 for the paper's" },
  });
  const method = set.method as MethodName, paper = methods[set.size as "base" | "large"][method];
  const names = (set.only === "" ? Object.keys(suite("glue").tasks) : listOf(set.only)) as readonly GlueName[];
  const seed = repeat({ seeds: listOf(set.seeds).map(Number) }), base = baseModel("FacebookAI/roberta-base");
  const stages: Record<string, EvaluateSpec> = {};
  for (const name of names) {
    const of = task(name, { seed, ...set.data !== "" && { data: set.data } });
    const chosen = { ...paper[name], ...set.epochs > 0 && { epochs: set.epochs } };
    const tuned = train(base.with(adaptationOf(method, chosen), of.head), {
      data: set.trainRows > 0 ? of.train.take(set.trainRows) : of.train,
      seed,
      ...trainingOf(chosen),
      validate: { data: of.validation, metrics: of.evaluation.metrics },
      keep: "best",
      baseDropout: true,
    });
    stages[name] = evaluate(tuned, of.evaluation);
  }
  return stages;
});
