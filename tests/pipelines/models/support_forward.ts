/** Runs a model's forward builder over runs of tokens, for the tests that compare it with reference numbers. @module */
import { relative } from "node:path";
import { addDimensions, type Dimension, multiplyDimensions } from "../../../ops/dimension.ts";
import type { KeyValues } from "../../../ops/nn/attention.ts";
import { rowsAt } from "../../../ops/nn/loss.ts";
import { emitOnnx } from "../../../ops/onnx/emit.ts";
import * as o from "../../../ops/operators.ts";
import { type DataType, input, type Program, type Value, weight } from "../../../ops/program.ts";
import { verify } from "../../../ops/verify.ts";
import type { Architecture, WeightSource } from "../../../pipelines/models/architecture.ts";
import { ConfigReader } from "../../../pipelines/models/config.ts";
import { architectureOf } from "../../../pipelines/models/families.ts";
import { readJsonObject } from "../../../pipelines/models/files.ts";
import type { TensorRecord } from "../../../pipelines/models/safetensors.ts";
import { openWeights } from "../../../pipelines/models/weights.ts";
import type { HostTensor, Runtime } from "../../../pipelines/runtime/runtime.ts";

/** A model folder, opened. */
export interface FolderModel {
  readonly config: ConfigReader;
  readonly architecture: Architecture;
  readonly tensors: ReadonlyMap<string, TensorRecord>;
}

/** Opens a folder that need not hold a tokenizer. */
export async function openFolder(folder: string): Promise<FolderModel> {
  const file = `${folder}/config.json`;
  const config = new ConfigReader(file, await readJsonObject(file, "make it again") ?? {});
  return { config, architecture: architectureOf(config), tensors: (await openWeights(folder)).tensors };
}

/** One row of a run: tokens at the positions from `start` on. */
export interface RunRow {
  readonly start: number;
  readonly tokens: readonly number[];
}

/**
 * Hidden states in transformers' order (the last one behind the final norm) [state][row][token · width], and the logits
 * [row][token · vocabulary], without the places that pad a row.
 */
export interface RunNumbers {
  readonly hiddenStates: readonly (readonly Float32Array[])[];
  readonly logits: readonly Float32Array[];
}

/** A compiled model that runs batches of rows, each cut into the same number of runs. */
export interface Forward {
  /** Each run's numbers. */
  run(runs: readonly (readonly RunRow[])[]): Promise<RunNumbers[]>;
}

/** Compiles a model for rows that are cut into the named runs, in one program: each run's past is the runs before. */
export async function openForward(runtime: Runtime, model: FolderModel, names: readonly string[]): Promise<Forward> {
  const session = await runtime.open(emitOnnx(forwardProgram(model, names), "cpu", (name) => {
    const { file, offset, bytes } = recordOf(model, name);
    return { location: relative("/", file), offset, length: bytes };
  }));
  const { architecture } = model;
  return {
    async run(runs) {
      const { outputs } = await session.run(forwardFeeds(architecture, names, runs));
      return names.map((name, index) => {
        const rows = runs[index] as readonly RunRow[];
        const own = (output: string) => unpadded(outputs[`${name}.${output}`] as HostTensor, rows);
        return {
          hiddenStates: Array.from({ length: architecture.blocks + 1 }, (_, state) => own(`hidden.${state}`)),
          logits: own("logits"),
        };
      });
    },
  };
}

const storedTypes: Readonly<Record<string, DataType>> = { F32: "float32", F16: "float16", BF16: "bfloat16" };

function recordOf({ tensors }: FolderModel, name: string): TensorRecord {
  const record = tensors.get(name);
  if (record === undefined) throw new TypeError(`The folder has no weight ${name}`);
  return record;
}

function forwardProgram(model: FolderModel, names: readonly string[]): Program {
  const { architecture, config } = model;
  const { heads, keyValueHeads, headWidth } = architecture.heads;
  const weights: WeightSource = (name, shape) =>
    o.cast(weight(name, shape, storedTypes[recordOf(model, name).dtype] as DataType), "float32");
  const finalNorm = (hidden: Value) =>
    o.rmsNorm(hidden, weights("model.norm.weight", [architecture.width]), config.number("rms_norm_eps"));

  const outputs: Record<string, Value> = {};
  const past: (readonly KeyValues[])[] = [];
  let keys: Dimension = 0;
  for (const name of names) {
    keys = addDimensions(keys, name);
    const queries = multiplyDimensions(heads / keyValueHeads, name);
    const result = architecture.forward({
      tokens: input(`${name}.tokens`, ["batch", name], "int64"),
      cosines: input(`${name}.cosines`, ["batch", name, headWidth / 2]),
      sines: input(`${name}.sines`, ["batch", name, headWidth / 2]),
      mask: input(`${name}.mask`, [past.length === 0 ? 1 : "batch", 1, queries, keys]),
      past: [...past],
    }, weights);
    past.push(result.keyValues);
    const last = result.hiddenStates[architecture.blocks] as Value;
    result.hiddenStates.forEach((hidden, state) => {
      outputs[`${name}.hidden.${state}`] = hidden === last ? finalNorm(last) : hidden;
    });
    const places = input(`${name}.places`, [`${name}Places`], "int64");
    outputs[`${name}.logits`] = architecture.logits(rowsAt(last, places), weights);
  }
  return verify({ name: "forward", outputs });
}

