/** Alpaca's prompts (Taori et al. 2023), with an input and without. @module */

/** What ends both. */
export const responseTrigger = "### Response:";

/** Of an instruction alone. */
export const barePrompt =
  "Below is an instruction that describes a task. Write a response that appropriately completes " +
  `the request.\n\n### Instruction:\n{instruction}\n\n${responseTrigger}\n`;

/** Of an instruction with an input. */
export const inputPrompt =
  "Below is an instruction that describes a task, paired with an input that provides further " +
  "context. Write a response that appropriately completes the request.\n\n### Instruction:\n{instruction}\n\n" +
  `### Input:\n{input}\n\n${responseTrigger}\n`;
