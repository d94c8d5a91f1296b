/**
 * Instruction tuning on UltraFeedback (table 3), answering AlpacaEval's 805 instructions. A judge compares the answers
 * afterwards.
 */
import { baseModel, evaluate, pipeline, settings, task, train } from "refract";
import { adaptationOf, choices, chosenOf, firstOf, type Methods, seedsOf, trainingOf } from "../methods.ts";

/** The repository's command, also for DiReFT (table 7) and here for LoRA, whose rank follows from 0.1245 %. */
const methods: Methods = (() => {
  const loreft = {
    rank: 4,
    layers: [3, 9, 18, 24],
    positions: "f5+l5",
    dropout: 0,
    epochs: 9,
    batchSize: 4,
    gradientAccumulation: 32,
    learningRate: 9e-4,
    weightDecay: 0,
    warmup: 0,
    maxLength: 768,
  };
  const lora = { ...loreft, rank: 16, alpha: 16, modules: ["q_proj", "v_proj"] };
  return { loreft, direft: loreft, lora };
})();

export default pipeline("instruct", () => {
  const set = settings({
    ...choices,
    seeds: { default: "42,43", about: "The seeds, one run for each; the paper has two here" },
    data: {
      default: "./data",
      about: "The folder with ultrafeedback and alpaca_eval, relative to this file or absolute",
    },
  });
  const chosen = chosenOf(methods[set.method], set);
  const { train: rows, test, evaluation } = task("ultrafeedback", { data: set.data });
  const tuned = train(baseModel("meta-llama/Llama-2-7b-hf").with(adaptationOf(set.method, chosen)), {
    data: firstOf(rows, set.trainRows),
    seed: seedsOf(set),
    ...trainingOf(chosen),
  });
  return {
    answers: evaluate(tuned, {
      ...evaluation,
      data: firstOf(test, set.testRows),
      maxLength: chosen.maxLength,
      truncate: "right",
    }),
  };
});
