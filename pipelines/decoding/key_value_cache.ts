/** The keys and values of what a batch has read and written: which of them there are, and what runs do with them. @module */
import type { Feeds } from "../common/host_tensor.ts";
import { indexFeeds } from "../compile/rows/labels.ts";
import type { Architecture } from "../models/architecture/architecture.ts";
import { runFeeds } from "../models/architecture/model_inputs.ts";
import type { ResidentUse, RowMove, RowWrite } from "../runtime/resident_rows.ts";
import { placed } from "./placed_rows.ts";

/** What the keys and values of a batch usually may take, in bytes. */
export const mostKeyValueBytes = 2 ** 30;

/** How many more tokens a cache that is full has room for at least. */
const leastGrowth = 32;

/** The bytes of so many tokens' keys and values. */
export function keyValueBytes({ blocks, heads }: Pick<Architecture, "blocks" | "heads">, tokens: number): number {
  return Float32Array.BYTES_PER_ELEMENT * 2 * blocks * heads.keyValueHeads * heads.headWidth * tokens;
}

let residents = 0;

/** A number for tensors that stay in the runtime, which no others have. */
export function residentId(): number {
  return residents++;
}

/** Every block's keys and values, as programs are fed them and as they stay in the runtime. */
export function pastTensors(
  { blocks, heads: { keyValueHeads, headWidth } }: Pick<Architecture, "blocks" | "heads">,
): Pick<ResidentUse, "names" | "heads" | "width" | "isGrouped"> {
  const names = Array.from({ length: blocks }, (_, block) => [`past.${block}.key`, `past.${block}.value`]).flat();
  return { names, heads: keyValueHeads, width: headWidth, isGrouped: true };
}

/** The name of what a run gives of its own tokens, by that of what it is fed of those before. */
export const ownName = (past: string): string => past.replace("past", "own");

/** A prompt that was read elsewhere. */
export interface ReadRow {
  /** The number of the tensors, and the row in them. */
  readonly source: number;
  readonly row: number;
  readonly tokens: number;
}

/** The keys and values of a run of tokens of each prompt. */
interface PromptRun {
  /** The names of those of a block: results, or what is fed. */
  readonly names: (block: number, part: "key" | "value") => string;
  /** Each prompt's tokens in the run. */
  readonly lengths: readonly number[];
  /** Whether all prompts share one row. */
  readonly isShared: boolean;
}

/** Every block's keys and values of a batch, each [rows, keyValueHeads, tokens, headWidth], filled from the left. */
export class KeyValueCache {
  readonly #architecture: Architecture;
  readonly #virtual: number;
  readonly #id: number;
  readonly #names: readonly (readonly [name: string, block: number, part: "key" | "value"])[];
  #capacity = { rows: 0, tokens: 0 };
  /** By place: how many tokens the row there has. */
  #filled: readonly number[] = [];
  /** The place of each row. */
  #places: readonly number[] = [];
  /** By place: those that are still where they were read. */
  #joining: ReadonlyMap<number, ReadRow> = new Map();
  #mostTokens = 0;

  /**
   * @param id The number of its tensors in the runtime.
   * @param virtual How many tokens that are never read come before each row.
   */
  constructor(architecture: Architecture, virtual: number, id: number) {
    this.#architecture = architecture;
    this.#virtual = virtual;
    this.#id = id;
    this.#names = Array.from(
      { length: architecture.blocks },
      (_, block) => (["key", "value"] as const).map((part) => [`past.${block}.${part}`, block, part] as const),
    ).flat();
  }

  /** The place of each row among what a run gives. */
  get places(): readonly number[] {
    return this.#places;
  }

  /**
   * What the run over further prompts does: their keys and values are written to rows after those that there are.
   *
   * @param most The most tokens that any of the prompts comes to have.
   * @returns The use, and what is to be called when the run is over.
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
   * Takes a row more, which is copied when the next step is made.
   *
   * @param most The most tokens that it comes to have.
   */
  join(row: ReadRow, most: number): void {
    const place = this.#filled.length;
    this.#joining = new Map([...this.#joining, [place, row]]);
    this.#places = [...this.#places, place];
    this.#filled = [...this.#filled, row.tokens];
    this.#mostTokens = Math.max(this.#mostTokens, most);
  }

  /**
   * What the run over one further token of each row does, and is fed.
   *
   * @param from The row that each continues after.
   * @param encoded How many tokens an encoder has read for each row by its place, if one has.
   */
  step(from: readonly number[], tokens: readonly number[], encoded: readonly number[] | undefined) {
    const before = from.map((row) => this.#places[row]!), { places, moves } = placed(before);
    const filled = new Array<number>(from.length), ordered = new Array<number>(from.length);
    from.forEach((row, at) => {
      filled[places[at]!] = this.#filled[this.#places[row]!]!;
      ordered[places[at]!] = tokens[at]!;
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
      tensors: this.#names.map(([name]) => [ownName(name), name] as const),
      rows: filled.map((at, place) => ({ from: place, length: 1, to: place, at })),
    }];
    const seen = filled.map((each) => this.#virtual + each);
    const feeds: Feeds = {
      ...runFeeds("tail", this.#architecture, {
        rows: ordered.map((token, place) => ({ tokens: [token], start: seen[place]! })),
        length: 1,
        past: { width: this.#virtual + grown.tokens, filled: seen },
        encoded,
      }),
      ...indexFeeds(ordered.map(() => [0]), 1),
    };
    const use: ResidentUse = { ...grown, moves: copied, reads: from.length, writes };
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

  /** The tensors with room for so many rows and tokens: a share more, so that they seldom grow. */
  #grown(rows: number, tokens: number): Omit<ResidentUse, "moves" | "reads" | "writes"> {
    const before = this.#capacity;
    const more = tokens + Math.max(leastGrowth, Math.ceil(tokens / 4));
    this.#capacity = {
      rows: rows <= before.rows ? before.rows : Math.max(rows, before.rows === 0 ? rows : Math.ceil(before.rows * 1.5)),
      tokens: tokens <= before.tokens
        ? before.tokens
        : Math.max(tokens, Math.min(Math.max(this.#mostTokens, tokens), more)),
    };
    return { id: this.#id, ...pastTensors(this.#architecture), ...this.#capacity };
  }
}
