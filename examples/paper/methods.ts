/**
 * The methods of the ReFT paper (Wu et al. 2024) as trained in its suites. README.md in this folder lists the choices
 * made where the paper's text, its repository's README and the code differ.
 */
import {
  adamw,
  baseModel,
  block,
  direft,
  linearSchedule,
  lora,
  loreft,
  repeat,
  type Rows,
  type SettingValues,
  suite,
  type TaskName,
  train,
} from "refract";

/** The settings of a method. */
export interface MethodSettings {
  /** The rank of the edit or of LoRA. */
  readonly rank: number;
  /** Which blocks are edited; LoRA adapts all. */
  readonly layers?: readonly number[];
  readonly positions?: string;
  readonly tied?: boolean;
  readonly alpha?: number;
  readonly modules?: readonly string[];
  readonly dropout: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly gradientAccumulation?: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** The warm-up as a share of the steps, or as a number of steps. */
  readonly warmup?: number;
  readonly warmupSteps?: number;
  readonly maxLength: number;
}

/** A method that the paper compares. */
export type MethodName = "loreft" | "direft" | "lora";

/** Every method with its settings. */
export type Methods = Readonly<Record<MethodName, MethodSettings>>;

/** The edit or adapter of a method. */
export function adaptationOf(method: MethodName, settings: MethodSettings) {
  const { rank, layers = "all" as const, positions = "f7+l7", tied = false, dropout, alpha, modules } = settings;
  const edit = { at: block(layers).output, positions, short: "pyreft" as const, rank, tied, dropout };
  if (method === "loreft") return loreft(edit);
  if (method === "direft") return direft(edit);
  return lora({ rank, dropout, ...alpha !== undefined && { alpha }, ...modules !== undefined && { modules } });
}

/**
 * The training: like transformers' Trainer, it clips gradients at 1, decays no biases, and weights each batch equally.
 */
export function trainingOf(settings: MethodSettings) {
  const { epochs, batchSize, gradientAccumulation = 1, learningRate, weightDecay, maxLength } = settings;
  const { warmup = 0, warmupSteps } = settings;
  const schedule = linearSchedule(warmupSteps === undefined ? { warmup } : { warmupSteps });
  return {
    epochs,
    batchSize,
    gradientAccumulation,
    maxLength,
    truncate: "right" as const,
    maxGradNorm: 1,
    lossReduction: "microbatches" as const,
    optimizer: adamw({ learningRate, weightDecay, decay: "weights", schedule }),
  };
}

/** The settings that a recipe of any suite may set instead of the paper's. */
export const choices = {
  method: { default: "loreft", oneOf: ["loreft", "direft", "lora"], about: "The method to train" },
  seeds: { default: "42,43,44", about: "The seeds, one run for each" },
  trainRows: { default: 0, least: 0, whole: true, about: "How many first rows of each training set, 0 for all" },
  testRows: { default: 0, least: 0, whole: true, about: "How many first rows of each test set, 0 for all" },
  rank: { default: 0, least: 0, whole: true, about: "The rank, 0 for the paper's" },
  positions: { default: "", about: "The positions, the paper's if empty" },
  layers: { default: "", about: "The edited blocks, the paper's if empty" },
  epochs: { default: 0, least: 0, whole: true, about: "The number of epochs, 0 for the paper's" },
  batchSize: { default: 0, least: 0, whole: true, about: "Rows per step, 0 for the paper's" },
  warmupSteps: { default: 0, least: 0, whole: true, about: "The number of warm-up steps, 0 for the paper's" },
} as const;

/** A recipe's values of these settings. */
type Chosen = SettingValues<typeof choices>;

/** The same of a suite that one model is trained on for all tasks, with LLM-Adapters' data sets. */
export const suiteChoices = {
  ...choices,
  data: { default: "./data", about: "LLM-Adapters' folder of data sets, from this file's folder or absolute" },
  trained: { default: "", about: "The tasks whose own training rows are mixed, in place of the suite's file" },
  only: { default: "", about: "The tasks that are tested, in place of all" },
} as const;

/** Trains one model on a suite's rows and tests it on each task. */
export function trainedOnSuite(
  name: "commonsense" | "arithmetic",
  methods: Methods,
  set: SettingValues<typeof suiteChoices>,
) {
  const chosen = chosenOf(methods[set.method], set), limits = { data: set.data, rows: rowsOf(set) };
  const [only, trained] = [set.only, set.trained].map((names) => listOf(names) as readonly TaskName[]);
  const tested = suite(name, { ...limits, ...only!.length > 0 && { only: only! } });
  const seen = trained!.length === 0 ? tested : suite(name, { ...limits, only: trained!, trainedOn: "mixed" });
  const tuned = train(baseModel("huggyllama/llama-7b").with(adaptationOf(set.method, chosen)), {
    data: seen.train,
    seed: seedsOf(set),
    ...trainingOf(chosen),
  });
  return tested.evaluate(tuned);
}

/** A method's settings as a recipe has them: the paper's where it chooses none. LoRA's scale, alpha / rank, is kept. */
export function chosenOf(paper: MethodSettings, set: Omit<Chosen, "method" | "seeds">): MethodSettings {
  const { rank, positions, layers, epochs, batchSize, warmupSteps } = set;
  return {
    ...paper,
    ...rank > 0 && { rank, ...paper.alpha !== undefined && { alpha: paper.alpha * rank / paper.rank } },
    ...positions !== "" && { positions },
    ...layers !== "" && { layers: listOf(layers).map(Number) },
    ...epochs > 0 && { epochs },
    ...batchSize > 0 && { batchSize, gradientAccumulation: 1 },
    ...warmupSteps > 0 && { warmupSteps },
  };
}

/** The first rows; all if the count is 0. */
export const firstOf = (rows: Rows, count: number): Rows => count > 0 ? rows.take(count) : rows;

/** The same as options of `suite`. */
export function rowsOf({ trainRows, testRows }: Pick<Chosen, "trainRows" | "testRows">) {
  return { ...trainRows > 0 && { train: trainRows }, ...testRows > 0 && { test: testRows } };
}

/** One run for each seed. */
export const seedsOf = ({ seeds }: Pick<Chosen, "seeds">) => repeat({ seeds: listOf(seeds).map(Number) });

/** Splits a list as written in a recipe, for example `"42,43,44"`. */
export function listOf(text: string): readonly string[] {
  return text.split(",").map((part) => part.trim()).filter((part) => part !== "");
}
