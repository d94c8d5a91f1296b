import type { AdapterName } from "../../ops/adapters/mod.ts";
import type { StackName } from "../models/architecture/architecture.ts";
import { declared } from "../common/source_location.ts";
import type { AdapterPositions, AdapterSpec, Blocks, PrefixTuningSpec, SweepableOptions } from "../spec/mod.ts";
import { requireCall } from "./calls.ts";

/** Settings that every adapter shares. */
export interface AdapterOptions {
  /** Whose projections: blocks by number (from 0), or `"all"`, which is meant if omitted. */
  readonly blocks?: Blocks;
  /** Whose blocks, in a model with an encoder and a decoder; those of both if omitted. */
  readonly stack?: StackName;
  /**
   * Projections by the names that the model's family has for them, as in `["q_proj", "v_proj"]`; if omitted, those that the
   * kind of adapter usually has, found in any family.
   */
  readonly modules?: readonly string[];
  /**
   * `"prompt"` acts on the prompt's tokens alone, so that answers are written by the bare base from the keys and values that
   * the prompt left, in one batch with rows of other such edits (PreFT, arXiv 2605.14217); `"all+completion"`, which is
   * meant if omitted, on every token.
   */
  readonly positions?: AdapterPositions;
  /** A safetensors file to start from, relative to the pipeline file. */
  readonly initial?: string;
}

/** Settings of LoRA and DoRA. */
export interface LoraOptions extends AdapterOptions {
  /** Rank of the change. */
  readonly rank: number;
  /** The change is scaled by alpha/rank; by 1 if omitted. */
  readonly alpha?: number;
  /** Scales by alpha/√rank instead (Kalajdzievski 2023). */
  readonly rankStabilized?: boolean;
  /**
   * The share of elements that training sets to 0 in what the change reads, from 0 up to 1, the others divided by what is
   * left (peft's `lora_dropout`). The frozen projection reads all.
   */
  readonly dropout?: number;
}

function adapter(kind: AdapterName, options: SweepableOptions<AdapterOptions>): AdapterSpec {
  return declared({ blocks: "all", ...options, kind });
}

/**
 * LoRA: `Wx + (alpha/rank)·BAx` with A [rank, inputs] and B [outputs, rank], which starts at 0 (Hu et al. 2021). Acts on
 * queries and values if no modules are named, and on every token or the prompt's alone. A projection's adapter has
 * `rank · (inputs + outputs)` trainable parameters.
 *
 * @example Queries and values of three blocks
 * ```ts
 * import assert from "node:assert/strict";
 * import { baseModel, lora } from "refract";
 *
 * const adapter = lora({ rank: 8, alpha: 16, blocks: [20, 21, 22] });
 * const adapted = baseModel("HuggingFaceTB/SmolLM2-135M").with(adapter);
 * assert.equal(adapter.rank, 8);
 * ```
 *
 * @example Of the prompt alone, so that it is served at the speed of the bare base
 * ```ts
 * import assert from "node:assert/strict";
 * import { lora } from "refract";
 *
 * assert.equal(lora({ rank: 8, positions: "prompt" }).positions, "prompt");
 * ```
 */
export function lora(options: SweepableOptions<LoraOptions>): AdapterSpec {
  requireCall("lora", arguments);
  return adapter("lora", options);
}

/**
 * DoRA: each row of `W + (alpha/rank)·BA` brought to a learned length, which starts at that of W's (Liu et al. 2024). Acts
 * on queries and values if no modules are named, and on every token or the prompt's alone. A projection's adapter has
 * `rank · (inputs + outputs) + outputs` trainable parameters.
 *
 * @example All projections of attention in every block, with dropout
 * ```ts
 * import assert from "node:assert/strict";
 * import { dora } from "refract";
 *
 * const adapter = dora({ rank: 4, modules: ["q_proj", "k_proj", "v_proj", "o_proj"], dropout: 0.05 });
 * assert.equal(adapter.blocks, "all");
 * ```
 */
export function dora(options: SweepableOptions<LoraOptions>): AdapterSpec {
  requireCall("dora", arguments);
  return adapter("dora", options);
}

/**
 * (IA)³: learned scales of keys, values and the MLP's inner activations, which start at 1 (Liu et al. 2022). Other
 * modules have their outputs scaled. An adapter has as many trainable parameters as what it scales is wide.
 *
 * @example In the upper blocks alone
 * ```ts
 * import assert from "node:assert/strict";
 * import { ia3 } from "refract";
 *
 * assert.deepEqual(ia3({ blocks: [2, 3] }).blocks, [2, 3]);
 * ```
 */
export function ia3(options: SweepableOptions<AdapterOptions> = {}): AdapterSpec {
  requireCall("ia3", arguments);
  return adapter("ia3", options);
}

/**
 * BitFit: the projections' biases alone are trained (Ben Zaken et al. 2022); a projection without one gets one that
 * starts at 0. An adapter has `outputs` trainable parameters.
 *
 * @example Biases of the decoder's MLPs alone
 * ```ts
 * import { baseModel, bitfit } from "refract";
 *
 * const biases = bitfit({ stack: "decoder", modules: ["up_proj", "down_proj"] });
 * const adapted = baseModel("google-t5/t5-small").with(biases);
 * ```
 */
export function bitfit(options: SweepableOptions<AdapterOptions> = {}): AdapterSpec {
  requireCall("bitfit", arguments);
  return adapter("bitfit", options);
}

/** Settings of prefix tuning. */
export interface PrefixTuningOptions {
  /** How many tokens long the prefix is. */
  readonly tokens: number;
  /** A safetensors file to start from, relative to the pipeline file. */
  readonly initial?: string;
}

/**
 * Prefix tuning: trained keys and values that all tokens see before the prompt's, in every block (Li & Liang 2021). Has
 * `2 · blocks · tokens · keyValueHeads · headWidth` trainable parameters.
 *
 * @example Prefixes of three lengths
 * ```ts
 * import assert from "node:assert/strict";
 * import { baseModel, prefixTuning, sweep } from "refract";
 *
 * const tokens = sweep("tokens", [4, 8, 16]);
 * const prefixed = baseModel("HuggingFaceTB/SmolLM2-135M").with(prefixTuning({ tokens }));
 * assert.equal(prefixed.edits.length, 1);
 * ```
 */
export function prefixTuning(options: SweepableOptions<PrefixTuningOptions>): PrefixTuningSpec {
  requireCall("prefixTuning", arguments);
  return declared({ ...options, kind: "prefixTuning" });
}
