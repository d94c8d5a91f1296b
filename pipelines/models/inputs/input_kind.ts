/**
 * What a kind of model input is: which tensors a run of tokens is fed, how the host fills them, and how an exported graph
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

/** A form with something of each tensor in its stead: its type, its elements, its name. */
export type Filled<Form, Of> = Form extends Tensor ? Of
  : { readonly [Name in keyof Form]: Filled<Form[Name], Of> };

/** The type of a fed tensor. A tensor that differs by row has the extent `batch` first. */
export interface TensorType {
  readonly shape: Shape;
  /** float32 if omitted. */
  readonly dtype?: DataType;
}

/** What a model's own numbers say of all its runs. */
interface ModelShape {
  readonly heads: HeadLayout;
  /** Whether a token sees none of those after it. */
  readonly causal: boolean;
}

/** The extents of a run in a program. */
export interface RunShape extends ModelShape {
  /** How many tokens it has. */
  readonly length: Dimension;
  readonly batch: Dimension;
  /** The first extent of what depends on the tokens that a row sees: 1 where all rows see alike. */
  readonly seen: Dimension;
  /** The lengths of the runs that are seen before it. */
  readonly before: readonly Dimension[];
  /** How many tokens an encoder has read, where the run sees them. */
  readonly encoded?: Dimension | undefined;
}

/** One row of a run. */
export interface RunRow {
  readonly tokens: readonly number[];
  /** The first token's position. */
  readonly start: number;
  /** Which of a pair's texts each token belongs to; the first if omitted. */
  readonly types?: readonly number[];
  /** Where a second text begins that follows the same tokens as the first, and sees nothing of it. */
  readonly branch?: Branch;
  /** How many of its first tokens others see; all of them if omitted. */
  readonly seen?: number;
}

/** Tokens of a row that go back to an earlier one: they take its successors' positions and do not see these. */
export interface Branch {
  /** The index in the run of the first of them. */
  readonly at: number;
  /** How many of the run's first tokens they follow. */
  readonly after: number;
}

/** The position of a run's token by its index, the tokens before the run counted. */
export function positionIn({ start, branch }: Pick<RunRow, "start" | "branch">, index: number): number {
  return start + (branch === undefined || index < branch.at ? index : branch.after + index - branch.at);
}

/** The tokens before a run that it sees. */
interface Past {
  readonly width: number;
  /** How many of them each row has, from the left; one number if all rows have as many. */
  readonly filled: readonly number[];
}

/** The rows of a run, padded on the right. */
export interface RunRows extends ModelShape {
  readonly rows: readonly RunRow[];
  /** Tokens of the longest row. */
  readonly length: number;
  readonly past: Past;
  /** How many tokens an encoder has read for each row, where the run sees them. */
  readonly encoded?: readonly number[] | undefined;
}

/** Where the tokens of an exported graph's run are, and those that they may see. The graph is of a causal model. */
export interface TokenGrid {
  readonly heads: HeadLayout;
  /** How many trained keys that no token made are before all. */
  readonly virtual: number;
  /** How many keys there are to be seen. */
  readonly keys: Dimension;
  /** The first of them that belongs to the run. */
  readonly start: Dimension;
  /** Which of them are not padding, bool [batch, keys]. */
  readonly real: TensorName;
  /** The position of each, int64 [batch, keys]. */
  readonly keyPositions: TensorName;
  /** The run's own positions, int64 [batch, tokens]. */
  readonly positions: TensorName;
}

/** A kind that an exported graph computes. */
interface ComputedInput<Config, Form> {
  /** Writes the nodes; the result's tensors are those of {@linkcode InputKind.fill} wherever there is a token. */
  nodes(config: Config, write: GraphWriter, grid: TokenGrid): Filled<Form, TensorName>;
}

/** A kind that an exported graph does not compute. */
export interface NotExportable {
  /** What the model does with it, as in "distinguishes the texts of a pair". */
  readonly notExportable: string;
}

/** A kind of model input. `Config` is what a model says of it, `Form` which tensors it consists of. */
export interface InputKind<Config, Form> {
  /** The tensors of a run in a program. */
  declare(config: Config, run: RunShape): Filled<Form, TensorType>;
  /** The tensors of a run's rows, of the declared shapes. */
  fill(config: Config, run: RunRows): Filled<Form, HostTensor>;
  readonly exported: ComputedInput<Config, Form> | NotExportable;
}

/** A record with what is made of each entry. */
export function mapEntries<From, To>(
  record: Readonly<Record<string, From>>,
  change: (each: From) => To,
): Readonly<Record<string, To>> {
  return Object.fromEntries(Object.entries(record).map(([name, each]) => [name, change(each)]));
}
