/** Examples put before the prompts of rows. @module */
import { formatLocation, RequestError } from "../common/errors.ts";
import type { Dataset } from "./dataset.ts";
import type { FileReading } from "./files/record_kind.ts";
import { createRandom } from "./random.ts";
import type { Row } from "./row.ts";
import { loadRows } from "./rows.ts";
import type { ChatReading } from "./source_kind.ts";

/** Examples that are put before every prompt. */
export interface FewShot {
  /** Where they are drawn from. */
  readonly examples: Dataset;
  /** How many. */
  readonly count: number;
  /** Decides which are drawn, and their order. */
  readonly seed: number;
  /** Follows each of them. */
  readonly separator: string;
  /** Whether they are the first rows in their order, and nothing is drawn. */
  readonly inOrder?: boolean;
}

/** Examples that were drawn, to be put before rows. */
export interface Shots {
  /** What is put before each prompt. */
  readonly text: string;
  /**
   * A row whose prompt follows them.
   *
   * @throws {RequestError} If it is no prompt with a completion.
   */
  before(row: Row): Row;
  /** What there is to say of the rows that were asked for until now: whether one of them is among the examples. */
  note(): string | undefined;
}

/**
 * The examples that are put before every prompt.
 *
 * @param files Where files are, and how data sets are had from a hub.
 * @returns Nothing where none is asked for.
 * @throws {RequestError} If there are fewer examples, or they are no prompts with completions.
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
    throw new RequestError(`fewShot asks for ${count} examples of ${all.length}; give it more rows or ask for fewer`);
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
      return `${where}: an example that fewShot puts before the prompts is one of the rows that are asked for`;
    },
  };
}

const textOf = ({ prompt, completion }: Row) => JSON.stringify([prompt, completion]);

/** Refuses rows that are no plain prompts with completions. */
function requirePlain({ kind, turns, place }: Row): void {
  const odd = turns === undefined ? oddRows[kind] : "a conversation, whose examples are turns of it";
  if (odd === undefined) return;
  throw new RequestError(`fewShot takes prompts with completions, and the row is ${odd}; omit fewShot`, place);
}

/** What rows are that no example can be put before. */
const oddRows: Readonly<Record<Row["kind"], string | undefined>> = {
  completion: undefined,
  preference: "a prompt with two answers",
  label: "a text with a label",
};
