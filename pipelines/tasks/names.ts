/** The names of tasks and suites, which a pipeline file is completed with and checked against. @module */

/** Commonsense reasoning, by LLM-Adapters' folders. */
export type CommonsenseName =
  | "boolq"
  | "piqa"
  | "social_i_qa"
  | "hellaswag"
  | "winogrande"
  | "ARC-Easy"
  | "ARC-Challenge"
  | "openbookqa";

/** Arithmetic, by LLM-Adapters' folders. */
export type ArithmeticName = "AQuA" | "gsm8k" | "mawps" | "SVAMP" | "MultiArith" | "AddSub" | "SingleEq";

/** GSM8K by itself, as settings are chosen on it. */
export type Gsm8kName = "gsm8k_own";

/** Instructions, by what is trained on. */
export type InstructName = "ultrafeedback" | "ultrafeedback_pair" | "alpaca";

/** GLUE, by its configurations. */
export type GlueName = "mnli" | "sst2" | "mrpc" | "cola" | "qnli" | "qqp" | "rte" | "stsb";

/** Programs. */
export type CodeName = "humaneval" | "mbpp";

/** Reading comprehension. */
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

/** The tasks with a validation split; settings of the others are chosen on GSM8K. */
export type ValidatedTaskName = GlueName | Gsm8kName | "mbpp";

/** The tasks with nothing to train on. */
export type UntrainedTaskName = "humaneval" | ReadingName;

/** A suite of published tasks. */
export type SuiteName = "commonsense" | "arithmetic" | "gsm8k" | "instruct" | "glue" | "code" | "reading";
