/**
 * The prompts that Stanford Alpaca was trained with, for instructions with and without an input (Taori et al. 2023,
 * `PROMPT_DICT` in its train.py).
 */
export const alpacaPrompts = {
  withInput: "Below is an instruction that describes a task, paired with an input that provides further context. " +
    "Write a response that appropriately completes the request.\n\n" +
    "### Instruction:\n{instruction}\n\n### Input:\n{input}\n\n### Response:",
  withoutInput: "Below is an instruction that describes a task. " +
    "Write a response that appropriately completes the request.\n\n" +
    "### Instruction:\n{instruction}\n\n### Response:",
};
