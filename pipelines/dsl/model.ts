import type { SiteName, StackName } from "../models/architecture/architecture.ts";
import { guarded } from "../common/guarded.ts";
import { located } from "../common/source_location.ts";
import type {
  AdaptationSpec,
  BaseModelSpec,
  Blocks,
  ComputedQuantization,
  ModelSpec,
  SiteSpec,
  StoredDtype,
  Sweepable,
} from "../spec/mod.ts";
import type { QuantizationName } from "../models/weights/quantization.ts";
import { withMethods } from "./methods.ts";
import { requireCall } from "./calls.ts";

/** A base model with its edits. */
export interface Model extends ModelSpec {
  /**
   * The model with further edits, applied after those that it already has.
   *
   * @example An edit and an adapter in one model
   * ```ts
   * import assert from "node:assert/strict";
   * import { baseModel, block, lora, loreft } from "refract";
   *
   * const base = baseModel("builtin:tiny");
   * const edited = base.with(loreft({ at: block(2).output, positions: "l1", rank: 4 }));
   * const both = edited.with(lora({ rank: 2 }));
   * assert.deepEqual([base, edited, both].map(({ edits }) => edits.length), [0, 1, 2]);
   * ```
   */
  with(...edits: readonly Sweepable<AdaptationSpec>[]): Model;
}

/** Settings of a base model. */
export interface BaseModelOptions {
  /** A branch, tag or commit of a Hugging Face repository; `main` if omitted. */
  readonly revision?: string;
  /**
   * The type that the weights are stored in: a checkpoint in another one is refused, since nothing converts it, except
   * that `"float32"` takes any, because everything is computed in float32, to which 16-bit weights are widened exactly.
   */
  readonly dtype?: Sweepable<StoredDtype>;
  /**
   * Runs the model with its matrices in 4 or 8 bits: in blocks of 64 neighbours with one scale each, and in 4 bits a
   * zero; the embedding and the head always in 8 bits. Norms and biases stay as stored, and trained parameters and
   * gradients are float32. The quantized weights are computed once and kept in the store. Full finetuning refuses this.
   * By default the inputs of matrix products are rounded to 8 bits only while text is generated;
   * `{ weights: "q8", compute: "int8" }` rounds them wherever the model runs.
   */
  readonly quantize?: Sweepable<QuantizationName | ComputedQuantization>;
}

/**
 * The frozen model that edits are applied to.
 *
 * @param source A Hugging Face id (`"owner/name"`), a folder or a GGUF file (`"./model.gguf"`), absolute or relative to
 * the pipeline file, or `"builtin:tiny"`. A GGUF file is converted once and kept in the store, with its quantized
 * weights as 32-bit floats unless `quantize` keeps them in few bits.
 *
 * @example A branch of a repository on the hub, in 8 bits
 * ```ts
 * import assert from "node:assert/strict";
 * import { baseModel } from "refract";
 *
 * const model = baseModel("HuggingFaceTB/SmolLM2-135M", { revision: "main", quantize: "q8" });
 * assert.deepEqual(model.edits, []);
 * ```
 */
export function baseModel(source: Sweepable<string>, options: BaseModelOptions = {}): Model {
  requireCall("baseModel", arguments);
  return modelOf(located({ ...options, kind: "baseModel", source }), []);
}

function modelOf(base: BaseModelSpec, edits: readonly Sweepable<AdaptationSpec>[]): Model {
  const data: ModelSpec = { kind: "model", base, edits };
  return withMethods(data, {
    with(...more: readonly Sweepable<AdaptationSpec>[]) {
      requireCall("with", arguments);
      return modelOf(base, [...edits, ...more]);
    },
  }, "a model");
}

