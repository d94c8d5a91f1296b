/**
 * Kinds of model inputs: which tensors are fed for a run of tokens, how the host fills them, and how an exported graph
 * computes them from its attention mask.
 *
 * @module
 */
import type { HeadLayout } from "../../../ops/nn/attention.ts";
import type { GraphWriter, TensorName } from "../../../ops/onnx/graph_writer.ts";
import type { Dimension, Shape } from "../../../ops/program/dimension.ts";
import type { DataType } from "../../../ops/program/program.ts";
import type { HostTensor } from "../../common/host_tensor.ts";

declare const tensor: unique symbol;

/** One tensor in the form of a kind: `{ cosines: Tensor; sines: Tensor }` is a form of two. */
export interface Tensor {
  readonly [tensor]: true;
}

/** A form in which each tensor is replaced by something else, such as its type, elements or name. */
export type Filled<Form, Of> = Form extends Tensor ? Of
  : { readonly [Name in keyof Form]: Filled<Form[Name], Of> };

/** The type of a fed tensor. A tensor that differs by row has `batch` as its first extent. */
export interface TensorType {
  readonly shape: Shape;
  /** The element type; float32 if omitted. */
  readonly dtype?: DataType;
}

/** The properties of a model that apply to all of its runs. */
interface ModelShape {
  readonly heads: HeadLayout;
  /** Whether attention is causal. */
  readonly causal: boolean;
}

/** The extents of a run in a program. */
export interface RunShape extends ModelShape {
  /** How many tokens it has. */
  readonly length: Dimension;
  readonly batch: Dimension;
  /**
   * The first extent of tensors that depend on the tokens that a row attends to: 1 if these are the same for all rows.
   */
  readonly seen: Dimension;
  /** The lengths of the earlier runs that it attends to. */
  readonly before: readonly Dimension[];
  /** The number of an encoder's tokens, if the run attends to them. */
  readonly encoded?: Dimension | undefined;
}

/** One row of a run. */
export interface RunRow {
  readonly tokens: readonly number[];
  /** The position of its first token. */
  readonly start: number;
  /** Which of a pair's texts each token belongs to; the first if omitted. */
  readonly types?: readonly number[];
  /** Where a second text begins that follows the same tokens as the first, without attending to it. */
  readonly branch?: Branch;
  /** How many of its first tokens others see; all of them if omitted. */
  readonly seen?: number;
}

/**
 * Tokens of a row that continue from an earlier one: they have its successors' positions and do not attend to these.
 */
export interface Branch {
  /** The index of the first of them in the run. */
  readonly at: number;
  /** The number of the run's first tokens that they follow. */
  readonly after: number;
}

/** The position of a run's token by its index, counting the tokens before the run. */
export function positionIn({ start, branch }: Pick<RunRow, "start" | "branch">, index: number): number {
  return start + (branch === undefined || index < branch.at ? index : branch.after + index - branch.at);
}

/** Tokens of another run that a run attends to. */
interface Attended {
  readonly width: number;
  /** How many of them each row has, from the left; a single number if it is the same for all rows. */
  readonly filled: readonly number[];
}

/** The rows of a run, padded on the right. */
export interface RunRows extends ModelShape {
  readonly rows: readonly RunRow[];
  /** The number of tokens of the longest row. */
  readonly length: number;
  /** The tokens before it. */
  readonly past: Attended;
  /** An encoder's tokens, if the run attends to them. */
  readonly encoded?: Attended | undefined;
}

/** The tokens of an exported graph's run, and those that they may attend to. The model is causal. */
export interface TokenGrid {
  readonly heads: HeadLayout;
  /** The number of virtual tokens before all others. */
  readonly virtual: number;
  /** The number of keys to attend to. */
  readonly keys: Dimension;
  /** The index of the first key that belongs to the run. */
  readonly start: Dimension;
  /** Which keys are not padding, bool [batch, keys]. */
  readonly real: TensorName;
  /** The position of each key, int64 [batch, keys]. */
  readonly keyPositions: TensorName;
  /** The run's own positions, int64 [batch, tokens]. */
  readonly positions: TensorName;
}

/** A kind that an exported graph can compute. */
interface ComputedInput<Config, Form> {
  /** Writes the nodes; the resulting tensors equal those of {@linkcode InputKind.fill} wherever there is a token. */
  nodes(config: Config, write: GraphWriter, grid: TokenGrid): Filled<Form, TensorName>;
}

/** A kind that an exported graph cannot compute. */
export interface NotExportable {
  /** What the model does with it, for example "distinguishes the texts of a pair". */
  readonly notExportable: string;
}

/** A kind of model input. `Config` is a model's configuration of it, and `Form` the tensors that it consists of. */
export interface InputKind<Config, Form> {
  /** The tensors of a run in a program. */
  declare(config: Config, run: RunShape): Filled<Form, TensorType>;
  /** The tensors of a run's rows, of the declared shapes. */
  fill(config: Config, run: RunRows): Filled<Form, HostTensor>;
  readonly exported: ComputedInput<Config, Form> | NotExportable;
}

/** A record with a function applied to each entry. */
export function mapEntries<From, To>(
  record: Readonly<Record<string, From>>,
  change: (each: From) => To,
): Readonly<Record<string, To>> {
  return Object.fromEntries(Object.entries(record).map(([name, each]) => [name, change(each)]));
}