function forwardFeeds(
  architecture: Architecture,
  names: readonly string[],
  runs: readonly (readonly RunRow[])[],
): Record<string, HostTensor> {
  const feeds: Record<string, HostTensor> = {};
  /** The position of every earlier place of each row, infinite where it pads. */
  let past: readonly number[][] = (runs[0] as readonly RunRow[]).map(() => []);
  runs.forEach((rows, index) => {
    const name = names[index] as string, length = longest(rows);
    const positions = rows.map(({ start }) => Array.from({ length }, (_, at) => start + at));
    Object.assign(feeds, {
      [`${name}.tokens`]: tokenTensor(rows, length),
      [`${name}.cosines`]: angleTensor(positions, architecture, Math.cos),
      [`${name}.sines`]: angleTensor(positions, architecture, Math.sin),
      [`${name}.mask`]: index === 0
        ? maskTensor(positions.slice(0, 1), positions, architecture)
        : maskTensor(positions, positions.map((own, row) => [...past[row] as number[], ...own]), architecture),
      [`${name}.places`]: integerTensor(rows.map((_, row) => row * length).flatMap((first) => span(first, length))),
    });
    past = rows.map(({ tokens }, row) => [
      ...past[row] as number[],
      ...(positions[row] as number[]).map((position, at) => at < tokens.length ? position : Infinity),
    ]);
  });
  return feeds;
}

const longest = (rows: readonly RunRow[]) => Math.max(...rows.map(({ tokens }) => tokens.length));
const span = (first: number, length: number) => Array.from({ length }, (_, at) => first + at);

function integerTensor(elements: readonly number[], shape = [elements.length]): HostTensor {
  return { data: BigInt64Array.from(elements, BigInt), shape };
}

function tokenTensor(rows: readonly RunRow[], length: number): HostTensor {
  const padded = rows.flatMap(({ tokens }) => [...tokens, ...new Array<number>(length - tokens.length).fill(0)]);
  return integerTensor(padded, [rows.length, length]);
}

function angleTensor(
  positions: readonly (readonly number[])[],
  { inverseFrequencies, rotaryScale }: Architecture,
  wave: (angle: number) => number,
): HostTensor {
  const elements = positions.flat().flatMap((position) =>
    inverseFrequencies.map((frequency) => wave(position * frequency) * rotaryScale)
  );
  const shape = [positions.length, positions[0]?.length ?? 0, inverseFrequencies.length];
  return { data: Float32Array.from(elements), shape };
}

/** 0 where a query sees a key, −10⁹ where it does not; repeated for each query head of a key-value head. */
function maskTensor(
  queries: readonly (readonly number[])[],
  keys: readonly (readonly number[])[],
  { heads, slidingWindow = Infinity }: Architecture,
): HostTensor {
  const group = heads.heads / heads.keyValueHeads;
  const elements = queries.flatMap((row, index) => {
    const visible = keys[index] as readonly number[];
    const once = row.flatMap((query) => visible.map((key) => key <= query && query - key < slidingWindow ? 0 : -1e9));
    return new Array<number[]>(group).fill(once).flat();
  });
  const shape = [queries.length, 1, group * (queries[0]?.length ?? 0), keys[0]?.length ?? 0];
  return { data: Float32Array.from(elements), shape };
}

/** A result's rows, whose leading extents are batch and tokens (or both in one), cut to each row's own tokens. */
function unpadded({ data, shape }: HostTensor, rows: readonly RunRow[]): Float32Array[] {
  if (!(data instanceof Float32Array)) throw new TypeError("A result is not float32");
  const width = shape[shape.length - 1] as number, stride = longest(rows) * width;
  return rows.map(({ tokens }, row) => data.subarray(row * stride, row * stride + tokens.length * width));
}

/** The numbers of one place of a row of so many tokens. */
export function placeOf(row: Float32Array | undefined, tokens: number, position: number): Float32Array {
  if (row === undefined) throw new TypeError("The row has no numbers");
  const width = row.length / tokens;
  return row.subarray(position * width, (position + 1) * width);
}

/** The ids that greedy decoding goes on with, by running the whole growing sequence each time. */
export async function continueGreedily(forward: Forward, prompt: readonly number[], count: number): Promise<number[]> {
  const tokens = [...prompt];
  while (tokens.length < prompt.length + count) {
    const [found] = await forward.run([[{ start: 0, tokens }]]);
    const logits = placeOf(found?.logits[0], tokens.length, tokens.length - 1);
    tokens.push(logits.reduce((best, logit, id) => logit > (logits[best] as number) ? id : best, 0));
  }
  return tokens.slice(prompt.length);
}

/** The largest distance between two lists of numbers; infinite where they differ in length or hold no number. */
export function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity;
  let largest = 0;
  for (let at = 0; at < found.length; at++) {
    const difference = Math.abs((found[at] as number) - (expected[at] as number));
    largest = Number.isNaN(difference) ? Infinity : Math.max(largest, difference);
  }
  return largest;
}
