/**
 * Multiple-choice questions as in lm-evaluation-harness 0.4.13 (its `tasks/<name>/*.yaml`): a context, and the texts
 * that are scored after it.
 *
 * @module
 */
import { ownValue } from "../../ops/program/own_value.ts";
import { RequestError } from "../common/errors.ts";
import { quote } from "../common/suggest.ts";
import { strip } from "../data/python/split.ts";
import type { Fields } from "../data/files/raw_row.ts";

/** The harness's question for a row. */
export interface Asked {
  /** The text before the choices. */
  readonly context: string;
  /** The text between the context and each choice, which is scored with the choice. */
  readonly separator: string;
  readonly choices: readonly string[];
  /** The index of the correct choice, from 0. */
  readonly gold: number;
  /** The correct choice. */
  readonly right: string;
  /** The text after each choice, which is scored instead of the choice. */
  readonly rest?: string;
}

/** The harness moves white space from the end of a context to the text after it, and adds another space before that. */
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

/** A question in which each choice ends a context, after which the same text is scored. */
export function askedOfContexts(before: string, choices: readonly string[], gold: number, rest: string): Asked {
  const bare = strip(before, "right"), ended = choices.map((choice) => before.slice(bare.length) + choice);
  return { context: bare, separator: "", choices: ended, gold, right: ended[gold]!, rest: ` ${rest}` };
}

/**
 * The index of a label among its options.
 *
 * @throws {RequestError} If it is not one of them.
 */
export function numberOf(label: unknown, options: readonly unknown[]): number {
  const found = options.map(String).indexOf(String(label));
  if (found >= 0) return found;
  throw new RequestError(
    `the row's label ${quote(String(label))} is not one of its options, ${
      options.map(String).map(quote).join(", ")
    }; ` +
      "correct it, or omit the row",
  );
}

/** Whether a row has all of these fields. */
export function hasFields(row: Fields, names: readonly string[]): boolean {
  return names.every((name) => (ownValue(row, name) ?? null) !== null);
}
