/**
 * Generating token by token for a batch of prompts: a prefill of the prompts, with all edits, then one token per row at
 * a time, with the edits that do not act on the prompt only.
 *
 * @module
 */
import { ownValue } from "../../ops/program/own_value.ts";
import type { Adaptation } from "../compile/lower/adaptation.ts";
import { exampleFeeds } from "../compile/rows/feeds.ts";
import { indexFeeds } from "../compile/rows/labels.ts";
import { groupExtents, layOut, readTokens } from "../compile/rows/laid_out_rows.ts";
import { type EncodedPrompts, encodedPrompts, joinEncoded, nothingEncoded, takeEncoded } from "./encoded_prompts.ts";
import type { Feeds } from "../common/host_tensor.ts";
import type { KeyValueType } from "../compile/programs/forward.ts";
import type { RunOrigin } from "../compile/frontier/prefill.ts";
import type { Layout } from "../compile/rows/layout.ts";
import { copyTensors, type TensorMap } from "../compile/parameters/initial.ts";
import { columnsOf, maskName, masksOf, maskWidth } from "../compile/lower/edit_masks.ts";
import type { TokenizedPrompt } from "../data/examples.ts";
import type { Architecture } from "../models/architecture/architecture.ts";
import type { HostTensor, Session } from "../runtime/runtime.ts";
import { placed } from "./placed_rows.ts";
import { KeyValueCache, type ReadRow, residentId } from "./key_value_cache.ts";

/** The prefill of prompts, starting from what is already encoded. */
export interface Prefill {
  /** Opens the session for each use, since a session that has not been used for long is closed. */
  readonly session: () => Promise<Session>;
  readonly layout: Layout;
  /** Where the keys and values of each run of tokens come from. */
  readonly runs: readonly RunOrigin[];
  /** The encoded values of some prompts; none for prompts that were not encoded. */
  readonly kept: (prompts: readonly TokenizedPrompt[]) => Feeds;
}

/** A model that is ready to generate. */
export interface Generator {
  readonly architecture: Architecture;
  /** The type in which keys and values are kept; float32 if omitted. */
  readonly keyValueType?: KeyValueType | undefined;
  readonly adaptations: readonly Adaptation[];
  /** The edits' tensors in saved form. */
  readonly tensors: TensorMap;
  /** The prefill of prompts. */
  readonly prefill: Prefill;
  /** Runs further tokens after cached ones, with all edits; omitted with an encoder or fed encoded values. */
  readonly extend?: (() => Promise<Session>) | undefined;
  /** The same, but returning the negative log-likelihoods of given tokens instead of logits. */
  readonly rate?: (() => Promise<Session>) | undefined;
  readonly decode: () => Promise<Session>;
  /** Equal for models that one program decodes with the same tensors: those whose edits act only on prompts. */
  readonly decodesAs: string | object;
  /** Equal for models that process unedited tokens identically. */
  readonly readsAs: string;
  readonly endTokens: ReadonlySet<number>;
  /** The maximum bytes of a batch's keys and values: rows that need more together are decoded one after the other. */
  readonly mostKeyValueBytes: number;
}

/** The maximum number of tokens of a prompt and its continuation. */
export function roomOf({ architecture: { contextLength }, prefill: { layout } }: Generator): number {
  return contextLength - layout.virtual;
}

/** The tokens before the generated ones: the prompt's, or the start token of a decoder with an encoder. */
export function readBefore({ prefill: { layout } }: Generator, prompt: TokenizedPrompt): readonly number[] {
  return readTokens(layOut({ ...prompt, completion: [] }, layout), layout);
}

/** The logits of each row's next token. */
export type Logits = (row: number) => Float32Array;

/** How a row continues: with a token after the tokens of some row. */
export interface Step {
  readonly from: number;
  readonly token: number;
}

/**
 * A batch that is being continued. Its keys and values stay in the runtime's worker; those of an encoder are fed at
 * every step.
 */
export class Continuation {
  readonly #generator: Generator;
  readonly #id = residentId();
  readonly #cache: KeyValueCache;
  /** The prompt of each row. */
  #prompts: readonly TokenizedPrompt[] = [];
  /** Indexed by the rows' places. */
  #encoded: EncodedPrompts | typeof nothingEncoded = nothingEncoded;
  /** Any session of the worker that holds the keys and values. */
  #session: Session | undefined;

  /** @param generator Decodes; the prompts may be prefilled by others with the same `decodesAs`. */
  constructor(generator: Generator) {
    this.#generator = generator;
    this.#cache = new KeyValueCache(generator, generator.prefill.layout.virtual, this.#id);
  }

  /** The number of rows. */
  get rows(): number {
    return this.#prompts.length;
  }

