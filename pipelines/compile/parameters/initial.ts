/**
 * Initial values: the tensors of every intervention, drawn with a seed or read from a file.
 *
 * @module
 */
import { ownValue, putValue } from "../../../ops/program/own_value.ts";
import { elementCount } from "../../../ops/program/dimension.ts";
import type { HostTensor } from "../../runtime/runtime.ts";
import { createRandom } from "../../data/random.ts";
import { RequestError } from "../../common/errors.ts";
import { isFloating, readHeader, readTensor } from "../../models/weights/safetensors.ts";
import type { SafetensorsHeader } from "../../models/weights/safetensors_table.ts";
import { requireSound } from "../../models/weights/sealed_file.ts";
import { householder, orthonormalColumns } from "./householder.ts";
import { type Adaptation, isFixed } from "../lower/adaptation.ts";
import { baseName, freeName, frozenName } from "../lower/tensor_forms.ts";
import { startsAtOwn } from "../lower/heads.ts";

/** Tensors by name. */
export type TensorMap = Readonly<Record<string, HostTensor>>;

/** Copies for feeding, since a run temporarily transfers the buffers that it is fed. */
export function copyTensors(tensors: TensorMap): Record<string, HostTensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { data, shape }]) => [name, { data: data.slice(), shape }]),
  );
}

/** The model's own weights that tensors may start from. */
export interface StartingWeights {
  /** The Euclidean norms of a weight's rows. */
  readonly rowNorms: (weight: string) => Promise<Float32Array<ArrayBuffer>>;
  /** A head's tensor from the model's files; throws a RequestError if it has another shape there. */
  readonly ofHead: (name: string, shape: readonly number[]) => Promise<Float32Array<ArrayBuffer>> | undefined;
}

/**
 * The saved form of every adaptation's tensors, drawn with a seed like the initial values of torch's layers.
 *
 * @param own For tensors that start from the model's own weights; omitted if no weights are to be read.
 */
export async function drawTensors(
  adaptations: readonly Adaptation[],
  seed: number,
  own?: StartingWeights,
): Promise<TensorMap> {
  const tensors: Record<string, HostTensor> = {};
  for (const adaptation of adaptations) {
    const { index, inputs, tensors: roles } = adaptation;
    for (const [tensor, { shape, start }] of Object.entries(roles)) {
      const name = `${index}.${tensor}`;
      const random = createRandom(seed, "initial", name);
      const count = elementCount(shape);
      if (start === "orthogonal") {
        const [rows, columns] = shape as readonly [number, number];
        const normal = Float64Array.from({ length: count }, () => random.normal());
        putValue(tensors, name, { data: orthonormalColumns(normal, rows, columns), shape });
      } else if (start === "rowNorms" && adaptation.form === "adapter" && own !== undefined) {
        putValue(tensors, name, { data: await own.rowNorms(adaptation.weight), shape });
      } else {
        const ofCheckpoint = adaptation.form === "head" && startsAtOwn(adaptation, tensor)
          ? await own?.ofHead(tensor, shape)
          : undefined;
        if (ofCheckpoint !== undefined) {
          putValue(tensors, name, { data: ofCheckpoint, shape });
          continue;
        }
        const bound = 1 / Math.sqrt(inputs);
        const draws = {
          linear: () => (2 * random.uniform() - 1) * bound,
          unit: () => random.uniform(),
          normal: () => random.normal(),
          narrow: () => 0.02 * random.normal(),
          zero: () => 0,
          one: () => 1,
          rowNorms: () => 1,
        };
        putValue(tensors, name, { data: Float32Array.from({ length: count }, draws[start]), shape });
      }
    }
  }
  return tensors;
}

/**
 * Reads and checks a whole file of trained tensors.
 *
 * @returns Its header.
 * @throws {RequestError} If the file has changed since Refract wrote it, or a number is not finite.
 */
export async function requireSoundTensors(path: string): Promise<SafetensorsHeader> {
  const header = await readHeader(path);
  await requireSound(path);
  for (const record of header.tensors.values()) {
    if (!isFloating(record)) continue;
    const unsound = (await readTensor(record)).find((number) => !Number.isFinite(number));
    if (unsound === undefined) continue;
    throw new RequestError(`the tensor ${record.name} holds ${unsound}; train or import it again`, { file: path });
  }
  return header;
}

/**
 * The saved form of some adaptations' tensors, read from a file in which their indices start from 0.
 *
 * @param purpose What they are read for. To be evaluated, the columns of a rotation may be zero, as weight decay leaves
 * them.
 * @throws {RequestError} If the file is damaged, a tensor is missing, has another shape or is not finite, or an
 * orthogonal tensor is not orthonormal.
 */