/** The sites of attention in some blocks. */
export interface AttentionSites {
  /** Queries, keys and values concatenated, in model families with a fused projection [batch, tokens, all of them]. */
  readonly queryKeyValue: SiteSpec;
  /** The queries before rotation [batch, tokens, heads · headWidth]. */
  readonly query: SiteSpec;
  /** The keys before rotation [batch, tokens, keyValueHeads · headWidth]. */
  readonly key: SiteSpec;
  /** The values [batch, tokens, keyValueHeads · headWidth]. */
  readonly value: SiteSpec;
  /** What attention adds to the residual stream [batch, tokens, width]. */
  readonly output: SiteSpec;
  /**
   * One head's output (from 0), before the output projection.
   *
   * @example Two heads of a block
   * ```ts
   * import { block, red, sweep } from "refract";
   *
   * const head = sweep("head", [0, 3]);
   * const edit = red({ at: block(10).attention.head(head).output, positions: "l1" });
   * ```
   */
  head(head: Sweepable<number>): HeadSites;
}

/** The sites of an attention head. */
export interface HeadSites {
  /** The head's weighted sum of values [batch, tokens, headWidth]. */
  readonly output: SiteSpec;
}

/** The sites of the MLP in some blocks. */
export interface MlpSites {
  /** Gate and up projection concatenated, in model families with a fused projection [batch, tokens, 2 · hidden]. */
  readonly gateUp: SiteSpec;
  /** The gate projection [batch, tokens, hidden]; absent in an MLP without a gate. */
  readonly gate: SiteSpec;
  /** The result of the activation, which acts on the gate if there is one [batch, tokens, hidden]. */
  readonly activation: SiteSpec;
  /** The up projection, which the gate multiplies or, without a gate, the activation reads [batch, tokens, hidden]. */
  readonly up: SiteSpec;
  /** What the MLP adds to the residual stream [batch, tokens, width]. */
  readonly output: SiteSpec;
}

/** The sites of some blocks. */
export interface BlockSites {
  /** The residual stream before the block [batch, tokens, width]. */
  readonly input: SiteSpec;
  /** The sites of its attention. */
  readonly attention: AttentionSites;
  /** The sites of its MLP. */
  readonly mlp: MlpSites;
  /** The residual stream after the block [batch, tokens, width]. */
  readonly output: SiteSpec;
}

/** A module of the model outside its blocks. */
export interface ModelSite {
  /** Its output [batch, tokens, width]. */
  readonly output: SiteSpec;
}

/** The sites of a decoder's attention to the encoder's output. */
export type CrossAttentionSites = Omit<AttentionSites, "queryKeyValue">;

/** The sites of some blocks of a decoder with an encoder. */
export interface DecoderBlockSites extends BlockSites {
  /**
   * The sites of its attention to the encoder's output. Its keys and values belong to the prompt's tokens, so positions
   * of edits to them count over the prompt.
   */
  readonly crossAttention: CrossAttentionSites;
}

/** The sites of one stack of a model with an encoder and a decoder. */
export interface StackSites {
  /**
   * Its blocks by number (from 0), in the order given, or all of them.
   *
   * @example The encoder's last blocks
   * ```ts
   * import { encoder, loreft } from "refract";
   *
   * const edit = loreft({ at: encoder.block([10, 11]).output, positions: "l1", rank: 4 });
   * ```
   */
  block(blocks: Sweepable<Blocks>): BlockSites;
  /** The token embedding as read by this stack. */
  readonly embedding: ModelSite;
  /** The norm after its last block. */
  readonly finalNorm: ModelSite;
}

/** The sites of a decoder with an encoder. */
export interface DecoderSites extends StackSites {
  /**
   * Its blocks by number (from 0), in the order given, or all of them.
   *
   * @example What the decoder reads from the encoder
   * ```ts
   * import { decoder, loreft } from "refract";
   *
   * const edit = loreft({ at: decoder.block(5).crossAttention.output, positions: "all", rank: 4 });
   * ```
   */
  block(blocks: Sweepable<Blocks>): DecoderBlockSites;
}

/**
 * The token embedding.
 *
 * @example An edit of the first block's input
 * ```ts
 * import { embedding, loreft } from "refract";
 *
 * const edit = loreft({ at: embedding.output, positions: "l1", rank: 4 });
 * ```
 */
export const embedding: ModelSite = guarded({ output: { site: "embedding.output" } }, "the embedding");

