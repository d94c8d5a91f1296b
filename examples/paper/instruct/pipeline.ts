/**
 * Instruction tuning on UltraFeedback (table 3), answering AlpacaEval's 805 instructions. What is written is compared by a
 * judge afterwards.
 */
import { baseModel, evaluate, pipeline, repeat, settings, task, train } from "refract";
import { adaptationOf, listOf, type MethodName, type Methods, trainingOf } from "../methods.ts";

/** The repository's command; DiReFT has the same settings (table 7), and so has LoRA here, whose rank follows from 0.1245 %. */
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
    method: { default: "loreft", oneOf: ["loreft", "direft", "lora"], about: "What is trained" },
    data: {
      default: "./data",
      about: "The folder with ultrafeedback and alpaca_eval, from this file's folder or absolute",
    },
    seeds: { default: "42,43", about: "One run for each; the paper has two here" },
    layers: { default: "", about: "The blocks that are edited, in place of the paper's" },
    trainRows: { default: 0, least: 0, whole: true, about: "The first rows, 0 for all; the paper's 1K is 1000" },
    testRows: { default: 0, least: 0, whole: true, about: "The first instructions, 0 for all" },
    epochs: { default: 0, least: 0, whole: true, about: "In place of the paper's, 0 for the paper's" },
  });
  const method = set.method as MethodName;
  const chosen = {
    ...methods[method],
    ...set.epochs > 0 && { epochs: set.epochs },
    ...set.layers !== "" && { layers: listOf(set.layers).map(Number) },
  };
  const { train: rows, test, evaluation } = task("ultrafeedback", { data: set.data });
  const tuned = train(baseModel("meta-llama/Llama-2-7b-hf").with(adaptationOf(method, chosen)), {
    data: set.trainRows > 0 ? rows.take(set.trainRows) : rows,
    seed: repeat({ seeds: listOf(set.seeds).map(Number) }),
    ...trainingOf(chosen),
  });
  return { answers: evaluate(tuned, { ...evaluation, data: set.testRows > 0 ? test.take(set.testRows) : test }) };
});