export async function readTensors(
  path: string,
  adaptations: readonly Adaptation[],
  purpose: "evaluate" | "train" = "evaluate",
): Promise<TensorMap> {
  const { tensors: records } = await requireSoundTensors(path);
  const first = adaptations[0]?.index ?? 0;
  const tensors: Record<string, HostTensor> = {};
  for (const { index, tensors: roles } of adaptations) {
    for (const [tensor, { shape, start }] of Object.entries(roles)) {
      const name = `${index - first}.${tensor}`;
      const record = records.get(name);
      if (record === undefined) {
        const known = [...records.keys()].slice(0, 12).join(", ") || "none";
        throw new RequestError(
          `the tensor ${name} that the edit needs is missing; the file has ${known}${records.size > 12 ? ", …" : ""}`,
          {
            file: path,
          },
        );
      }
      if (record.shape.join() !== shape.join()) {
        throw new RequestError(
          `the tensor ${name} is [${record.shape.join(", ")}] where the edit needs [${
            shape.join(", ")
          }]; check rank and model`,
          { file: path },
        );
      }
      const data = await readTensor(record);
      if (start === "orthogonal") {
        requireOrthonormal(data, shape as readonly [number, number], purpose === "evaluate", { name, file: path });
      }
      tensors[`${index}.${tensor}`] = { data, shape };
    }
  }
  return tensors;
}

/** @param mayBeZero Whether columns of zeros may stand among the orthonormal ones. */
function requireOrthonormal(
  data: Float32Array,
  shape: readonly [number, number],
  mayBeZero: boolean,
  { name, file }: { readonly name: string; readonly file: string },
): void {
  const [rows, columns] = shape, zero = zeroColumns(data, shape);
  for (let left = 0; left < columns; left++) {
    if (mayBeZero && zero.has(left)) continue;
    for (let right = 0; right <= left; right++) {
      let dot = 0;
      for (let row = 0; row < rows; row++) dot += data[row * columns + left]! * data[row * columns + right]!;
      if (Math.abs(dot - (left === right ? 1 : 0)) <= 1e-2) continue;
      const instead = zero.size > 0 ? ", such as one that was trained without weightDecay" : "";
      throw new RequestError(
        `the tensor ${name} has columns that are not orthonormal; start from a rotation${instead}`,
        { file },
      );
    }
  }
}

/** The columns of a matrix [rows, columns] that hold only zeros. */
function zeroColumns(data: Float32Array, [rows, columns]: readonly [number, number]): ReadonlySet<number> {
  const zero = new Set(Array.from({ length: columns }, (_, column) => column));
  for (let at = 0; at < rows * columns; at++) if (data[at] !== 0) zero.delete(at % columns);
  return zero;
}

/**
 * Converts tensors in saved form to what the training programs are fed: plain ones unchanged, an orthogonal one as the
 * initial free numbers (−1 on the diagonal) over the base that the tensor itself spans.
 */
export function trainedForm(adaptations: readonly Adaptation[], saved: TensorMap): {
  readonly parameters: TensorMap;
  /** The fed tensors that never change: the bases of orthogonal tensors, and frozen tensors. */
  readonly bases: TensorMap;
} {
  const parameters: Record<string, HostTensor> = {}, bases: Record<string, HostTensor> = {};
  for (const adaptation of adaptations) {
    for (const [tensor, role] of Object.entries(adaptation.tensors)) {
      const name = `${adaptation.index}.${tensor}`, { shape, start } = role;
      const value = ownValue(saved, name);
      if (value === undefined) throw new TypeError(`No initial value for ${name}`);
      if (isFixed(adaptation, role)) {
        putValue(bases, frozenName(name), { data: value.data.slice(), shape });
        continue;
      }
      if (start !== "orthogonal") {
        putValue(parameters, name, { data: value.data.slice(), shape });
        continue;
      }
      const [rows, columns] = shape as readonly [number, number];
      const free = new Float32Array(rows * columns);
      for (let column = 0; column < columns; column++) free[column * columns + column] = -1;
      const base = householder(value.data as Float32Array, rows, columns);
      putValue(parameters, freeName(name), { data: free, shape });
      putValue(bases, baseName(name, "reflectors"), { data: base.reflectors, shape });
      putValue(bases, baseName(name, "triangle"), { data: base.triangle, shape: [columns, columns] });
      putValue(bases, baseName(name, "signs"), { data: base.signs, shape: [columns, 1] });
    }
  }
  return { parameters, bases };
}
