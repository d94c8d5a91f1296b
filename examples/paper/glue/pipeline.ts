/**
 * GLUE with an encoder and a trained head (table 4): each task trains its own model, and results are reported on the
 * half of its validation set that torch draws with the training's seed. The epoch that is best on the other half is
 * kept.
 */
import { baseModel, evaluate, type EvaluateSpec, type GlueName, pipeline, settings, suite, task, train } from "refract";
import { adaptationOf, choices, chosenOf, firstOf, listOf, seedsOf, trainingOf } from "../methods.ts";
import { methods } from "./settings.ts";

export default pipeline("glue", () => {
  const set = settings({
    ...choices,
    size: { default: "base", oneOf: ["base", "large"], about: "Whether to use RoBERTa-base's or -large's settings" },
    data: {
      default: "",
      about: "A folder with GLUE's files to use instead of the hub's, relative to this file or absolute",
    },
    seeds: { ...choices.seeds, default: "42,43,44,45,46" },
    halves: {
      default: "torch",
      oneOf: ["torch", "datasets"],
      about: "Halves as pyreft draws them, or the paper's own code",
    },
    only: { default: "", about: "The tasks that are trained, in place of all eight" },
  });
  const paper = methods[set.size][set.method];
  const names = (set.only === "" ? Object.keys(suite("glue").tasks) : listOf(set.only)) as readonly GlueName[];
  const seed = seedsOf(set), base = baseModel("FacebookAI/roberta-base");
  const stages: Record<string, EvaluateSpec> = {};
  for (const name of names) {
    const of = task(name, {
      seed,
      ...set.halves !== "torch" && { halves: set.halves },
      ...set.data !== "" && { data: set.data },
    });
    const chosen = chosenOf(paper[name], set);
    const tuned = train(base.with(adaptationOf(set.method, chosen), of.head), {
      data: firstOf(of.train, set.trainRows),
      seed,
      ...trainingOf(chosen),
      validate: { data: of.validation, metrics: of.evaluation.metrics },
      keep: "best",
      baseDropout: true,
    });
    stages[name] = evaluate(tuned, { ...of.evaluation, data: firstOf(of.test, set.testRows) });
  }
  return stages;
});
