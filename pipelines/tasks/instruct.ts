/** Instruction tuning, tested on AlpacaEval's instructions; another model compares the answers. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { barePrompt, inputPrompt } from "./alpaca.ts";
import { hasFields } from "./asked.ts";
import type { InstructName } from "./names.ts";
import type { Fields } from "../data/files/raw_row.ts";
import type { InstructionTask, Reported } from "./task.ts";

/** Rows whose outputs are taught. */
const outputs: Pick<InstructionTask, "form"> = {
  form: {
    reads: ["instruction", "output"],
    official: withReference,
    officialFields: "instruction, reference_davinci003",
  },
};

/** Rows with two outputs, of which the better one is taught while the worse one is read. */
const pairs: Pick<InstructionTask, "form" | "taught"> = {
  form: {
    reads: ["instruction", "chosen_output", "rejected_output"],
    official: (row) => hasFields(row, outputs.form.reads) ? row : withReference(row),
    officialFields: "instruction, output, or instruction, reference_davinci003",
  },
  taught: { completion: "{chosen_output}", reads: "{rejected_output}" },
};

function instructionTask(names: readonly string[], dataset: string, reported?: Reported, taught = outputs) {
  return {
    kind: "instruction",
    fields: requested,
    splits: {
      train: { names, part: { kind: "all" } },
      test: { names: ["alpaca_eval", "alpaca_eval/eval", "alpaca_eval_100"], hub: "eval", part: { kind: "all" } },
    },
    hub: { id: "tatsu-lab/alpaca_eval", config: "alpaca_eval" },
    prompt: { bare: barePrompt, withInput: inputPrompt },
    completion: "{output}",
    ...taught,
    // The prompt counts in pyreft's 2048 tokens.
    decoding: { kind: "greedy", maxNewTokens: 2048, repetitionPenalty: 1.1, noRepeatNgramSize: 5 },
    dataset,
    ...reported && { reported },
  } as const satisfies InstructionTask;
}

/** AlpacaEval's rows, with the baseline's answer in a separate field. */
function withReference(row: Fields): Fields | undefined {
  if (!hasFields(row, ["instruction", "reference_davinci003"])) return undefined;
  return { ...row, output: row["reference_davinci003"] };
}

/** The prompt depends on whether there is an input. */
function requested(row: Fields): Fields {
  const input = row["input"] ?? "", template = input === "" ? barePrompt : inputPrompt;
  const request = template.replace(/\{(instruction|input)\}/g, (_, name: string) => String(ownValue(row, name)));
  return { ...row, request };
}

/**
 * The tasks, named after their training data; the paper chooses settings on `alpaca`. Win rates by AlpacaEval 1 (table
 * 3).
 */
export const instruct = {
  ultrafeedback: instructionTask(["ultrafeedback/train", "ultrafeedback", "ultrafeedback_1k"], "alpaca_eval", {
    loreft: { "Llama-2-7B": 85.6 },
    direft: { "Llama-2-7B": 84.85 },
    lora: { "Llama-2-7B": 81.48 },
  }),
  ultrafeedback_pair: instructionTask(
    ["ultrafeedback_pair/train", "ultrafeedback_pair"],
    "alpaca_eval",
    undefined,
    pairs,
  ),
  alpaca: instructionTask(["alpaca_data_cleaned/train", "alpaca_data_cleaned", "alpaca_demo"], "alpaca_eval"),
} satisfies Readonly<Record<InstructName, InstructionTask>>;
