/** Every kind of input as the families use it, and its tensors row by row. @module */
import { addDimensions, type Dimension, multiplyDimensions } from "../../../../ops/program/dimension.ts";
import { leafName, type Value } from "../../../../ops/program/program.ts";
import { distanceCount } from "../../../../ops/nn/distance.ts";
import { createRandom } from "../../../../pipelines/data/random.ts";
import { architectureOf } from "../../../../pipelines/models/families/mod.ts";
import { type InputConfigs, inputKinds, type InputName } from "../../../../pipelines/models/inputs/kinds.ts";
import { type InputModel, type RunExtents, runInputs } from "../../../../pipelines/models/architecture/model_inputs.ts";
import { familyCases, readFamilyGolden } from "../families/families_golden.ts";

/** The names of all kinds. */
export const inputNames = Object.keys(inputKinds) as InputName[];

const models = await Promise.all(familyCases.map(async (name) => {
  const decoder = architectureOf((await readFamilyGolden(name)).config), { encoder } = decoder;
  return encoder === undefined ? [decoder] : [decoder, { ...encoder, family: decoder.family }];
}));

/** The distinct models of the families that have a kind of input, each reduced to that kind. */
export function modelsWith(name: InputName): readonly InputModel[] {
  const found = models.flat().flatMap(({ family, heads, causal, inputs: { [name]: config } }): InputModel[] => {
    return config === undefined ? [] : [{ family, heads, causal, inputs: { [name]: config } satisfies InputConfigs }];
  });
  return [...new Map(found.map((model) => [JSON.stringify({ ...model, family: "" }), model])).values()];
}

/** The declared shapes of a model's inputs, by the names of their tensors. */
export function declaredShapes(model: InputModel, run: RunExtents): ReadonlyMap<string, readonly Dimension[]> {
  const found = new Map<string, readonly Dimension[]>();
  const visit = (tree: object) => {
    if (isValue(tree)) found.set(leafName(tree), tree.shape);
    else Object.values(tree).forEach(visit);
  };
  visit(runInputs(model, run).inputs);
  return found;
}

const isValue = (tree: object): tree is Value => "op" in tree;

/** The indices along each axis that belong to a row: its tokens, the keys that it attends to, its encoder's tokens. */
export interface RowIndices {
  readonly row: number;
  readonly tokens: readonly number[];
  readonly keys: readonly number[];
  readonly encoded?: readonly number[];
  /** The number of tokens of the whole run. */
  readonly length: number;
}

/** The elements of a tensor with the given dimensions that belong to a row, in row-major order. */
export function elementsOf(
  { data, shape }: { readonly data: ArrayLike<number | bigint>; readonly shape: readonly number[] },
  dimensions: readonly Dimension[],
  { name, before = [] }: RunExtents,
  { heads: { heads, keyValueHeads } }: InputModel,
  { row, tokens, keys, encoded, length }: RowIndices,
): number[] {
  const group = Array.from({ length: heads / keyValueHeads }, (_, at) => at);
  const known = new Map<Dimension, readonly number[]>([
    ["batch", [row]],
    [multiplyDimensions(group.length, name), group.flatMap((head) => tokens.map((token) => head * length + token))],
    [name, tokens],
    [distanceCount(name), Array.from({ length: 2 * tokens.length + 1 }, (_, at) => length - tokens.length + at)],
    ...encoded === undefined ? [] : [["encoded", encoded] as const],
    [addDimensions(...before, name), keys],
  ]);
  const axes = dimensions.map((dimension) => {
    const found = typeof dimension === "number"
      ? Array.from({ length: dimension }, (_, at) => at)
      : known.get(dimension);
    if (found === undefined) throw new TypeError(`The suite does not know the extent ${dimension}`);
    return found;
  });
  const starts = axes.reduce((places, indices, axis) => {
    return places.flatMap((place) => indices.map((index) => place * shape[axis]! + index));
  }, [0]);
  return starts.map((at) => Number(data[at]));
}

/** Draws whole numbers from a seed. */
export function drawing(...seed: readonly (number | string)[]): (from: number, to: number) => number {
  const random = createRandom(7, ...seed);
  return (from, to) => from + Math.floor(random.uniform() * (to - from + 1));
}

/** The given number of consecutive integers. */
export const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, at) => from + at);

/** A causal model's inputs, with every other kind that a causal model without an encoder has in some family. */
export function inputConfigsWith(own: InputConfigs): InputConfigs {
  const found = inputNames.map((name): InputConfigs => {
    return name === "encoderMask" ? {} : modelsWith(name).find(({ causal }) => causal)?.inputs ?? {};
  });
  return Object.assign({}, ...found, own);
}
