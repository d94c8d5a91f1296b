/** Few-shot examples that precede the prompts of rows. @module */
import { formatLocation, RequestError } from "../common/errors.ts";
import type { Dataset } from "./dataset.ts";
import type { FileReading } from "./files/record_kind.ts";
import { createRandom } from "./random.ts";
import type { Row } from "./row.ts";
import { loadRows } from "./rows.ts";
import type { ChatReading } from "./source_kind.ts";

/** Few-shot examples that precede every prompt. */
export interface FewShot {
  /** The data set that they are drawn from. */
  readonly examples: Dataset;
  /** How many. */
  readonly count: number;
  /** Determines which are drawn, and their order. */
  readonly seed: number;
  /** The text after each of them. */
  readonly separator: string;
  /** Whether they are the first rows in their order, without drawing. */
  readonly inOrder?: boolean;
}

/** Drawn examples, to be prepended to rows. */
export interface Shots {
  /** The text that precedes each prompt. */
  readonly text: string;
  /**
   * A row whose prompt follows them.
   *
   * @throws {RequestError} If it is not a prompt with a completion.
   */
  before(row: Row): Row;
  /** A note on the rows requested so far: whether one of them is among the examples. */
  note(): string | undefined;
}

/**
 * The few-shot examples that precede every prompt.
 *
 * @param files Where files are, and how data sets are downloaded from a hub.
 * @returns `undefined` if none are requested.
 * @throws {RequestError} If there are fewer examples, or they are not prompts with completions.
 */
export async function shotsOf(
  { examples, count, seed, separator, inOrder = false }: FewShot,
  files: FileReading,
  reading?: ChatReading,
): Promise<Shots | undefined> {
  if (count === 0) return undefined;
  const all = await loadRows(examples, files, reading);
  for (const row of all) requirePlain(row);
  if (all.length < count) {
    throw new RequestError(`fewShot requests ${count} examples of ${all.length}; give it more rows or request fewer`);
  }
  const drawn = (inOrder ? all : createRandom(seed, "fewShot").shuffle(all)).slice(0, count);
  const shots = new Set(drawn.map(textOf)), asked = new Set<string>();
  const text = drawn.map(({ prompt, completion }) => prompt + completion + separator).join("");
  const shifted = (spans: Row["spans"]) => {
    return Object.fromEntries(
      Object.entries(spans).map(([field, all]) => {
        return [field, all.map(([start, end]) => [start + text.length, end + text.length] as const)];
      }),
    );
  };
  return {
    text,
    before(row) {
      requirePlain(row);
      const own = textOf(row);
      if (shots.has(own)) asked.add(own);
      return { ...row, prompt: text + row.prompt, spans: shifted(row.spans) };
    },
    note() {
      const known = drawn.find((shot) => asked.has(textOf(shot)));
      if (known === undefined) return undefined;
      const where = formatLocation(known.place);
      return `${where}: an example that fewShot puts before the prompts is also one of the evaluated rows`;
    },
  };
}

const textOf = ({ prompt, completion }: Row) => JSON.stringify([prompt, completion]);

/** Rejects rows that are not plain prompts with completions. */
function requirePlain({ kind, turns, place }: Row): void {
  const odd = turns === undefined ? oddRows[kind] : "a conversation, whose examples are turns of it";
  if (odd === undefined) return;
  throw new RequestError(`fewShot takes prompts with completions, but the row is ${odd}; omit fewShot`, place);
}

/** Descriptions of rows that no example can precede. */
const oddRows: Readonly<Record<Row["kind"], string | undefined>> = {
  completion: undefined,
  preference: "a prompt with two answers",
  label: "a text with a label",
};
