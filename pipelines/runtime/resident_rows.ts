/**
 * Tensors that stay in the worker between runs: rows of tokens; runs read the first rows and append tokens.
 *
 * @module
 */
import type { HostTensor, RunTensor } from "../common/host_tensor.ts";

/** Tokens of a row of one tensor, and their destination in a row of another. */
export interface RowWrite {
  readonly from: number;
  /** The index of the first of them in the source row; 0 if omitted. */
  readonly start?: number;
  readonly length: number;
  readonly to: number;
  /** The index of the first of them in the destination row. */
  readonly at: number;
}

/** Tokens of a row, and the row that they are copied to. */
export interface RowMove extends RowWrite {
  /** The number of the source tensors, if these are others. */
  readonly source?: number;
}

/** A type that resident tensors can have. */
type ResidentType = "float32" | "float16";

/** How a run uses resident tensors, each [rows, heads, tokens, width]. */
export interface ResidentUse {
  /** The number of the tensors, which are created when it is first used and stay until they are freed. */
  readonly id: number;
  readonly names: readonly string[];
  readonly heads: number;
  readonly width: number;
  /** The type of their elements; results in float32 are rounded to it. */
  readonly type: ResidentType;
  /** Whether they are fed with an axis of 1 before the tokens, for the query heads that share each key-value head. */
  readonly isGrouped?: boolean;
  /** The minimum numbers of rows and tokens that they have from now on; their content is kept. */
  readonly rows: number;
  readonly tokens: number;
  /** The copies made before the run. */
  readonly moves: readonly RowMove[];
  /** How many rows are fed to the run under the tensors' names; none if 0. */
  readonly reads: number;
  /** Results or feeds of the run that are written into tensors. Such results are not returned. */
  readonly writes: readonly ResidentWrite[];
  /**
   * A result [rows, vocabulary]; the likeliest token of each row is returned, and kept for the next run. Nothing else is
   * returned, and the shapes of all results must depend on nothing but the number of rows that are read.
   */
  readonly choosesFrom?: string | undefined;
  /** An input [rows, 1] that is fed the tokens that the previous run chose. */
  readonly fedChosen?: string | undefined;
}

/** Tokens that are written from some tensors into others. */
interface ResidentWrite {
  /** The tensors; or one result for all targets, with their heads side by side in the order of their names. */
  readonly tensors: readonly (readonly [source: string, target: string])[] | string;
  readonly rows: readonly RowWrite[];
  /** The destination tensors, if these are others or have to grow. */
  readonly into?: Pick<ResidentUse, "id" | "rows" | "tokens">;
}

/** The shape that the first rows of resident tensors are fed in. */
export function residentShape(
  { rows, heads, tokens, width, isGrouped = false }: Pick<
    ResidentUse,
    "rows" | "heads" | "tokens" | "width" | "isGrouped"
  >,
): readonly number[] {
  return [rows, heads, ...isGrouped ? [1] : [], tokens, width];
}

type ResidentArray = Float32Array<ArrayBuffer> | Float16Array<ArrayBuffer>;

/** Tensors of one shape. */
export class ResidentRows {
  readonly #heads: number;
  readonly #width: number;
  readonly #make: (length: number) => ResidentArray;
  readonly #tensors: Map<string, ResidentArray>;
  #rows = 0;
  #tokens = 0;
  /** The likeliest tokens after the last run that was to choose them. */
  chosen: readonly number[] = [];
  /** The results of the last such run, and the number of rows that it read. */
  #results: { readonly rows: number; readonly tensors: Readonly<Record<string, HostTensor>> } | undefined;

  constructor({ names, heads, width, type }: Pick<ResidentUse, "names" | "heads" | "width" | "type">) {
    this.#heads = heads;
    this.#width = width;
    this.#make = (length) => type === "float16" ? new Float16Array(length) : new Float32Array(length);
    this.#tensors = new Map(names.map((name) => [name, this.#make(0)]));
  }

  /** Tensors for the results of a run that reads some rows; `undefined` if the last one read another number of them. */
  results(rows: number): Readonly<Record<string, HostTensor>> | undefined {
    return this.#results?.rows === rows ? this.#results.tensors : undefined;
  }

  /** Keeps results, whose memory the next run is to use. */
  keepResults(rows: number, tensors: Readonly<Record<string, HostTensor>>): void {
    this.#results = { rows, tensors };
  }

  /** Makes room for a number of rows and tokens. */
  grow(rows: number, tokens: number): void {
    if (rows <= this.#rows && tokens <= this.#tokens) return;
    const before = { rows: this.#rows, tokens: this.#tokens };
    this.#rows = Math.max(rows, before.rows);
    this.#tokens = Math.max(tokens, before.tokens);
    for (const [name, old] of this.#tensors) {
      const grown = this.#make(this.#rows * this.#heads * this.#tokens * this.#width);
      this.#tensors.set(name, grown);
      for (let row = 0; row < before.rows; row++) {
        this.#copy(old, before.tokens, grown, { from: row, length: before.tokens, to: row, at: 0 });
      }
    }
  }

  /** Copies rows, of these tensors or of others with the same names. */
  move(moves: readonly RowMove[], others: ReadonlyMap<number, ResidentRows>): void {
    for (const move of moves) {
      const { source } = move, from = source === undefined ? this : others.get(source);
      if (from === undefined) throw new Error(`the tensors ${source} are freed`);
      for (const [name, tensor] of this.#tensors) this.#copy(from.#tensors.get(name)!, from.#tokens, tensor, move);
    }
  }

  /** The first rows of every tensor, in place. */
  *read(rows: number, isGrouped: boolean): Iterable<readonly [name: string, tensor: RunTensor]> {
    const shape = residentShape({ rows, heads: this.#heads, tokens: this.#tokens, width: this.#width, isGrouped });
    const length = shape.reduce((product, each) => product * each);
    for (const [name, data] of this.#tensors) yield [name, { data: data.subarray(0, length), shape }];
  }

  /** Writes tokens of a tensor [rows, tensors · heads, tokens, width] that has the heads of all of these side by side. */
  writeAll({ data, shape }: HostTensor, rows: readonly RowWrite[]): void {
    const tokens = shape[shape.length - 2]!, all = this.#heads * this.#tensors.size;
    let before = 0;
    for (const target of this.#tensors.values()) {
      for (const row of rows) this.#copy(data as Float32Array<ArrayBuffer>, tokens, target, row, { all, before });
      before += this.#heads;
    }
  }

  /** Writes tokens of a tensor [rows, heads, tokens, width]. */
  write(name: string, { data, shape }: HostTensor, rows: readonly RowWrite[]): void {
    for (const row of rows) {
      this.#copy(data as Float32Array<ArrayBuffer>, shape[shape.length - 2]!, this.#tensors.get(name)!, row);
    }
  }

  #copy(
    source: ResidentArray,
    sourceTokens: number,
    target: ResidentArray,
    row: RowWrite,
    sourceHeads = { all: this.#heads, before: 0 },
  ): void {
    const heads = this.#heads, width = this.#width, { from, start = 0, length, to, at } = row;
    for (let head = 0; head < heads; head++) {
      const first = ((from * sourceHeads.all + sourceHeads.before + head) * sourceTokens + start) * width;
      target.set(source.subarray(first, first + length * width), ((to * heads + head) * this.#tokens + at) * width);
    }
  }
}
