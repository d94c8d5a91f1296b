/**
 * A batch of prompts that is continued token by token: one pass over the prompts, in which their edits act, then one token
 * a row at a time, in which those act that are not of the prompt alone.
 *
 * @module
 */
import { ownValue } from "../../ops/program/own_value.ts";
import { actsOnCompletion, type Adaptation, interventionsOf } from "../compile/lower/adaptation.ts";
import { exampleFeeds } from "../compile/rows/feeds.ts";
import { indexFeeds } from "../compile/rows/labels.ts";
import { groupExtents, layOut, readTokens } from "../compile/rows/laid_out_rows.ts";
import { type EncodedPrompts, encodedPrompts, joinEncoded, nothingEncoded, takeEncoded } from "./encoded_prompts.ts";
import type { Feeds } from "../common/host_tensor.ts";
import type { RunOrigin } from "../compile/frontier/prefill.ts";
import type { Layout } from "../compile/rows/layout.ts";
import { copyTensors, type TensorMap } from "../compile/parameters/initial.ts";
import { columnsOf } from "../compile/lower/edit_masks.ts";
import { maskName, maskWidth } from "../compile/lower/edit_masks.ts";
import type { TokenizedPrompt } from "../data/examples.ts";
import type { Architecture } from "../models/architecture/architecture.ts";
import type { HostTensor, Session } from "../runtime/runtime.ts";
import { KeyValueCache } from "./key_value_cache.ts";

/** The pass over prompts, from what is known of them already. */
export interface Prefill {
  /** Opened for every use, as one that is long unused is closed. */
  readonly session: () => Promise<Session>;
  readonly layout: Layout;
  /** Where the keys and values of each run of tokens come from. */
  readonly runs: readonly RunOrigin[];
  /** What was encoded of some prompts; nothing of those that were not. */
  readonly kept: (prompts: readonly TokenizedPrompt[]) => Feeds;
}

/** A model ready to generate. */
export interface Generator {
  readonly architecture: Architecture;
  readonly adaptations: readonly Adaptation[];
  /** The edits' tensors in saved form. */
  readonly tensors: TensorMap;
  /** Reads prompts. */
  readonly prefill: Prefill;
  readonly decode: () => Promise<Session>;
  /** The same of models that one program decodes from the same tensors: those whose edits act on prompts alone. */
  readonly decodesAs: string | object;
  readonly endTokens: ReadonlySet<number>;
  /** What the keys and values of a batch may take, in bytes: rows that need more together are written one after the other. */
  readonly mostKeyValueBytes: number;
}

/** How many tokens a prompt and its continuation may have. */
export function roomOf({ architecture: { contextLength }, prefill: { layout } }: Generator): number {
  return contextLength - layout.virtual;
}

/** The tokens before those that are written: the prompt's, or the one that a decoder with an encoder starts with. */
export function readBefore({ prefill: { layout } }: Generator, prompt: TokenizedPrompt): readonly number[] {
  return readTokens(layOut({ ...prompt, completion: [] }, layout), layout);
}

/** The logits of each row's next token. */
export type Logits = (row: number) => Float32Array;

/** What a row goes on with: another token after what some row has read. */
export interface Step {
  readonly from: number;
  readonly token: number;
}

/** A batch being continued. */
export class Continuation {
  readonly #generator: Generator;
  /** Each row's. */
  #prompts: readonly TokenizedPrompt[];
  #cache: KeyValueCache;
  /** What an encoder has read of the prompts, fed at every step. */
  #encoded: EncodedPrompts | typeof nothingEncoded;

  private constructor(
    generator: Generator,
    prompts: readonly TokenizedPrompt[],
    cache: KeyValueCache,
    encoded: EncodedPrompts | typeof nothingEncoded,
  ) {
    this.#generator = generator;
    this.#prompts = prompts;
    this.#cache = cache;
    this.#encoded = encoded;
  }

