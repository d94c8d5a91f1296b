/**
 * What the compiler needs to know of a model: its extents, its sites, its weights, and a forward builder that runs over
 * any run of tokens with the keys and values of those before.
 *
 * @module
 */
import type { HeadLayout, KeyValues } from "../../../ops/nn/attention.ts";
import type { Projection } from "../../../ops/adapters/adapter.ts";
import { elementCount, type Shape } from "../../../ops/program/dimension.ts";
import type { Value } from "../../../ops/program/program.ts";
import type { InputConfigs, ModelInputs } from "../inputs/kinds.ts";
import type { Pooling } from "../inputs/pooling.ts";

/** Where a representation can be edited, in the order in which a token passes. */
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

/** What a model has at a site. */
export interface SiteShape {
  /** Width of the representation. */
  readonly width: number;
  /** The linear projection that gives it, if one does. */
  readonly projection?: {
    readonly module: string;
    readonly inputs: number;
    /** The weight's name in a block. */
    readonly weight: (block: number) => string;
    /** Whether the weight is stored [inputs, outputs], as GPT-2 has it. */
    readonly isTransposed?: true;
  };
  /** How many equal parts it consists of, if it is edited by head. */
  readonly heads?: number;
}

/** The stacks of blocks of a model that has two. */
export type StackName = "encoder" | "decoder";

/** A site of one block, or of none: the embedding and the final norm. */
export interface Site {
  /** Whose site it is, in a model of two stacks. */
  readonly stack?: StackName | undefined;
  readonly block: number | undefined;
  readonly name: SiteName;
}

/**
 * What is made of the representation [batch, tokens, width] at a site.
 *
 * @param projection What gave it, where that is a linear projection.
 */
export type EditHook = (site: Site, hidden: Value, projection?: Projection) => Value;

/** Where a family's own dropout acts in training. */
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

/** The share of elements that training sets to 0, by place. */
export type DropoutRates = Readonly<Partial<Record<DropoutPlace, number>>>;

/** A place of one block, or of none. */
export interface DropoutSite extends Pick<Site, "stack" | "block"> {
  readonly place: DropoutPlace;
}

/** What dropout makes of a representation at a place. */
export type DropHook = (site: DropoutSite, x: Value) => Value;

/** A run of tokens. */
export interface TokenRun {
  /** int64 [batch, length]. */
  readonly tokens: Value;
  readonly inputs: ModelInputs;
  /** Edits that copy the batch: the inputs of the blocks after the one at whose output they do. */
  readonly copied?: { readonly after: number; readonly inputs: ModelInputs };
  /** The runs of tokens before this one in order: of each, every block's keys and values. */
  readonly past?: readonly (readonly KeyValues[])[];
  /** What an encoder has made of the tokens that it has read. */
  readonly encoded?: EncodedTokens;
  readonly edit?: EditHook;
  /** The model's own dropout; none acts if omitted. */
  readonly drop?: DropHook;
  /** In how many parts attention takes the run's tokens; all at once if omitted. */
  readonly parts?: number;
}

/** An encoder's finished hidden states [batch, context, width], or what each block of the decoder has made of them. */
type EncodedTokens = { readonly hidden: Value } | { readonly keyValues: readonly KeyValues[] };

/** What a run of tokens gives. */
export interface RunResult {
  /** The embedding's output, then each block's (edited): `blocks + 1` tensors [batch, length, width]. */
  readonly hiddenStates: readonly Value[];
  /** Each block's keys and values of this run, without the past's. */
  readonly keyValues: readonly KeyValues[];
  /** Each block's keys and values of what the encoder has read, in a decoder that has one. */
  readonly encoded?: readonly KeyValues[];
}

/**
 * A weight of the model by its name in the safetensors files.
 *
 * @param neutral Of a norm's weight: what leaves the norm as it is, 1 or, where the distance from 1 is stored, 0.
 */
export type WeightSource = (name: string, shape: Shape, neutral?: number) => Value;

/** Whether a weight of this name is a bias, also one of attention's scores. */
export function isBias(name: string): boolean {
  return name.includes("bias");
}

/** What of a model decides what can be learned of it. */
export interface EditedModel
  extends
    Pick<Architecture, "width" | "blocks" | "sites">,
    Partial<Pick<Architecture, "family" | "heads" | "barePrefix" | "classifier">> {
  /** See {@linkcode Architecture}. */
  readonly encoder?: Pick<Encoder, "width" | "blocks" | "sites"> | undefined;
  /** The text of some ids, to select tokens of a prompt by its text. */
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
  /** The longest run of tokens that the model's positions allow; `Infinity` where they set no bound. */
  readonly contextLength: number;
  readonly heads: HeadLayout;
  /** The sites that the model has. */
  readonly sites: Readonly<Partial<Record<SiteName, SiteShape>>>;
  /** Whether a token sees none of those after it. */
  readonly causal: boolean;
  /** What the model reads of a run besides its tokens. */
  readonly inputs: InputConfigs;
  /** Its own dropout as the config has it; `undefined` of families of which it is not known. */
  readonly dropout?: DropoutRates;
  /**
   * What checkpoints of the bare model omit in front of a weight's name, `""` if nothing: GPT-2's files say
   * `h.0.ln_1.weight` where the model with its head says `transformer.h.0.ln_1.weight`.
   */
  readonly barePrefix: string;
  /** The tensors that the safetensors files must hold, by name. */
  readonly weights: ReadonlyMap<string, readonly number[]>;
  /** Those of them that are norms' weights, with what leaves each norm as it is. */
  readonly norms: ReadonlyMap<string, number>;
  /** Builds the blocks over a run of tokens. */
  forward(run: TokenRun, weights: WeightSource): RunResult;
  /** Which one transformers calls the last hidden state: what the head reads, as a rule, or what the last block gives. */
  readonly lastHiddenState: "finished" | "plain";
  /** What is between the last block and the head, a norm as a rule: [..., width] to the same. */
  finish(hidden: Value, weights: WeightSource, edit?: EditHook, drop?: DropHook): Value;
  /** The head that the checkpoint has; `undefined` where it is of the bare model. */
  readonly head: CheckpointHead | undefined;
  /** The last block's rows [rows, width] to logits [rows, vocabulary], where the checkpoint has the head for it. */
  logits?(rows: Value, weights: WeightSource, edit?: EditHook, drop?: DropHook): Value;
  /** How the family scores classes, whichever head the checkpoint has. */
  readonly classifier?: Classifier;
  /** What reads the prompts of a model of two stacks; all else is of its decoder. */
  readonly encoder?: Encoder;
}

/** The stack of blocks that reads a prompt, whose tokens all see each other, for a decoder to write the answer. */
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
  /** The token that the decoder begins with. */
  readonly startToken: number;
}

/** What a checkpoint's head gives: logits of the vocabulary's tokens, or scores of classes. */
export type CheckpointHead = "language" | { readonly classes: number };

/** A head that scores a whole row of tokens. */
export interface Classifier {
  /** Whose hidden state it reads: the row's first token's, its last one's, or the mean of all. */
  readonly pooled: Pooling;
  /** Finished hidden states of rows [rows, width] to scores [rows, classes]. */
  scores(rows: Value, weights: WeightSource, classes: number, drop?: DropHook): Value;
}

/** The number of a model's parameters; a tensor that serves twice counts once. */
export function parameterCount({ weights }: Pick<Architecture, "weights">): number {
  return [...weights.values()].reduce((sum, shape) => sum + elementCount(shape), 0);
}
