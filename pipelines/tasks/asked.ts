/**
 * Questions with choices as lm-evaluation-harness 0.4.13 asks them (its `tasks/<name>/*.yaml`): a context, and what is scored
 * after it.
 *
 * @module
 */
import { ownValue } from "../../ops/program/own_value.ts";
import { RequestError } from "../common/errors.ts";
import { quote } from "../common/suggest.ts";
import { strip } from "../data/python/split.ts";
import type { Fields } from "../data/files/raw_row.ts";

/** What the harness asks of a row. */
export interface Asked {
  /** What comes first. */
  readonly context: string;
  /** What stands between the context and each choice and is scored with it. */
  readonly separator: string;
  readonly choices: readonly string[];
  /** The number of the right choice, from 0 up. */
  readonly gold: number;
  /** The right choice. */
  readonly right: string;
  /** What follows each choice and is scored in its place. */
  readonly rest?: string;
}

/** The harness moves white space from a context's end to what follows, which one blank more comes before. */
export function asked(context: string, choices: readonly string[], gold: number): Asked {
  const bare = strip(context, "right");
  return {
    context: bare,
    separator: `${context.slice(bare.length)} `,
    choices,
    gold,
    right: choices[gold]!,
  };
}

/** Choices that each end a context, after which the same text is scored. */
export function askedOfContexts(before: string, choices: readonly string[], gold: number, rest: string): Asked {
  const bare = strip(before, "right"), ended = choices.map((choice) => before.slice(bare.length) + choice);
  return { context: bare, separator: "", choices: ended, gold, right: ended[gold]!, rest: ` ${rest}` };
}

/**
 * The number of a label among its options.
 *
 * @throws {RequestError} If it is none of them.
 */
export function numberOf(label: unknown, options: readonly unknown[]): number {
  const found = options.map(String).indexOf(String(label));
  if (found >= 0) return found;
  throw new RequestError(
    `the row's label ${quote(String(label))} is none of its options, ${options.map(String).map(quote).join(", ")}; ` +
      "correct it, or omit the row",
  );
}

/** Whether a row has texts, or whatever else, of these names. */
export function hasFields(row: Fields, names: readonly string[]): boolean {
  return names.every((name) => (ownValue(row, name) ?? null) !== null);
}