/**
 * The norm after the last block, from whose output the logits are computed.
 *
 * @example An edit of the representation that the logits are computed from
 * ```ts
 * import { finalNorm, loreft } from "refract";
 *
 * const edit = loreft({ at: finalNorm.output, positions: "completion", rank: 4 });
 * ```
 */
export const finalNorm: ModelSite = guarded({ output: { site: "finalNorm.output" } }, "the final norm");

/**
 * Blocks by number (from 0), in the order given, or all of them. In a model with an encoder and a decoder, use
 * {@linkcode encoder} or {@linkcode decoder} instead.
 *
 * @example Two blocks, each with an edit of its own
 * ```ts
 * import assert from "node:assert/strict";
 * import { block, loreft } from "refract";
 *
 * const edit = loreft({ at: block([10, 15]).output, positions: "l1", rank: 4 });
 * assert.deepEqual(edit.at, { blocks: [10, 15], site: "block.output" });
 * ```
 */
export function block(blocks: Sweepable<Blocks>): BlockSites {
  requireCall("block", arguments);
  return sitesOf({ blocks });
}

/**
 * The encoder of a model with an encoder and a decoder (T5). Positions of its edits count over the prompt's tokens.
 *
 * @example The prompt's last token in one block
 * ```ts
 * import { encoder, loreft } from "refract";
 *
 * const edit = loreft({ at: encoder.block(3).output, positions: "l1", rank: 4 });
 * ```
 */
export const encoder: StackSites = guarded({
  block(blocks) {
    requireCall("block", arguments);
    return sitesOf({ blocks, stack: "encoder" });
  },
  embedding: guarded({ output: { site: "embedding.output", stack: "encoder" } }, "the embedding"),
  finalNorm: guarded({ output: { site: "finalNorm.output", stack: "encoder" } }, "the final norm"),
}, "the encoder");

/**
 * The decoder of a model with an encoder and a decoder (T5). Positions of its edits are its start token, which predicts
 * the answer's first token (`"f1"`), the tokens after it (`"completion"`), or both (`"all"`).
 *
 * @example The decoder's start token
 * ```ts
 * import { decoder, loreft } from "refract";
 *
 * const edit = loreft({ at: decoder.block(3).output, positions: "f1", rank: 4 });
 * ```
 */
export const decoder: DecoderSites = guarded({
  block(blocks) {
    requireCall("block", arguments);
    const place = { blocks, stack: "decoder" } as const;
    const crossAttention = guarded(attentionSites(place, "crossAttention"), "crossAttention");
    return guarded({ ...sitesOf(place), crossAttention }, "a block");
  },
  embedding: guarded({ output: { site: "embedding.output", stack: "decoder" } }, "the embedding"),
  finalNorm: guarded({ output: { site: "finalNorm.output", stack: "decoder" } }, "the final norm"),
}, "the decoder");

type BlockPlace = Required<Pick<SiteSpec, "blocks">> & { readonly stack?: StackName };

function sitesOf(place: BlockPlace): BlockSites {
  const at = (site: SiteName): SiteSpec => located({ ...place, site });
  const attention = { queryKeyValue: at("attention.queryKeyValue"), ...attentionSites(place, "attention") };
  const mlp = {
    gateUp: at("mlp.gateUp"),
    gate: at("mlp.gate"),
    activation: at("mlp.activation"),
    up: at("mlp.up"),
    output: at("mlp.output"),
  };
  return guarded({
    input: at("block.input"),
    attention: guarded(attention, "attention"),
    mlp: guarded(mlp, "the MLP"),
    output: at("block.output"),
  }, "a block");
}

function attentionSites(place: BlockPlace, name: "attention" | "crossAttention"): CrossAttentionSites {
  const at = (site: SiteName): SiteSpec => located({ ...place, site });
  return {
    query: at(`${name}.query`),
    key: at(`${name}.key`),
    value: at(`${name}.value`),
    head(head) {
      requireCall("head", arguments);
      return guarded({ output: located({ ...place, site: `${name}.head.output` as const, head }) }, "a head");
    },
    output: at(`${name}.output`),
  };
}
