/**
 * Generating token by token for a batch of prompts: a prefill of the prompts, with all edits, then one token per row at
 * a time, with the edits that do not act on the prompt only.
 *
 * @module
 */
import { ownValue } from "../../ops/program/own_value.ts";
import type { Adaptation } from "../compile/lower/adaptation.ts";
import { exampleFeeds } from "../compile/rows/feeds.ts";
import { ownJoined } from "../compile/programs/inference_programs.ts";
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
import type { Session } from "../runtime/runtime.ts";
import { type Logits, logitsOf, ofRows, onlyLikeliest } from "./row_logits.ts";
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

/**
 * Which rows are rounded differently than among others: none; a lone one, in the last bits of float32 (as by products
 * with weights that are not packed); or the last of an odd number, in bits that matter because operands are then rounded
 * to 8 bits.
 */
export type OddRounding = "same" | "float32" | "int8";

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
  readonly oddRounding: OddRounding;
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

/** How a row continues: with a token after the tokens of some row. */
export interface Step {
  readonly from: number;
  readonly token: number;
}

/** A step of a batch that has been started. */
interface Started {
  readonly session: Session;
  /** The place of each row in its results. */
  readonly places: readonly number[];
  readonly result: ReturnType<Session["run"]>;
  /** Takes the step as made. */
  readonly done: () => void;
}

/** A step that was started before its tokens were chosen. */
interface Ahead extends Started {
  /** The token of each of the cache's rows that the step assumes. */
  readonly tokens: readonly number[];
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
  /** The row in the cache of each row: others if some have ended since a step was taken ahead of them. */
  #cached: readonly number[] = [];
  #ahead: Ahead | undefined;

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
    this.#cached = [...this.#cached, ...prompts.map((_, row) => this.#cache.places.length + row)];
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
    this.#cached = [...this.#cached, this.#cache.places.length];
    this.#cache.join(row, row.tokens + room);
    this.#prompts = [...this.#prompts, prompt];
    return this.#prompts.length - 1;
  }

  /**
   * Runs one more token per row; from then on the rows are those of the steps.
   *
   * @param isForeseen Whether each row is expected to continue with its likeliest token. Then the step after this one
   * is started before this one's result is there, so that the runtime does not wait for the choice, and of the logits
   * only the likeliest tokens are returned.
   */
  async next(steps: readonly Step[], isForeseen = false): Promise<Logits> {
    const ahead = this.#ahead, from = steps.map(({ from }) => this.#cached[from]!);
    this.#ahead = undefined;
    if (ahead !== undefined && steps.every(({ token }, row) => ahead.tokens[from[row]!] === token)) {
      ahead.done();
      this.#cached = from;
      this.#prompts = steps.map(({ from }) => this.#prompts[from]!);
      // Rows that have ended leave the cache at a step that is not taken ahead.
      const isWhole = from.length === this.#cache.places.length && from.every((row, at) => row === at);
      return await this.#logitsOf(ahead, isForeseen && isWhole);
    }
    const session = this.#session = await this.#generator.decode(), isAhead = isForeseen && session.isApart;
    const step = this.#start(session, from, steps.map(({ from }) => this.#prompts[from]!), {
      steps,
      isChosen: isAhead,
    });
    step.done();
    this.#cached = from.map((_, row) => row);
    this.#prompts = steps.map(({ from }) => this.#prompts[from]!);
    return await this.#logitsOf(step, isAhead);
  }

  /** The logits of a step, after the next one has been started if its tokens are foreseen. */
  async #logitsOf({ places, result, session }: Started, isForeseen: boolean): Promise<Logits> {
    const rows = this.#cached;
    const next = isForeseen && this.#encoded.lengths === undefined
      ? this.#start(session, [...rows.keys()], this.#prompts, { isChosen: true })
      : undefined;
    const { outputs, chosen } = await result;
    if (next !== undefined) this.#ahead = { ...next, tokens: next.places.map((_, row) => chosen![places[row]!]!) };
    const logits = chosen === undefined ? logitsOf(outputs["logits"]!) : onlyLikeliest(chosen);
    return ofRows(logits, (row) => places[rows[row]!]!);
  }

  /** Starts a step of the cache's rows, with the tokens that the previous run chose if none are given. */
  #start(
    session: Session,
    from: readonly number[],
    prompts: readonly TokenizedPrompt[],
    { steps, isChosen }: { readonly steps?: readonly Step[]; readonly isChosen: boolean },
  ): Started {
    const before = this.#cache.places;
    const { places } = placed(from.map((row) => before[row]!)), order = new Array<number>(from.length);
    places.forEach((place, row) => order[place] = row);
    const moved = order.map((row) => before[from[row]!]!);
    const isSame = from.length === before.length && moved.every((row, place) => row === place);
    if (!isSame && this.#encoded.lengths !== undefined) this.#encoded = takeEncoded(this.#encoded, moved);
    const written = writtenFeeds(this.#generator, order.map((row) => prompts[row]!), session);
    const { use, feeds, done } = this.#cache.step(
      from,
      steps?.map(({ token }) => token),
      this.#encoded.lengths && { width: this.#encoded.width, filled: this.#encoded.lengths },
      session.model.outputs.some(({ name }) => name === ownJoined),
    );
    const choosesFrom = isChosen ? "logits" : undefined;
    const result = session.run({ ...feeds, ...this.#encoded.feeds, ...written }, { ...use, choosesFrom });
    // A step that is not used may fail.
    result.catch(() => {});
    return { session, places, result, done };
  }

  /** Frees its keys and values. */
  async close(): Promise<void> {
    await this.#session?.free(this.#id);
  }
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
