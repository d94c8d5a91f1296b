/**
 * Converts between the state dictionaries of pyreft's classes and Refract's tensors.
 *
 * @module
 */
import { ownValue } from "../../ops/program/own_value.ts";
import type { Intervention } from "../compile/lower/adaptation.ts";
import { householder } from "../compile/parameters/householder.ts";
import type { TensorMap } from "../compile/parameters/initial.ts";
import { RequestError } from "../common/errors.ts";
import { quote } from "../common/suggest.ts";
import { kinds } from "./pyreft_config.ts";
import type { ReadTensor, TorchTensor } from "./torch_file.ts";

/** What pyreft's classes keep besides what they learn. */
const bookkeeping = ["embed_dim", "interchange_dim"];

const rotation = "rotate_layer.parametrizations.weight";

/** The intervention that a state dictionary is for. */
interface StateUse {
  readonly index: number;
  /** pyreft's class. */
  readonly type: string;
  /** The width of what is edited in the model. */
  readonly width: number;
  /** As in config.json; `undefined` if the tensors determine it. */
  readonly rank: number | undefined;
  /** For messages. */
  readonly file: string;
}

/**
 * The tensors of a state dictionary by Refract's names, in Refract's shapes.
 *
 * @throws {RequestError} If it belongs to another class or model.
 */
export function savedForm(state: ReadonlyMap<string, ReadTensor>, use: StateUse): TensorMap {
  const { index, type, width, file } = use;
  const { kind } = ownValue(kinds, type)!;
  const names = namesOf(type, state.has("proj_layer.bias"));
  requireNames(state, use);
  const rank = rankOf(state.get(names["bias"]![0]!)!, names["bias"]![0]!, use);
  const need = (name: string, becomes: string, ...shape: readonly number[]) => {
    const found = state.get(name)!;
    if (found.shape.join() !== shape.join()) {
      throw new RequestError(
        `${name} for ${index}.${becomes} is [${found.shape.join(", ")}] where the model needs [${
          shape.join(", ")
        }]; check --model`,
        { file },
      );
    }
    const at = found.data.findIndex((element) => !Number.isFinite(element));
    if (at >= 0) {
      throw new RequestError(`${name} holds ${found.data[at]}, which is not a finite number; train it again`, { file });
    }
    return { data: found.data, shape };
  };
  const plain = (becomes: string, ...shape: readonly number[]) => {
    const [name] = ownValue(names, becomes) ?? [];
    return name === undefined ? {} : { [becomes]: need(name, becomes, ...shape) };
  };
  const tensors = {
    ...plain("proj", rank, width),
    ...plain("proj_bias", rank),
    ...plain("weight", rank, width),
    ...plain("bias", rank),
  };
  if (kind === "loreft") return { ...plain("rotate", width, rank), ...tensors };
  if (names["rotate"] === undefined) return tensors;
  const [free, base] = [`${rotation}.original`, `${rotation}.0.base`] as const;
  const data = rotationOf(
    need(free, "rotate", width, rank).data,
    need(base, "rotate", width, width).data,
    width,
    rank,
  );
  return { rotate: { data, shape: [width, rank] }, ...tensors };
}

/** The names in a class's state dictionary for the tensors that Refract's come from. */
function namesOf(type: string, hasProjectionBias: boolean): Readonly<Record<string, readonly string[]>> {
  const { kind, orthogonal } = ownValue(kinds, type)!;
  if (kind === "loreft") return { rotate: ["rotate_layer"], weight: ["weight"], bias: ["bias"] };
  const isConstant = kind === "consreft" || kind === "lobireft";
  const source = isConstant
    ? { bias: ["learned_source"] }
    : { weight: ["learned_source.weight"], bias: ["learned_source.bias"] };
  if (isConstant || orthogonal) return { rotate: [`${rotation}.original`, `${rotation}.0.base`], ...source };
  return { proj: ["proj_layer.weight"], ...hasProjectionBias ? { proj_bias: ["proj_layer.bias"] } : {}, ...source };
}

