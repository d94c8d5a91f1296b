/**
 * A GGUF file's tensors one by one, for those who keep its matrices in a few bits: blocks that already have these bits
 * are taken as they are, and nothing is widened on disk.
 *
 * @module
 */
import type { CodeType } from "../../../ops/program/program.ts";
import { type QuantizedMatrix, quantizeTensor } from "../weights/quantization.ts";
import type { TensorRecord } from "../weights/safetensors_table.ts";
import { blockCodes } from "./block_codes.ts";
import type { OutputTensor } from "./outputs.ts";
import { planConversion } from "./plan.ts";
import { readGguf } from "./reader.ts";
import { readBlocks, readNumbers } from "./weights.ts";

/** A model's weights in a GGUF file, by their names in the architecture. */
export interface GgufMatrices {
  /** Whether the converted weights would all be float32 numbers, but for the matrices. */
  readonly isWide: (isMatrix: (name: string) => boolean) => boolean;
  /**
   * A matrix in a few bits.
   *
   * @throws {RequestError} If it contains a number that is not finite, or the file can't be read.
   */
  readonly matrix: (name: string, columns: number, type: CodeType) => QuantizedMatrix;
  /** A weight in float32. */
  readonly numbers: (name: string) => Float32Array<ArrayBuffer>;
}

/** Tensors by name. */
type Tensors = ReadonlyMap<string, TensorRecord>;

/**
 * The weights in a GGUF file.
 *
 * @param storedOf Finds the tensors of the architecture's weights among all, by name.
 * @throws {RequestError} If the file can't be read.
 */
export function ggufMatrices(file: string, storedOf: (tensors: Tensors) => Tensors): GgufMatrices {
  const { outputs } = planConversion(readGguf(file));
  const byName = new Map(outputs.map((output) => [output.name, output]));
  const records = outputs.map(({ name, shape }): [string, TensorRecord] => {
    return [name, { name, dtype: "F32", shape, file, offset: 0, bytes: 0 }];
  });
  const stored = storedOf(new Map(records));
  const outputOf = (name: string): OutputTensor => byName.get(stored.get(name)!.name)!;
  return {
    isWide: (isMatrix) => {
      return [...stored.keys()].every((name) => isMatrix(name) || !halfTypes.has(outputOf(name).source.type.name));
    },
    matrix(name, columns, type) {
      const output = outputOf(name), { isTransposed, above, source } = output;
      const same = blockCodes.find((blocks) => blocks.type === type && blocks.name === source.type.name);
      if (same !== undefined && isTransposed === undefined && above === undefined) {
        return same.codes(readBlocks(file, output));
      }
      return quantizeTensor(readNumbers(file, output), columns, type, { name: source.name, file });
    },
    numbers: (name) => readNumbers(file, outputOf(name)),
  };
}

const halfTypes = new Set(["F16", "BF16"]);
