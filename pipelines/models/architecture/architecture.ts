/**
 * What the compiler needs to know about a model: its extents, its sites, its weights, and a function that builds the
 * forward pass over a run of tokens, given the keys and values of earlier tokens.
 *
 * @module
 */
import type { HeadLayout, KeyValues } from "../../../ops/nn/attention.ts";
import type { Projection } from "../../../ops/adapters/adapter.ts";
import { elementCount, type Shape } from "../../../ops/program/dimension.ts";
import type { Value } from "../../../ops/program/program.ts";
import type { InputConfigs, ModelInputs } from "../inputs/kinds.ts";
import type { Pooling } from "../inputs/pooling.ts";

/** The sites where a representation can be edited, in the order of the forward pass. */
export type SiteName =
  | "embedding.output"
  | "block.input"
  | "attention.queryKeyValue"
  | "attention.query"
  | "attention.key"
  | "attention.value"
  | "attention.head.output"
  | "attention.output"
  | "crossAttention.query"
  | "crossAttention.key"
  | "crossAttention.value"
  | "crossAttention.head.output"
  | "crossAttention.output"
  | "mlp.gateUp"
  | "mlp.gate"
  | "mlp.activation"
  | "mlp.up"
  | "mlp.output"
  | "block.output"
  | "finalNorm.output";

/** The properties of a site. */
export interface SiteShape {
  /** Width of the representation. */
  readonly width: number;
  /** The linear projection that computes it, if any. */
  readonly projection?: {
    readonly module: string;
    readonly inputs: number;
    /** The weight's name in a block. */
    readonly weight: (block: number) => string;
    /** Whether the weight is stored [inputs, outputs], as in GPT-2. */
    readonly isTransposed?: true;
  };
  /** The number of equal parts that it consists of, if it can be edited per head. */
  readonly heads?: number;
}

/** The stacks of blocks in a model with two. */
export type StackName = "encoder" | "decoder";

/** A site in one block, or outside the blocks: the embedding or the final norm. */
export interface Site {
  /** In a model with two stacks, the stack that the site is in. */
  readonly stack?: StackName | undefined;
  readonly block: number | undefined;
  readonly name: SiteName;
}

/**
 * Changes the representation [batch, tokens, width] at a site.
 *
 * @param projection The linear projection that computed it, if any.
 */
export type EditHook = (site: Site, hidden: Value, projection?: Projection) => Value;

/** The places where a family's own dropout acts in training. */
export type DropoutPlace =
  | "embedding"
  | "attention.distances"
  | "attention.weights"
  | "attention.output"
  | "crossAttention.weights"
  | "crossAttention.output"
  | "mlp.activation"
  | "mlp.output"
  | "convolution"
  | "finalNorm.output"
  | "classifier.input"
  | "classifier.hidden";

/** The dropout rates in training, by place. */
export type DropoutRates = Readonly<Partial<Record<DropoutPlace, number>>>;

/** A place in one block, or outside the blocks. */
export interface DropoutSite extends Pick<Site, "stack" | "block"> {
  readonly place: DropoutPlace;
}

/** Applies dropout to a representation at a place. */
export type DropHook = (site: DropoutSite, x: Value) => Value;

/** A run of tokens. */
export interface TokenRun {
  /** The token ids, int64 [batch, length]. */
  readonly tokens: Value;
  readonly inputs: ModelInputs;
  /** Set if edits copy the batch at the output of the block `after`: the inputs of later blocks. */
  readonly copied?: { readonly after: number; readonly inputs: ModelInputs };
  /** Every block's keys and values of the runs of tokens before this one, in order. */
  readonly past?: readonly (readonly KeyValues[])[];
  /** The encoder's result for the tokens that it has read. */
  readonly encoded?: EncodedTokens;
  readonly edit?: EditHook;
  /** The model's own dropout; none if omitted. */
  readonly drop?: DropHook;
  /** The number of parts in which attention processes the run's tokens; all at once if omitted. */
  readonly parts?: number;
  /** Whether attention copies the past's keys and values next to the run's own, which is faster for many tokens. */
  readonly joinsPast?: boolean;
}

/** An encoder's final hidden states [batch, context, width], or the keys and values of each decoder block for them. */
type EncodedTokens = { readonly hidden: Value } | { readonly keyValues: readonly KeyValues[] };

/** The result of a run of tokens. */
export interface RunResult {
  /** The embedding's output, then each block's edited output: `blocks + 1` tensors [batch, length, width]. */
  readonly hiddenStates: readonly Value[];
  /** Each block's keys and values of this run, without the past's. */
  readonly keyValues: readonly KeyValues[];
  /** Each block's keys and values of the encoder's tokens, in a decoder with an encoder. */
  readonly encoded?: readonly KeyValues[];
}

