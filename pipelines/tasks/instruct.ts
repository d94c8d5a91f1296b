/** Instruction tuning, tested on AlpacaEval's instructions, whose answers another model compares. @module */
import { barePrompt, inputPrompt } from "./alpaca.ts";
import type { InstructionTask, Reported } from "./task.ts";

function instructionTask(file: string, dataset: string, reported?: Reported): InstructionTask {
  return {
    kind: "instruction",
    splits: {
      train: { file, part: { kind: "all" } },
      test: { file: "alpaca_eval.json", hub: "eval", part: { kind: "all" } },
    },
    hub: { id: "tatsu-lab/alpaca_eval", config: "alpaca_eval" },
    prompt: { bare: barePrompt, withInput: inputPrompt },
    completion: "{output}",
    // The prompt counts in pyreft's 2048 tokens. It repeats no run of five tokens either, which has no counterpart here.
    decoding: { kind: "greedy", maxNewTokens: 2048, repetitionPenalty: 1.1 },
    dataset,
    ...reported && { reported },
  };
}

/** By the data that is trained on; the paper chooses settings on `alpaca`. Win rates by AlpacaEval 1 (table 3). */
export const instruct = {
  ultrafeedback: instructionTask("ultrafeedback/train.json", "alpaca_eval", {
    loreft: { "Llama-2-7B": 85.6 },
    direft: { "Llama-2-7B": 84.85 },
  }),
  alpaca: instructionTask("alpaca_data_cleaned/train.json", "alpaca_eval"),
};
