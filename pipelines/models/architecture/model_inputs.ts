/**
 * The inputs of a model, kind by kind: as values of a program, as tensors that the host fills, and as nodes of an
 * exported graph. All three have the same names: `<run>.<kind>`, with further parts if a kind has several tensors.
 *
 * @module
 */
import type { GraphWriter, TensorName } from "../../../ops/onnx/graph_writer.ts";
import * as o from "../../../ops/operators.ts";
import { input, type Value } from "../../../ops/program/program.ts";
import { RequestError } from "../../common/errors.ts";
import type { Feeds, HostTensor } from "../../common/host_tensor.ts";
import type { Architecture, TokenRun } from "./architecture.ts";
import type { NotExportable, RunRows, RunShape, TensorType, TokenGrid } from "../inputs/input_kind.ts";
import { type InputConfigs, inputKinds, type InputName, type ModelInputs } from "../inputs/kinds.ts";
import { perToken } from "../inputs/per_token.ts";

/** A kind's tensors, or values for each of them, by name. */
type Tree<Leaf> = Leaf | { readonly [name: string]: Tree<Leaf> };

/** A kind with any config and form. */
interface AnyInputKind {
  declare(config: unknown, run: RunShape): Tree<TensorType>;
  fill(config: unknown, run: RunRows): Tree<HostTensor>;
  readonly exported:
    | { nodes(config: unknown, write: GraphWriter, grid: TokenGrid): Tree<TensorName> }
    | NotExportable;
}

const kinds: Readonly<Record<InputName, AnyInputKind>> = inputKinds;

/** The properties of a model that decide its inputs. */
export type InputModel = Pick<Architecture, "family" | "heads" | "causal" | "inputs">;

/** The kinds of inputs that a model has, each with its config. */
function kindsOf(inputs: InputConfigs): (readonly [name: InputName, kind: AnyInputKind, config: unknown])[] {
  return (Object.keys(kinds) as InputName[]).flatMap((name) => {
    return inputs[name] === undefined ? [] : [[name, kinds[name], inputs[name]] as const];
  });
}

/** A tree with a function applied to each leaf. */
function mapLeaves<From, To>(
  tree: Tree<From>,
  isLeaf: (tree: Tree<From>) => tree is From,
  name: string,
  change: (leaf: From, name: string) => To,
): Tree<To> {
  if (isLeaf(tree)) return change(tree, name);
  const branches = Object.entries(tree as Readonly<Record<string, Tree<From>>>);
  return Object.fromEntries(branches.map(([key, each]) => [key, mapLeaves(each, isLeaf, `${name}.${key}`, change)]));
}

/** The leaves of a tree and their names. */
function leavesOf<Leaf>(tree: Tree<Leaf>, isLeaf: (tree: Tree<Leaf>) => tree is Leaf, name: string): [string, Leaf][] {
  const found: [string, Leaf][] = [];
  mapLeaves(tree, isLeaf, name, (leaf, own) => found.push([own, leaf]));
  return found;
}

const isTensorType = (tree: Tree<TensorType>): tree is TensorType => Array.isArray(tree.shape);
const isHostTensor = (tree: Tree<HostTensor>): tree is HostTensor => Array.isArray(tree.shape);
const isTensorName = (tree: Tree<TensorName>): tree is TensorName => typeof tree === "string";
const isValue = (tree: Tree<Value>): tree is Value => Array.isArray(tree.shape);

/** The name and shape of a run; by default its name is the symbol of its length, and it sees no tokens before it. */
export type RunExtents =
  & { readonly name: string }
  & Pick<RunShape, "batch" | "seen" | "encoded">
  & Partial<Pick<RunShape, "length" | "before">>;

/** A fed run of tokens: `<name>.tokens` and the inputs of the model. */
export function runInputs(
  { heads, causal, inputs }: Omit<InputModel, "family">,
  extents: RunExtents,
): Pick<TokenRun, "tokens" | "inputs"> {
  const run = { before: [], length: extents.name, ...extents, heads, causal }, { name, batch, length } = run;
  const declared = kindsOf(inputs).map(([kind, { declare }, config]) => {
    const feed = ({ shape, dtype }: TensorType, fed: string) => input(fed, shape, dtype);
    return [kind, mapLeaves(declare(config, run), isTensorType, `${name}.${kind}`, feed)] as const;
  });
  return {
    tokens: input(`${name}.tokens`, [batch, length], "int64"),
    inputs: Object.fromEntries(declared) as ModelInputs,
  };
}

/** The rows of a run; by default there are no tokens before them. */
type FedRows = Pick<RunRows, "rows" | "length" | "encoded"> & Partial<Pick<RunRows, "past">>;

const noPast = { width: 0, filled: [0] } as const;

/** The feeds of a run, with the names and shapes that {@linkcode runInputs} declares. */
export function runFeeds(name: string, { heads, causal, inputs }: Omit<InputModel, "family">, fed: FedRows): Feeds {
  const run: RunRows = { past: noPast, ...fed, heads, causal };
  const filled = kindsOf(inputs).flatMap(([kind, { fill }, config]) => {
    return leavesOf(fill(config, run), isHostTensor, `${name}.${kind}`);
  });
  return { [`${name}.tokens`]: perToken(run, ({ tokens }, at) => tokens[at] ?? 0), ...Object.fromEntries(filled) };
}

/**
 * The inputs of a run as nodes of a graph, by name.
 *
 * @throws {RequestError} If the model has a kind of input that an exported graph cannot compute.
 */
export function inputNodes(
  name: string,
  { family, inputs }: Pick<InputModel, "family" | "inputs">,
  write: GraphWriter,
  grid: TokenGrid,
): Map<string, TensorName> {
  return new Map(
    kindsOf(inputs).flatMap(([kind, { exported }, config]) => {
      if ("nodes" in exported) return leavesOf(exported.nodes(config, write, grid), isTensorName, `${name}.${kind}`);
      throw new RequestError(
        `the ${family} model ${exported.notExportable}, which the export to ONNX does not support; use another base model`,
      );
    }),
  );
}

/** Inputs for several copies of a batch: inputs that differ by row are repeated for each copy. */
export function copyInputs(inputs: ModelInputs, copies: number): ModelInputs {
  const copy = (x: Value) => x.shape[0] === "batch" ? o.concat(new Array<Value>(copies).fill(x), 0) : x;
  const trees: Readonly<Record<string, Tree<Value>>> = inputs;
  const copied = Object.entries(trees).map(([kind, tree]) => [kind, mapLeaves(tree, isValue, kind, copy)] as const);
  return Object.fromEntries(copied) as ModelInputs;
}