/**
 * A weight of the model by its name in the safetensors files.
 *
 * @param neutral For a norm's weight, the value with which it has no effect: 1, or 0 if the difference from 1 is
 * stored.
 */
export type WeightSource = (name: string, shape: Shape, neutral?: number) => Value;

/** Whether a weight of this name is a bias, including a bias of attention scores. */
export function isBias(name: string): boolean {
  return name.includes("bias");
}

/** The properties of a model that decide how it can be adapted. */
export interface EditedModel
  extends
    Pick<Architecture, "width" | "blocks" | "sites">,
    Partial<Pick<Architecture, "family" | "heads" | "barePrefix" | "classifier">> {
  /** See {@linkcode Architecture}. */
  readonly encoder?: Pick<Encoder, "width" | "blocks" | "sites"> | undefined;
  /** Decodes ids, for selecting tokens of a prompt by their text. */
  readonly decode?: (
    ids: readonly number[],
    options?: { readonly skipSpecialTokens?: boolean; readonly cleanUpSpaces?: boolean },
  ) => string;
}

/** A model read from its config.json. */
export interface Architecture {
  /** `model_type` of config.json. */
  readonly family: string;
  readonly width: number;
  readonly blocks: number;
  readonly vocabularySize: number;
  /** The maximum number of tokens that the model's positions allow; `Infinity` if there is no limit. */
  readonly contextLength: number;
  readonly heads: HeadLayout;
  /** The sites that the model has. */
  readonly sites: Readonly<Partial<Record<SiteName, SiteShape>>>;
  /** Whether attention is causal, so that no token attends to later ones. */
  readonly causal: boolean;
  /** The model's inputs besides tokens. */
  readonly inputs: InputConfigs;
  /** Its own dropout rates from the config; `undefined` for families whose dropout is not implemented. */
  readonly dropout?: DropoutRates;
  /**
   * The prefix of weight names that checkpoints of the bare model omit, `""` if none: GPT-2's files have
   * `h.0.ln_1.weight`, and those of the model with its head `transformer.h.0.ln_1.weight`.
   */
  readonly barePrefix: string;
  /** The tensors that the safetensors files must hold, by name. */
  readonly weights: ReadonlyMap<string, readonly number[]>;
  /** Those of them that are norms' weights, with the value with which each has no effect. */
  readonly norms: ReadonlyMap<string, number>;
  /** Builds the blocks over a run of tokens. */
  forward(run: TokenRun, weights: WeightSource): RunResult;
  /**
   * Which value is the last hidden state in transformers: usually the head's input, or else the last block's output.
   */
  readonly lastHiddenState: "finished" | "plain";
  /** The part between the last block and the head, usually a norm: [..., width] to the same. */
  finish(hidden: Value, weights: WeightSource, edit?: EditHook, drop?: DropHook): Value;
  /** The checkpoint's head; `undefined` for the bare model. */
  readonly head: CheckpointHead | undefined;
  /**
   * The last block's rows [rows, width] to logits [rows, vocabulary], if the checkpoint has a head that predicts
   * tokens.
   */
  logits?(rows: Value, weights: WeightSource, edit?: EditHook, drop?: DropHook): Value;
  /** How the family scores classes, whichever head the checkpoint has. */
  readonly classifier?: Classifier;
  /** The encoder of a model with two stacks; all other properties belong to its decoder. */
  readonly encoder?: Encoder;
}

/** The stack of blocks that reads the prompt, without causal masking, for a decoder that generates the answer. */
export interface Encoder extends
  Pick<
    Architecture,
    | "width"
    | "blocks"
    | "heads"
    | "sites"
    | "causal"
    | "inputs"
    | "dropout"
    | "weights"
    | "norms"
    | "forward"
    | "finish"
  > {
  /** The decoder's start token. */
  readonly startToken: number;
}

/** What a checkpoint's head predicts: tokens of the vocabulary, or classes. */
export type CheckpointHead = "language" | { readonly classes: number };

/** A head that scores a whole row of tokens. */
export interface Classifier {
  /** Which hidden state it reads: the first token's, the last token's, or the mean of all. */
  readonly pooled: Pooling;
  /** Final hidden states of rows [rows, width] to scores [rows, classes]. */
  scores(rows: Value, weights: WeightSource, classes: number, drop?: DropHook): Value;
}

/** The number of a model's parameters; a tensor that is used twice counts once. */
export function parameterCount({ weights }: Pick<Architecture, "weights">): number {
  return [...weights.values()].reduce((sum, shape) => sum + elementCount(shape), 0);
}
