/**
 * Suites of tasks: their tasks, the training rows for one model for all of them, and the tasks that the paper averages.
 *
 * @module
 */
import { ownValue } from "../../ops/program/own_value.ts";
import { arithmetic } from "./arithmetic.ts";
import { code } from "./code.ts";
import { commonsense } from "./commonsense.ts";
import { glue } from "./glue.ts";
import { gsm8k } from "./gsm8k.ts";
import { instruct } from "./instruct.ts";
import { reading } from "./reading.ts";
import type { SuiteName, TaskName } from "./names.ts";
import type { PaperMethod, Split, Task } from "./task.ts";

/** A suite. */
export interface Suite {
  /** The paper's table with its numbers. */
  readonly table?: string;
  /** Its tasks by name, in the paper's order. */
  readonly tasks: Readonly<Record<string, Task>>;
  /** The tasks whose average the paper reports; all if omitted. */
  readonly averaged?: readonly string[];
  /** The training file for one model for all of them. */
  readonly train?: Split;
  /** The share of the base model's parameters that a method trains, in percent, by model. */
  readonly shares?: Readonly<Record<PaperMethod, Readonly<Record<string, number>>>>;
}

const llamaShares = {
  "LLaMA-7B": [0.031, 0.826],
  "LLaMA-13B": [0.025, 0.67],
} as const;

/** The shares by method; LoReFT and DiReFT train equally many parameters. */
function sharesOf(
  byModel: Readonly<Record<string, readonly [reft: number, lora: number]>>,
): NonNullable<Suite["shares"]> {
  const column = (at: 0 | 1) =>
    Object.fromEntries(Object.entries(byModel).map(([model, shares]) => [model, shares[at]]));
  return { loreft: column(0), direft: column(0), lora: column(1) };
}

const merged = (...names: readonly string[]): Split => ({ names, part: { kind: "all" } });

const known = {
  commonsense: {
    table: "table 1",
    tasks: commonsense,
    train: merged("commonsense_170k/train", "commonsense_170k"),
    shares: sharesOf({ ...llamaShares, "Llama-2-7B": [0.031, 0.826], "Llama-3-8B": [0.026, 0.7] }),
  },
  arithmetic: {
    table: "table 2",
    tasks: arithmetic,
    averaged: ["AQuA", "gsm8k", "mawps", "SVAMP"],
    train: merged("math_10k/train", "math_10k"),
    shares: sharesOf(llamaShares),
  },
  gsm8k: { tasks: gsm8k },
  instruct: {
    table: "table 3",
    tasks: instruct,
    averaged: ["ultrafeedback"],
    shares: sharesOf({ "Llama-2-7B": [0.0039, 0.1245] }),
  },
  glue: {
    table: "table 4",
    tasks: glue,
    shares: sharesOf({ "RoBERTa-base": [0.015, 0.239], "RoBERTa-large": [0.014, 0.225] }),
  },
  code: { tasks: code },
  reading: { tasks: reading },
} as const satisfies Readonly<Record<SuiteName, Suite>>;

/** Every suite. */
export const suites: Readonly<Record<SuiteName, Suite>> = known;

/** A suite by its name in results. */
export function suiteNamed(name: string): Suite | undefined {
  const all: Readonly<Record<string, Suite>> = suites;
  return ownValue(all, name);
}

/** The suite that a task belongs to. */
export function suiteOf(task: TaskName): SuiteName {
  const found = Object.entries(suites).find(([, { tasks }]) => Object.hasOwn(tasks, task));
  return found![0] as SuiteName;
}