  /**
   * Prefills prompts, whose rows are added after the existing ones.
   *
   * @param room The maximum number of tokens that may follow a prompt.
   * @returns The logits of each prompt's next token, by its index among these prompts.
   */
  async read(
    { architecture, adaptations, tensors, prefill }: Generator,
    prompts: readonly TokenizedPrompt[],
    room: number,
  ): Promise<Logits> {
    const { layout, runs } = prefill, kept = prefill.kept(prompts);
    const rows = prompts.map((prompt) => layOut({ ...prompt, completion: [] }, layout));
    const longest = Math.max(...rows.map((row) => readTokens(row, layout).length));
    const read = runs.filter(({ isEncoded }) => !isEncoded).map(({ segment, blocks }) => {
      const names = (block: number, part: "key" | "value") => blocks[block]![part].name;
      const isShared = layout.segments.some(({ name, rows }) => name === segment && rows === 1);
      return { names, isShared, lengths: rows.map((row) => row[segment].length) };
    });
    const { use, done } = this.#cache.read(read, longest + room);
    this.#session = await prefill.session();
    const { outputs } = await this.#session.run({
      ...exampleFeeds(rows, layout, architecture, adaptations),
      ...kept,
      ...copyTensors(tensors),
      ...indexFeeds(rows.map(({ tail }) => [tail.length - 1]), groupExtents(rows).tail),
    }, use);
    for (const { segment, blocks } of runs.filter(({ isEncoded }) => isEncoded)) {
      const tensorsOf = (block: number, part: "key" | "value") => {
        const { from, name } = blocks[block]![part];
        return ownValue(from === "kept" ? kept : outputs, name)!;
      };
      const fresh = encodedPrompts(architecture, {
        tensors: tensorsOf,
        lengths: rows.map((row) => row[segment].length),
      });
      this.#encoded = this.#encoded.lengths === undefined ? fresh : joinEncoded(this.#encoded, fresh);
    }
    done();
    this.#prompts = [...this.#prompts, ...prompts];
    return logitsOf(outputs["logits"]!);
  }

  /**
   * Adds a prompt that was read elsewhere, where its keys and values have to stay until the next step; its row is added
   * after the existing ones.
   *
   * @param room The maximum number of tokens that may follow it.
   * @returns Its row.
   */
  join(prompt: TokenizedPrompt, row: ReadRow, room: number): number {
    this.#cache.join(row, row.tokens + room);
    this.#prompts = [...this.#prompts, prompt];
    return this.#prompts.length - 1;
  }

  /** Runs one more token per row; from then on the rows are those of the steps. */
  async next(steps: readonly Step[]): Promise<Logits> {
    const before = this.#cache.places, from = steps.map(({ from }) => from);
    const { places } = placed(from.map((row) => before[row]!)), byPlace = new Array<number>(from.length);
    from.forEach((row, at) => byPlace[places[at]!] = row);
    const isSame = from.length === this.#prompts.length && byPlace.every((row, place) => before[row] === place);
    const encoded = this.#encoded.lengths === undefined || isSame
      ? this.#encoded
      : takeEncoded(this.#encoded, byPlace.map((row) => before[row]!));
    const session = this.#session = await this.#generator.decode();
    const written = writtenFeeds(this.#generator, byPlace.map((row) => this.#prompts[row]!), session);
    const { use, feeds, done } = this.#cache.step(from, steps.map(({ token }) => token), encoded.lengths);
    const { outputs } = await session.run({ ...feeds, ...encoded.feeds, ...written }, use);
    done();
    this.#encoded = encoded;
    this.#prompts = from.map((row) => this.#prompts[row]!);
    const logits = logitsOf(outputs["logits"]!);
    return (row) => logits(places[row]!);
  }

  /** Frees its keys and values. */
  async close(): Promise<void> {
    await this.#session?.free(this.#id);
  }
}

/** Logits [rows, vocabulary] by row. */
export function logitsOf({ data, shape }: HostTensor): Logits {
  const width = shape[shape.length - 1]!;
  return (row) => (data as Float32Array).subarray(row * width, (row + 1) * width);
}

/**
 * The feeds for a generated token: the masks of adaptations that act after the prompt, and the tensors that are read.
 */
function writtenFeeds(
  { adaptations, tensors }: Generator,
  prompts: readonly TokenizedPrompt[],
  { model }: Session,
): Feeds {
  const isRead = new Set(model.fed.map(({ name }) => name));
  const masks = masksOf(adaptations).filter((masked) => isRead.has(maskName(masked))).map((masked) => {
    const width = maskWidth(masked),
      data = new Float32Array(prompts.length * width),
      { positions, strength = 1 } = masked;
    if (positions.completion) {
      prompts.forEach((prompt, row) => columnsOf(masked, prompt).forEach((at) => data[row * width + at] = strength));
    }
    return [maskName(masked), { data, shape: [prompts.length, 1, width] }] as const;
  });
  const read = model.fed.flatMap(({ name }) =>
    Object.hasOwn(tensors, name) ? [[name, ownValue(tensors, name)!] as const] : []
  );
  return { ...Object.fromEntries(masks), ...copyTensors(Object.fromEntries(read)) };
}
