/** The paper's settings for commonsense reasoning (section 4.2, tables 5 and 6), chosen on GSM8K with LLaMA-7B. */
import type { Methods } from "../methods.ts";

export const methods: Methods = {
  loreft: {
    rank: 8,
    positions: "f7+l7",
    tied: true,
    dropout: 0,
    epochs: 6,
    batchSize: 16,
    gradientAccumulation: 2,
    learningRate: 9e-4,
    weightDecay: 0,
    warmup: 0.1,
    maxLength: 512,
  },
  // The repository's command for GSM8K, with LoReFT's number of epochs.
  direft: {
    rank: 4,
    positions: "f7+l7",
    dropout: 0.05,
    epochs: 6,
    batchSize: 8,
    gradientAccumulation: 4,
    learningRate: 9e-4,
    weightDecay: 0.06,
    warmup: 0,
    maxLength: 512,
  },
  // The baseline's results are copied from another paper: rank and projections follow from its 0.826 % of LLaMA-7B, and
  // the rest is LLM-Adapters' command.
  lora: {
    rank: 32,
    alpha: 64,
    modules: ["q_proj", "k_proj", "v_proj", "up_proj", "down_proj"],
    dropout: 0.05,
    epochs: 3,
    batchSize: 16,
    learningRate: 3e-4,
    weightDecay: 0,
    warmupSteps: 100,
    maxLength: 256,
  },
};