  /**
   * Reads the prompts.
   *
   * @param room How many tokens may follow a prompt at most.
   */
  static async start(
    generator: Generator,
    prompts: readonly TokenizedPrompt[],
    room: number,
  ): Promise<{ readonly continuation: Continuation; readonly logits: Logits }> {
    const { architecture, adaptations, tensors, prefill } = generator;
    const { session, layout, runs } = prefill, kept = prefill.kept(prompts);
    const rows = prompts.map((prompt) => layOut({ ...prompt, completion: [] }, layout));
    const read = rows.map((row) => readTokens(row, layout).length);
    let encoded: EncodedPrompts | typeof nothingEncoded = nothingEncoded;
    const { outputs } = await (await session()).run({
      ...exampleFeeds(rows, layout, architecture, adaptations),
      ...kept,
      ...copyTensors(tensors),
      ...indexFeeds(rows.map(({ tail }) => [tail.length - 1]), groupExtents(rows).tail),
    });
    const shape = { architecture, virtual: layout.virtual, most: Math.max(...read) + room };
    const cache = new KeyValueCache(shape, read);
    for (const { segment, isEncoded, blocks } of runs) {
      const tensorsOf = (block: number, part: "key" | "value") => {
        const { from, name } = blocks[block]![part];
        return ownValue(from === "kept" ? kept : outputs, name)!;
      };
      const run = { tensors: tensorsOf, lengths: rows.map((row) => row[segment].length) };
      if (isEncoded) encoded = encodedPrompts(architecture, run);
      else cache.append(run);
    }
    return {
      continuation: new Continuation(generator, prompts, cache, encoded),
      logits: logitsOf(outputs["logits"]!),
    };
  }

  /** How many rows it has. */
  get rows(): number {
    return this.#prompts.length;
  }

  /** Some of the rows, to be continued by themselves. */
  take(rows: readonly number[]): Continuation {
    const { lengths } = this.#encoded;
    return new Continuation(
      this.#generator,
      rows.map((row) => this.#prompts[row]!),
      this.#cache.take(rows),
      lengths === undefined ? nothingEncoded : takeEncoded(this.#encoded, rows),
    );
  }

  /** The rows of both in one batch, those of the other last; both are decoded by the same program. */
  join(other: Continuation): Continuation {
    const encoded = this.#encoded.lengths === undefined || other.#encoded.lengths === undefined
      ? nothingEncoded
      : joinEncoded(this.#encoded, other.#encoded);
    const prompts = [...this.#prompts, ...other.#prompts];
    return new Continuation(this.#generator, prompts, this.#cache.join(other.#cache), encoded);
  }

  /** Reads one further token a row; the rows from then on are those of the steps. */
  async next(steps: readonly Step[]): Promise<Logits> {
    const isSame = steps.length === this.#prompts.length && steps.every(({ from }, row) => from === row);
    if (!isSame || this.#cache.isFull) this.#continueFrom(this.take(steps.map(({ from }) => from)));
    const decode = await this.#generator.decode(), written = writtenFeeds(this.#generator, this.#prompts, decode);
    const { feeds, lengths } = this.#encoded, tokens = steps.map(({ token }) => token);
    const { outputs } = await decode.run({ ...this.#cache.feeds(tokens, lengths), ...feeds, ...written });
    this.#cache.step(outputs);
    return logitsOf(outputs["logits"]!);
  }

  #continueFrom(taken: Continuation): void {
    this.#prompts = taken.#prompts;
    this.#cache = taken.#cache;
    this.#encoded = taken.#encoded;
  }
}

/** Logits [rows, vocabulary] by their row. */
export function logitsOf({ data, shape }: HostTensor): Logits {
  const width = shape[shape.length - 1]!;
  return (row) => (data as Float32Array).subarray(row * width, (row + 1) * width);
}

/** What is fed for a written token: the masks of adaptations that act after the prompt, and the tensors that are read. */
function writtenFeeds(
  { adaptations, tensors }: Generator,
  prompts: readonly TokenizedPrompt[],
  { model }: Session,
): Feeds {
  const acting = adaptations.filter(actsOnCompletion);
  const masks = interventionsOf(acting).map((intervention) => {
    const { strength = 1 } = intervention,
      width = maskWidth(intervention),
      data = new Float32Array(prompts.length * width);
    prompts.forEach((prompt, row) =>
      columnsOf(intervention, prompt).forEach((at) => data[row * width + at] = strength)
    );
    return [maskName(intervention), { data, shape: [prompts.length, 1, width] }] as const;
  });
  const read = model.fed.flatMap(({ name }) =>
    Object.hasOwn(tensors, name) ? [[name, ownValue(tensors, name)!] as const] : []
  );
  return { ...Object.fromEntries(masks), ...copyTensors(Object.fromEntries(read)) };
}
