/** What an edit selects for each example: tokens of the prompt, or rows of the rank. @module */
import { counted } from "../../common/counted.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import type { TokenizedPrompt } from "../../data/examples.ts";
import {
  type ChoosePositions,
  type ChooseSubspace,
  type Decode,
  fieldTokens,
  type FromEnd,
  readPrompt,
} from "../../data/prompt_tokens.ts";
import { RequestError } from "../../common/errors.ts";
import { readOnlyCopy } from "../../common/plain_copy.ts";
import { isUnwantedPromise } from "../../common/unwanted_promise.ts";
import { functionName } from "../../common/function_name.ts";
import { atLocation } from "../../common/source_location.ts";
import { quote, suggest } from "../../common/suggest.ts";

/** A selection made for each example. */
export interface TokenSelector {
  /** The selection as declared, or the number of the function. */
  readonly name: string;
  /** Whether it is a function, which cannot be stored in a file. */
  readonly isFunction: boolean;
  /** The indices selected for an example, in ascending order; computed once for each source. */
  readonly of: (prompt: TokenizedPrompt) => ReadonlySet<number>;
}

/** The name of a selector: its text, or the function's number within this process. */
export function selectorName(declared: string | ChoosePositions | ChooseSubspace): string {
  return typeof declared === "string" ? declared : functionName(declared);
}

/** A selector that computes once for each source. */
function selector(
  name: string,
  isFunction: boolean,
  of: (prompt: TokenizedPrompt) => ReadonlySet<number>,
): TokenSelector {
  const known = new WeakMap<TokenizedPrompt["source"], ReadonlySet<number>>();
  return {
    name,
    isFunction,
    of: (prompt) => known.getOrInsertComputed(prompt.source, () => of(prompt)),
  };
}

/** Calls a user's function; whatever it throws becomes a RequestError, and so does a promise. */
function called<T>(what: string, call: () => T): T {
  try {
    const returned = call();
    if (!isUnwantedPromise(returned)) return returned;
    throw new RequestError(`${what} returned a promise, which async functions return; return a list`);
  } catch (fault) {
    if (fault instanceof RequestError) throw fault;
    const text = fault instanceof Error ? fault.message : String(fault);
    throw new RequestError(`${what} failed (${text}); correct it`);
  }
}

/** Indices in ascending order without duplicates. */
const inOrder = (indices: readonly number[]): ReadonlySet<number> => new Set([...indices].sort((a, b) => a - b));

/**
 * Tokens selected by a function.
 *
 * @param decode The tokenizer's decoder; without it a prompt has no text.
 * @throws {RequestError} If the function throws or selects something that is not a token of the prompt.
 */
export function tokensByFunction(choose: ChoosePositions, decode: Decode | undefined): TokenSelector {
  const what = "the positions' function";
  return selector(selectorName(choose), true, (of) => {
    return atLocation(of.source.place, () => {
      const selected: unknown = called(what, () => choose(readPrompt(of, needed(decode))));
      if (!Array.isArray(selected)) throw new RequestError(`${what} does not return a list; return token indices`);
      return inOrder(selected.map((token: unknown) => tokenIndex(token, of.prompt.length, what)));
    });
  });
}

function tokenIndex(token: unknown, length: number, what: string): number {
  const index = isFromEnd(token) ? length - token.count : token;
  if (typeof index === "number" && Number.isInteger(index) && index >= 0 && index < length) return index;
  throw new RequestError(`${what} chose ${noToken(token, length)}`);
}

/** Checks the shape, since the value may come from the pipeline file's own copy of Refract. */
function isFromEnd(token: unknown): token is FromEnd {
  return typeof token === "object" && token !== null && "kind" in token && token.kind === "fromEnd";
}

/** Describes a choice that is not a token of the prompt, and what to choose instead. */
function noToken(token: unknown, length: number): string {
  const of = `of a prompt of ${counted(length, "token")}`;
  if (isFromEnd(token)) return `fromEnd(${token.count}) ${of}; choose from fromEnd(${length}) to fromEnd(1)`;
  if (typeof token !== "number") return `something that is not a token ${of}; return indices, as in [0, fromEnd(1)]`;
  if (!Number.isInteger(token) || token >= 0) return `token ${token} ${of}; choose from 0 to ${length - 1}`;
  const missing = token === -1 ? ", which indexOf returns if the text is missing" : "";
  return `token ${token} ${of}${missing}; look a token up with at(pieces, text), or write fromEnd(${-token})`;
}

/** How many of a field's first or last tokens. */
interface FieldEnds {
  readonly first: number;
  readonly last: number;
}

/**
 * The tokens that come from a field of the prompt's template.
 *
 * @throws {RequestError} If the template has no such field, or no token comes from it.
 */
export function tokensOfField(text: string, field: string, { first, last }: FieldEnds, decode?: Decode): TokenSelector {
  return selector(text, false, (of) => {
    const { spans, place } = of.source;
    if (!Object.hasOwn(spans, field)) {
      throw new RequestError(
        `the positions ${quote(text)} name no field of the prompt's template; ${suggest(field, Object.keys(spans))}`,
        place,
      );
    }
    const tokens = fieldTokens(of, field, needed(decode));
    if (tokens.length === 0) {
      throw new RequestError(
        `the field ${quote(field)} has no token in the prompt to edit; fill it, or raise maxLength if it was cut off`,
        place,
      );
    }
    return inOrder(tokens.filter((_, at) => at < first || at >= tokens.length - last));
  });
}

function needed(decode: Decode | undefined): Decode {
  if (decode === undefined) throw new TypeError("Tokens cannot be selected by their text without a tokenizer");
  return decode;
}

/**
 * The rows of an edit's rank that act on an example, listed in a field of its row or chosen by a function.
 *
 * @throws {RequestError} If there is no list, or it contains something that is not a row of the rank.
 */
export function subspaceOf(declared: string | ChooseSubspace, rank: number): TokenSelector {
  const named = typeof declared === "string";
  const what = named ? `the field ${quote(declared)}` : "the subspace's function";
  return selector(selectorName(declared), !named, ({ source: { fields, place } }) => {
    if (named && !Object.hasOwn(fields, declared)) {
      throw new RequestError(
        `the row has no field ${quote(declared)}, which the edit's subspace names; ${
          suggest(declared, Object.keys(fields))
        }`,
        place,
      );
    }
    const rows: unknown = named ? ownValue(fields, declared) : called(what, () => declared(readOnlyCopy(fields)));
    const isRow = (row: unknown) => typeof row === "number" && Number.isInteger(row) && row >= 0 && row < rank;
    if (Array.isArray(rows) && rows.length > 0 && rows.every(isRow)) return inOrder(rows);
    throw new RequestError(
      `${what} does not list rows of rank ${rank}; give a list of whole numbers from 0 to ${rank - 1}`,
      named ? place : undefined,
    );
  });
}
