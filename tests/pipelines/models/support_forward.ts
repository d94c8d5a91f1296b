/** Runs a model's forward builder over runs of tokens, for the tests that compare it with reference numbers. @module */
import { relative } from "node:path";
import type { KeyValues } from "../../../ops/nn/attention.ts";
import { rowsAt } from "../../../ops/nn/loss.ts";
import { emitOnnx } from "../../../ops/emission/emit.ts";
import * as o from "../../../ops/operators.ts";
import { type DataType, input, type Program, type Value, weight } from "../../../ops/program/program.ts";
import { verify } from "../../../ops/passes/verify.ts";
import type { Architecture, WeightSource } from "../../../pipelines/models/architecture/architecture.ts";
import { ConfigReader } from "../../../pipelines/models/architecture/config.ts";
import { architectureOf } from "../../../pipelines/models/families/mod.ts";
import { requireLogits } from "../../../pipelines/models/architecture/heads.ts";
import { runFeeds, runInputs } from "../../../pipelines/models/architecture/model_inputs.ts";
import { readJsonObject } from "../../../pipelines/common/files.ts";
import type { TensorRecord } from "../../../pipelines/models/weights/safetensors_table.ts";
import { storedName } from "../../../pipelines/models/weights/stored_names.ts";
import { openWeights } from "../../../pipelines/models/weights/weights.ts";
import type { HostTensor, Runtime, Session } from "../../../pipelines/runtime/runtime.ts";

/** An open model folder. */
export interface FolderModel {
  readonly config: ConfigReader;
  readonly architecture: Architecture;
  readonly tensors: ReadonlyMap<string, TensorRecord>;
}

/** Opens a folder, which need not have a tokenizer. */
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
 * Hidden states in transformers' order (the last one after the final norm) [state][row][token · width], and the logits
 * [row][token · vocabulary], without padding.
 */
export interface RunNumbers {
  readonly hiddenStates: readonly (readonly Float32Array[])[];
  readonly logits: readonly Float32Array[];
}

/** A compiled model that runs batches of rows, each cut into the same number of runs. */
export interface Forward {
  /** The hidden states and logits of each run. */
  run(runs: readonly (readonly RunRow[])[]): Promise<RunNumbers[]>;
}

/** Compiles one program for rows that are split into the named runs; the past of each run is the runs before it. */
export async function openForward(runtime: Runtime, model: FolderModel, names: readonly string[]): Promise<Forward> {
  const session = await openProgram(runtime, model, forwardProgram(model, names));
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

/** The location of a weight of the architecture. */
export function recordOf({ tensors, architecture }: FolderModel, name: string): TensorRecord {
  const record = tensors.get(storedName(name, tensors, architecture.barePrefix) ?? name);
  if (record === undefined) throw new TypeError(`The folder has no weight ${name}`);
  return record;
}

/** The folder's weights in float32. */
export function weightsOf(model: FolderModel): WeightSource {
  return (name, shape) => o.cast(weight(name, shape, storedTypeOf(model, name)), "float32");
}

/** The type that a weight is stored in. */
export function storedTypeOf(model: FolderModel, name: string): DataType {
  return storedTypes[recordOf(model, name).dtype] as DataType;
}

/** A session of a program over the folder's weights. */
export function openProgram(runtime: Runtime, model: FolderModel, program: Program): Promise<Session> {
  return runtime.open(emitOnnx(verify(program), "cpu", (name) => {
    const { file, offset, bytes } = recordOf(model, name);
    return { location: relative("/", file), offset, length: bytes };
  }));
}

function forwardProgram(model: FolderModel, names: readonly string[]): Program {
  const { architecture } = model;
  const weights = weightsOf(model);
  const outputs: Record<string, Value> = {};
  const past: (readonly KeyValues[])[] = [];
  names.forEach((name, index) => {
    const before = names.slice(0, index), seen = index === 0 ? 1 : "batch";
    const inputs = runInputs(architecture, { name, batch: "batch", seen, before });
    const result = architecture.forward({ ...inputs, past: [...past] }, weights);
    past.push(result.keyValues);
    const last = result.hiddenStates[architecture.blocks] as Value;
    result.hiddenStates.forEach((hidden, state) => {
      outputs[`${name}.hidden.${state}`] = hidden === last ? architecture.finish(last, weights) : hidden;
    });
    const places = input(`${name}.places`, [`${name}Places`], "int64");
    outputs[`${name}.logits`] = requireLogits(architecture)(rowsAt(last, places), weights);
  });
  return { name: "forward", outputs };
}

function forwardFeeds(
  architecture: Architecture,
  names: readonly string[],
  runs: readonly (readonly RunRow[])[],
): Record<string, HostTensor> {
  const feeds: Record<string, HostTensor> = {};
  const filled = (runs[0] as readonly RunRow[]).map(() => 0);
  let width = 0;
  runs.forEach((rows, index) => {
    const name = names[index] as string, length = longest(rows);
    const past = index === 0 ? {} : { past: { width, filled: [...filled] } };
    Object.assign(feeds, runFeeds(name, architecture, { rows, length, ...past }));
    feeds[`${name}.places`] = integerTensor(rows.flatMap((_, row) => span(row * length, length)));
    rows.forEach(({ tokens }, row) => filled[row]! += tokens.length);
    width += length;
  });
  return feeds;
}

const longest = (rows: readonly RunRow[]) => Math.max(...rows.map(({ tokens }) => tokens.length));
const span = (first: number, length: number) => Array.from({ length }, (_, at) => first + at);

function integerTensor(elements: readonly number[], shape = [elements.length]): HostTensor {
  return { data: BigInt64Array.from(elements, BigInt), shape };
}

/** The rows of a result with the leading extents batch and tokens (or both in one), without their padding. */
function unpadded({ data, shape }: HostTensor, rows: readonly RunRow[]): Float32Array[] {
  if (!(data instanceof Float32Array)) throw new TypeError("A result is not float32");
  const width = shape[shape.length - 1] as number, stride = longest(rows) * width;
  return rows.map(({ tokens }, row) => data.subarray(row * stride, row * stride + tokens.length * width));
}

/** The values at one position of a row with the given number of tokens. */
export function placeOf(row: Float32Array | undefined, tokens: number, position: number): Float32Array {
  if (row === undefined) throw new TypeError("The row has no numbers");
  const width = row.length / tokens;
  return row.subarray(position * width, (position + 1) * width);
}

/** The ids of a greedy continuation, computed by running the whole sequence for each token. */
export async function continueGreedily(forward: Forward, prompt: readonly number[], count: number): Promise<number[]> {
  const tokens = [...prompt];
  while (tokens.length < prompt.length + count) {
    const [found] = await forward.run([[{ start: 0, tokens }]]);
    const logits = placeOf(found?.logits[0], tokens.length, tokens.length - 1);
    tokens.push(logits.reduce((best, logit, id) => logit > (logits[best] as number) ? id : best, 0));
  }
  return tokens.slice(prompt.length);
}

/** The largest difference between two lists of numbers; infinite if their lengths differ or a difference is NaN. */
export function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity;
  let largest = 0;
  for (let at = 0; at < found.length; at++) {
    const difference = Math.abs((found[at] as number) - (expected[at] as number));
    largest = Number.isNaN(difference) ? Infinity : Math.max(largest, difference);
  }
  return largest;
}
