/** The key-value cache of a batch: which tokens it holds, and how runs read and write it. @module */
import type { Feeds } from "../common/host_tensor.ts";
import { ownJoined } from "../compile/programs/inference_programs.ts";
import { indexFeeds } from "../compile/rows/labels.ts";
import type { KeyValueType } from "../compile/programs/forward.ts";
import type { Architecture } from "../models/architecture/architecture.ts";
import type { RunRows } from "../models/inputs/input_kind.ts";
import { runFeeds } from "../models/architecture/model_inputs.ts";
import type { ResidentUse, RowMove, RowWrite } from "../runtime/resident_rows.ts";
import { placed } from "./placed_rows.ts";

/** The default limit of a batch's keys and values, in bytes. */
export const mostKeyValueBytes = 2 ** 30;

/**
 * A width for tensors of at least this many tokens: a multiple of 32, so that a row's numbers do not depend on the
 * longest row of its batch. A generated token's score follows those of the past, and where these end at a multiple of
 * vector registers, the same numbers are added in the same order.
 */
export const alignedWidth = (tokens: number): number => Math.ceil(Math.max(1, tokens) / 32) * 32;

/** The keys and values of a model. */
export interface KeyValueForm {
  readonly architecture: Pick<Architecture, "blocks" | "heads">;
  readonly keyValueType?: KeyValueType | undefined;
}

/** The bytes of the keys and values of a number of tokens. */
export function keyValueBytes(
  { architecture: { blocks, heads }, keyValueType = "float32" }: KeyValueForm,
  tokens: number,
): number {
  return elementBytes[keyValueType] * 2 * blocks * heads.keyValueHeads * heads.headWidth * tokens;
}

const elementBytes: Readonly<Record<KeyValueType, number>> = { float32: 4, float16: 2 };

let residents = 0;

/** A unique number for tensors that stay in the runtime. */
export function residentId(): number {
  return residents++;
}

/** Every block's keys and values, as programs are fed them and as they stay in the runtime. */
export function pastTensors(
  { architecture: { blocks, heads: { keyValueHeads, headWidth } }, keyValueType: type = "float32" }: KeyValueForm,
): Pick<ResidentUse, "names" | "heads" | "width" | "type" | "isGrouped"> {
  const names = Array.from({ length: blocks }, (_, block) => [`past.${block}.key`, `past.${block}.value`]).flat();
  return { names, heads: keyValueHeads, width: headWidth, type, isGrouped: true };
}

/** The name of a run's result for its own tokens, from the name of the fed tensor of earlier tokens. */
export const ownName = (past: string): string => past.replace("past", "own");

/** A prompt that was prefilled elsewhere. */
export interface ReadRow {
  /** The number of the tensors that hold it, and the row in them. */
  readonly source: number;
  readonly row: number;
  readonly tokens: number;
}

/** The keys and values of a run of tokens of each prompt. */
interface PromptRun {
  /** The names of a block's tensors: results of the run, or fed ones. */
  readonly names: (block: number, part: "key" | "value") => string;
  /** The number of each prompt's tokens in the run. */
  readonly lengths: readonly number[];
  /** Whether all prompts share one row. */
  readonly isShared: boolean;
}

/** Every block's keys and values of a batch, each [rows, keyValueHeads, tokens, headWidth], filled from the left. */
export class KeyValueCache {
  readonly #form: KeyValueForm & { readonly architecture: Architecture };
  readonly #virtual: number;
  readonly #id: number;
  readonly #names: readonly (readonly [name: string, block: number, part: "key" | "value"])[];
  #capacity = { rows: 0, tokens: 0 };
  /** The number of tokens of the row at each place. */
  #filled: readonly number[] = [];
  /** The place of each row. */
  #places: readonly number[] = [];
  /** By place, the prompts that are still where they were prefilled. */
  #joining: ReadonlyMap<number, ReadRow> = new Map();
  #mostTokens = 0;

