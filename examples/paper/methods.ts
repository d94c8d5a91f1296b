/**
 * The methods of the ReFT paper (Wu et al. 2024) as its suites train them. Where the paper's text, the README of its
 * repository and the code differ, README.md here has what is followed.
 */
import { adamw, block, direft, linearSchedule, lora, loreft } from "refract";

/** What a method is trained with. */
export interface MethodSettings {
  /** Of the edit, or of LoRA. */
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
  /** A share of the steps, or their number. */
  readonly warmup?: number;
  readonly warmupSteps?: number;
  readonly maxLength: number;
}

/** A method that the paper compares. */
export type MethodName = "loreft" | "direft" | "lora";

/** Every method with its settings. */
export type Methods = Readonly<Record<MethodName, MethodSettings>>;

/** What is learned. */
export function adaptationOf(method: MethodName, settings: MethodSettings) {
  const { rank, layers = "all" as const, positions = "f7+l7", tied = false, dropout, alpha, modules } = settings;
  const edit = { at: block(layers).output, positions, short: "pyreft" as const, rank, tied, dropout };
  if (method === "loreft") return loreft(edit);
  if (method === "direft") return direft(edit);
  return lora({ rank, dropout, ...alpha !== undefined && { alpha }, ...modules !== undefined && { modules } });
}

/** How it is trained: transformers' Trainer clips gradients at 1, decays no bias, and has each batch count alike. */
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

/** Seeds as a recipe writes them: `"42,43,44"`. */
export function listOf(text: string): readonly string[] {
  return text.split(",").map((part) => part.trim()).filter((part) => part !== "");
}