/** Requires that a state dictionary belongs to the class that config.json names. */
function requireNames(state: ReadonlyMap<string, ReadTensor>, { type, file }: StateUse): void {
  const learned = [...state.keys()].filter((name) => !bookkeeping.includes(name));
  const wantedBy = (type: string) => Object.values(namesOf(type, state.has("proj_layer.bias"))).flat();
  const wanted = wantedBy(type);
  const lacking = wanted.find((name) => !state.has(name)), foreign = learned.find((name) => !wanted.includes(name));
  if (lacking === undefined && foreign === undefined) return;
  const others = Object.keys(kinds).filter((other) => {
    const names = wantedBy(other);
    return names.length === learned.length && names.every((name) => state.has(name));
  });
  const problem = lacking === undefined
    ? `holds ${quote(foreign!)}, which a ${type} lacks`
    : `lacks ${lacking}, which a ${type} has`;
  const guess = others.length === 0 ? "" : `it is a ${others.join(" or ")}, `;
  throw new RequestError(`${problem}; ${guess}take the file and config.json from one folder`, { file });
}

function rankOf({ shape }: ReadTensor, name: string, { rank, width, file }: StateUse): number {
  const [found = 0] = shape;
  if (shape.length !== 1 || found < 1 || found > width) {
    throw new RequestError(
      `${name} is [${shape.join(", ")}] where the model allows ranks from 1 to ${width}; check --model`,
      { file },
    );
  }
  if (rank !== undefined && rank !== found) {
    throw new RequestError(
      `has rank ${found} where config.json says low_rank_dimension ${rank}; take both from one folder`,
      { file },
    );
  }
  return found;
}

/**
 * `base · H(X) · diag(X)` as in torch's orthogonal parametrization, where H is the product of X's Householder
 * reflections.
 */
function rotationOf(free: Float32Array, base: Float32Array, width: number, rank: number): Float32Array<ArrayBuffer> {
  const rotation = new Float32Array(width * rank);
  for (let column = 0; column < rank; column++) {
    const vector = new Float64Array(width);
    vector[column] = 1;
    for (let reflection = rank - 1; reflection >= 0; reflection--) {
      const entry = (row: number) => row === reflection ? 1 : free[row * rank + reflection]!;
      let norm = 0, dot = 0;
      for (let row = reflection; row < width; row++) {
        norm += entry(row) ** 2;
        dot += entry(row) * vector[row]!;
      }
      for (let row = reflection; row < width; row++) vector[row]! -= 2 * dot / norm * entry(row);
    }
    const sign = Math.trunc(free[column * rank + column]!);
    for (let row = 0; row < width; row++) {
      let sum = 0;
      for (let inner = 0; inner < width; inner++) sum += base[row * width + inner]! * vector[inner]!;
      rotation[row * rank + column] = sum * sign;
    }
  }
  return rotation;
}

/** What pyreft would save for an intervention. */
export function stateOf(kind: Intervention["kind"], own: TensorMap, width: number): Record<string, TorchTensor> {
  const { rotate, proj, proj_bias, weight, bias } = own as Readonly<Record<string, TorchTensor>>;
  if (kind === "loreft") return { weight: weight!, bias: bias!, rotate_layer: rotate! };
  const number = { shape: [], data: BigInt64Array.of(BigInt(width)) };
  return {
    ...weight === undefined ? { learned_source: bias! } : {},
    embed_dim: number,
    interchange_dim: number,
    ...rotate === undefined ? { "proj_layer.weight": proj! } : restingRotation(rotate),
    ...proj_bias === undefined ? {} : { "proj_layer.bias": proj_bias },
    ...weight === undefined ? {} : { "learned_source.weight": weight, "learned_source.bias": bias! },
  };
}

/** A rotation as torch's orthogonal parametrization stores it before training: neutral free parameters over a base. */
function restingRotation({ data, shape }: TorchTensor): Record<string, TorchTensor> {
  const [width, rank] = shape as readonly [number, number];
  const { reflectors, triangle, signs } = householder(data as Float32Array, width, rank);
  const free = new Float32Array(width * rank), base = new Float32Array(width * width);
  for (let column = 0; column < rank; column++) free[column * rank + column] = -1;
  for (let column = 0; column < width; column++) {
    const sign = column < rank ? signs[column]! : 1;
    const coefficients = Array.from({ length: rank }, (_, row) => {
      let sum = 0;
      for (let inner = 0; inner < rank; inner++) {
        sum += triangle[row * rank + inner]! * reflectors[column * rank + inner]!;
      }
      return sum;
    });
    for (let row = 0; row < width; row++) {
      let sum = row === column ? 1 : 0;
      for (let inner = 0; inner < rank; inner++) sum -= reflectors[row * rank + inner]! * coefficients[inner]!;
      base[row * width + column] = sum * sign;
    }
  }
  return {
    [`${rotation}.original`]: { data: free, shape },
    [`${rotation}.0.base`]: { data: base, shape: [width, width] },
  };
}