  /**
   * @param id The number of its tensors in the runtime.
   * @param virtual The number of virtual tokens before each row, which are never read.
   */
  constructor(form: KeyValueForm & { readonly architecture: Architecture }, virtual: number, id: number) {
    this.#form = form;
    this.#virtual = virtual;
    this.#id = id;
    this.#names = Array.from(
      { length: form.architecture.blocks },
      (_, block) => (["key", "value"] as const).map((part) => [`past.${block}.${part}`, block, part] as const),
    ).flat();
  }

  /** The place of each row in a run's results. */
  get places(): readonly number[] {
    return this.#places;
  }

  /**
   * How the prefill of further prompts uses the cache: their keys and values are written to rows after the existing
   * ones.
   *
   * @param most The maximum number of tokens that any of the prompts will have.
   * @returns The use, and a function to call after the run.
   */
  read(runs: readonly PromptRun[], most: number): { readonly use: ResidentUse; readonly done: () => void } {
    const start = this.#filled.length, filled = runs[0]!.lengths.map(() => 0);
    const writes = runs.map(({ names, lengths, isShared }) => {
      const rows = lengths.map((length, row): RowWrite => {
        return { from: isShared ? 0 : row, length, to: start + row, at: filled[row]! };
      });
      lengths.forEach((length, row) => filled[row]! += length);
      return { tensors: this.#names.map(([name, block, part]) => [names(block, part), name] as const), rows };
    });
    this.#mostTokens = Math.max(this.#mostTokens, most);
    return {
      use: { ...this.#grown(start + filled.length, Math.max(...this.#filled, ...filled)), moves: [], reads: 0, writes },
      done: () => {
        this.#places = [...this.#places, ...filled.map((_, row) => start + row)];
        this.#filled = [...this.#filled, ...filled];
      },
    };
  }

  /**
   * Adds a row, which is copied at the next step.
   *
   * @param most The maximum number of tokens that it will have.
   */
  join(row: ReadRow, most: number): void {
    const place = this.#filled.length;
    this.#joining = new Map([...this.#joining, [place, row]]);
    this.#places = [...this.#places, place];
    this.#filled = [...this.#filled, row.tokens];
    this.#mostTokens = Math.max(this.#mostTokens, most);
  }

  /**
   * How the run of one more token per row uses the cache, and what it is fed.
   *
   * @param from The row that each new row continues.
   * @param tokens Their tokens; `undefined` for those that the previous run chose.
   * @param encoded The tokens that an encoder, if any, has read for the row at each place.
   * @param isJoined Whether the run returns the keys and values of its tokens as one tensor.
   */
  step(
    from: readonly number[],
    tokens: readonly number[] | undefined,
    encoded: RunRows["encoded"],
    isJoined: boolean,
  ) {
    const before = from.map((row) => this.#places[row]!), { places, moves } = placed(before);
    const filled = new Array<number>(from.length), ordered = new Array<number>(from.length);
    from.forEach((row, at) => {
      filled[places[at]!] = this.#filled[this.#places[row]!]!;
      ordered[places[at]!] = tokens?.[at] ?? 0;
    });
    const copied = [
      ...moves.filter(({ from }) => !this.#joining.has(from)).map(({ from, to }): RowMove => {
        return { from, to, at: 0, length: this.#filled[from]! };
      }),
      ...before.flatMap((place, row): RowMove[] => {
        const joining = this.#joining.get(place);
        if (joining === undefined) return [];
        return [{ source: joining.source, from: joining.row, to: places[row]!, at: 0, length: joining.tokens }];
      }),
    ];
    const grown = this.#grown(Math.max(from.length, this.#filled.length), Math.max(...filled) + 1);
    const writes = [{
      tensors: isJoined ? ownJoined : this.#names.map(([name]) => [ownName(name), name] as const),
      rows: filled.map((at, place) => ({ from: place, length: 1, to: place, at })),
    }];
    const seen = filled.map((each) => this.#virtual + each);
    const feeds: Feeds = {
      ...runFeeds("tail", this.#form.architecture, {
        rows: ordered.map((token, place) => ({ tokens: [token], start: seen[place]! })),
        length: 1,
        past: { width: this.#virtual + grown.tokens, filled: seen },
        encoded,
      }),
      ...indexFeeds(ordered.map(() => [0]), 1),
    };
    const fedChosen = tokens === undefined ? "tail.tokens" : undefined;
    const use: ResidentUse = { ...grown, moves: copied, reads: from.length, writes, fedChosen };
    return {
      use,
      feeds,
      done: () => {
        this.#places = places;
        this.#joining = new Map();
        this.#filled = filled.map((each) => each + 1);
      },
    };
  }

  /** The tensors with room for at least `rows` and `tokens`, and some reserve, so that they seldom grow. */
  #grown(rows: number, tokens: number): Omit<ResidentUse, "moves" | "reads" | "writes"> {
    const before = this.#capacity;
    const more = Math.max(tokens, Math.min(Math.max(this.#mostTokens, tokens), tokens + Math.ceil(tokens / 4)));
    this.#capacity = {
      rows: rows <= before.rows ? before.rows : Math.max(rows, before.rows === 0 ? rows : Math.ceil(before.rows * 1.5)),
      tokens: tokens <= before.tokens ? before.tokens : alignedWidth(more),
    };
    return { id: this.#id, ...pastTensors(this.#form), ...this.#capacity };
  }
}
