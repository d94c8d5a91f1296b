/**
 * Reads the cases of make_families.py: small models of every family, and transformers' results for them.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { ConfigReader } from "../../../../pipelines/models/architecture/config.ts";
import { readJsonObject } from "../../../../pipelines/common/files.ts";
import { readHeader, readTensor } from "../../../../pipelines/models/weights/safetensors.ts";
import type { TensorRecord } from "../../../../pipelines/models/weights/safetensors_table.ts";

const families = new URL("../../../goldens/families/", import.meta.url);

/** The names of all cases. */
export const familyCases: readonly string[] = [...Deno.readDirSync(families)].map(({ name }) => name).sort();

/** The label of a position that the loss ignores. */
export const UNLABELLED = -100;

/** A float32 tensor in row-major order. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Whole numbers [batch][tokens]. */
export type IdRows = readonly (readonly number[])[];

/** The input tokens of a stack of blocks, and its outputs; values at masked positions have no meaning. */
export interface GoldenStack {
  /** [batch][tokens] */
  readonly tokens: IdRows;
  /** 1 for tokens and 0 for padding, on either side; positions count only the ones. */
  readonly mask: IdRows;
  /**
   * In transformers' order, each [batch, tokens, width]. The last one is after the final norm where there is one,
   * except in ModernBERT, and after OPT's last projection.
   */
  readonly hiddenStates: readonly Numbers[];
  /** By block, the gradient of the loss with respect to the block's output, `hiddenStates[block + 1]`. */
  readonly gradients: ReadonlyMap<number, Numbers>;
}

/** A head's logits and the loss whose gradients are given. */
export interface GoldenHead {
  /** [batch, tokens, vocabulary], or [batch, labels] of a classifier. */
  readonly logits: Numbers;
  /** The target id of each position (or row), {@linkcode UNLABELLED} where there is none. */
  readonly labels: readonly number[];
  /** The mean cross-entropy over the labelled positions. */
  readonly loss: number;
}

/** One case. */
export interface FamilyGolden {
  readonly name: string;
  /** The Hugging Face folder, which has no tokenizer. */
  readonly folder: string;
  readonly config: ConfigReader;
  /** The only stack of a model, or the encoder of a model with two. */
  readonly stack: GoldenStack;
  /** The second stack, to which the head is applied. */
  readonly decoder?: GoldenStack;
  /** Token types [batch][tokens], where the family has them. */
  readonly segments?: IdRows;
  /** Absent for a bare encoder. */
  readonly head?: GoldenHead;
}

/** Reads one of the {@linkcode familyCases}. */
export async function readFamilyGolden(name: string): Promise<FamilyGolden> {
  const folder = fileURLToPath(new URL(name, families)), file = `${folder}/config.json`;
  const fields = await readJsonObject(file, "make it again");
  if (fields === undefined) throw new TypeError(`${file} is absent`);
  const expected = await openExpected(`${folder}/expected.safetensors`);
  const twofold = expected.has("decoder_input_ids");
  return {
    name,
    folder,
    config: new ConfigReader(file, fields),
    stack: await readStack(expected, "", twofold ? "encoder_" : ""),
    ...(twofold ? { decoder: await readStack(expected, "decoder_", "decoder_") } : {}),
    ...(expected.has("token_type_ids") ? { segments: expected.rows("token_type_ids") } : {}),
    ...(expected.has("logits") ? { head: await readHead(expected) } : {}),
  };
}

/** The unmasked numbers of each row of a tensor [batch, tokens, width], as [tokens · width]. */
export function unmaskedRows({ data, shape }: Numbers, mask: IdRows): Float32Array[] {
  const [, tokens = 0, width = 0] = shape;
  return mask.map((places, row) => {
    const first = row * tokens + places.indexOf(1), end = row * tokens + places.lastIndexOf(1) + 1;
    return data.subarray(first * width, end * width);
  });
}

/** The tensors of an expected.safetensors by name; methods that read one throw if it is missing. */
interface Expected {
  has(name: string): boolean;
  /** The names that begin with a prefix and end with a number, with that number, in its order. */
  numbered(prefix: string): readonly (readonly [number, string])[];
  numbers(name: string): Promise<Numbers>;
  /** The elements of an int64 tensor. */
  integers(name: string): number[];
  /** An int64 tensor [batch, tokens]. */
  rows(name: string): IdRows;
}

async function openExpected(file: string): Promise<Expected> {
  const { tensors } = await readHeader(file), content = await Deno.readFile(file);
  const record = (name: string): TensorRecord => {
    const found = tensors.get(name);
    if (found === undefined) throw new TypeError(`${file} has no tensor ${name}`);
    return found;
  };
  const integers = (name: string): number[] => {
    const { dtype, offset, bytes } = record(name);
    if (dtype !== "I64") throw new TypeError(`${file} has ${name} as ${dtype}`);
    return Array.from(new BigInt64Array(content.slice(offset, offset + bytes).buffer), Number);
  };
  return {
    has: (name) => tensors.has(name),
    numbered: (prefix) =>
      [...tensors.keys()].filter((name) => name.startsWith(prefix))
        .map((name) => [Number(name.slice(prefix.length)), name] as const).sort(([a], [b]) => a - b),
    numbers: async (name) => ({ shape: record(name).shape, data: await readTensor(record(name)) }),
    integers,
    rows: (name) => {
      const [batch = 0, tokens = 0] = record(name).shape, elements = integers(name);
      return Array.from({ length: batch }, (_, row) => elements.slice(row * tokens, (row + 1) * tokens));
    },
  };
}

/** Reads a stack; with two stacks, the names of its values and of its tokens have different prefixes. */
async function readStack(expected: Expected, tokens: string, numbers: string): Promise<GoldenStack> {
  const states = expected.numbered(`${numbers}hidden_states.`), gradients = expected.numbered(`${numbers}gradient.`);
  return {
    tokens: expected.rows(`${tokens}input_ids`),
    mask: expected.rows(`${tokens}attention_mask`),
    hiddenStates: await Promise.all(states.map(([, name]) => expected.numbers(name))),
    gradients: new Map(
      await Promise.all(gradients.map(async ([block, name]) => [block, await expected.numbers(name)] as const)),
    ),
  };
}

async function readHead(expected: Expected): Promise<GoldenHead> {
  const [loss = NaN] = (await expected.numbers("loss")).data;
  return { logits: await expected.numbers("logits"), labels: expected.integers("labels"), loss };
}
