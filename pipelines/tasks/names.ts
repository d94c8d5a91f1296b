/** The names of tasks and suites, for completion and checks in pipeline files. @module */

/** Commonsense reasoning tasks, named after LLM-Adapters' folders. */
export type CommonsenseName =
  | "boolq"
  | "piqa"
  | "social_i_qa"
  | "hellaswag"
  | "winogrande"
  | "ARC-Easy"
  | "ARC-Challenge"
  | "openbookqa";

/** Arithmetic tasks, named after LLM-Adapters' folders. */
export type ArithmeticName = "AQuA" | "gsm8k" | "mawps" | "SVAMP" | "MultiArith" | "AddSub" | "SingleEq";

/** GSM8K on its own, on which settings are chosen. */
export type Gsm8kName = "gsm8k_own";

/** Instructions, by what is trained on. */
export type InstructName = "ultrafeedback" | "ultrafeedback_pair" | "alpaca";

/** GLUE tasks, named after its configurations. */
export type GlueName = "mnli" | "sst2" | "mrpc" | "cola" | "qnli" | "qqp" | "rte" | "stsb";

/** Coding tasks. */
export type CodeName = "humaneval" | "mbpp";

/** Reading comprehension tasks. */
export type ReadingName = "race" | "race_middle";

/** A published task. */
export type TaskName =
  | CommonsenseName
  | ArithmeticName
  | Gsm8kName
  | InstructName
  | GlueName
  | CodeName
  | ReadingName;

/** The tasks with a validation split; settings for the others are chosen on GSM8K. */
export type ValidatedTaskName = GlueName | Gsm8kName | "mbpp";

/** The tasks without training rows. */
export type UntrainedTaskName = "humaneval" | ReadingName;

/** A suite of published tasks. */
export type SuiteName = "commonsense" | "arithmetic" | "gsm8k" | "instruct" | "glue" | "code" | "reading";
