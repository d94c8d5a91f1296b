/** Which of a prompt's tokens an edit acts on. @module */
import type { RowList } from "../../common/row_list.ts";
import { RequestError } from "../../common/errors.ts";
import type { TokenizedPrompt } from "../../data/examples.ts";
import type { ChoosePositions, Decode } from "../../data/prompt_tokens.ts";
import type { ShortPrompts } from "../../spec/mod.ts";
import { tokensByFunction, type TokenSelector, tokensOfField } from "./token_selectors.ts";

/** How many of a prompt's first and last tokens; `Infinity` for all. */
export interface Ends {
  readonly first: number;
  readonly last: number;
}

/** The tokens that an edit acts on. */
export interface Positions extends Ends {
  /** How a prompt that is too short for both ends is edited; as in the paper if omitted. */
  readonly short?: ShortPrompts;
  /** Selects tokens of each prompt, instead of its first and last ones. */
  readonly selector?: TokenSelector;
  /** Whether the tokens after the prompt are edited: a row's completion, and the tokens that the model generates. */
  readonly completion: boolean;
}

/** Which end of the prompt one intervention edits. */
export type Side = "both" | "prefix" | "suffix";

/**
 * Parses positions as declared. As text: `fN`, `lN`, `fN+lM` or `all` of the prompt's tokens; `all+completion` for all
 * tokens of the row; `{field}` for those that come from a field of its template, `{field}.fN` or `{field}.lN` for some
 * of these; `completion` or its synonym `generated` for those after the prompt.
 *
 * @param decode The tokenizer's decoder, for positions that depend on the prompt's text.
 * @param short How prompts too short for `fN`, `lN` and `fN+lM` are edited.
 * @throws {RequestError} If the text is none of these.
 */
export function positionsOf(declared: string | ChoosePositions, decode?: Decode, short?: ShortPrompts): Positions {
  const selector = typeof declared === "string" ? fieldPositions(declared, decode) : tokensByFunction(declared, decode);
  if (selector !== undefined) return { first: 0, last: 0, completion: false, selector };
  const positions = parsePositions(String(declared));
  const hasEnds = positions.first + positions.last > 0 && positions.first !== Infinity;
  return hasEnds && short === "pyreft" ? { ...positions, short } : positions;
}

/**
 * Positions in a decoder, whose tokens are its start token and those of the answer: `f1` for the start token,
 * `completion` or `generated` for the others, `all` for both.
 *
 * @throws {RequestError} If they are none of these.
 */
export function decoderPositionsOf(declared: string | ChoosePositions): Positions {
  if (declared === "all") return { first: Infinity, last: 0, completion: true };
  if (declared === "f1" || declared === "completion" || declared === "generated") return parsePositions(declared);
  const named = typeof declared === "string" ? `the positions ${JSON.stringify(declared)}` : "positions by a function";
  throw new RequestError(
    `${named} are the prompt's, which the decoder does not read; write f1 (its start token), completion ` +
      "or generated (those after it) or all, or edit the encoder",
  );
}

function fieldPositions(text: string, decode: Decode | undefined): TokenSelector | undefined {
  const match = /^\{([^{}]+)\}(?:\.([fl])([1-9]\d*))?$/.exec(text);
  if (match === null) return undefined;
  const [, field, end, count] = match;
  const ends = { first: end === "f" ? Number(count) : 0, last: end === "l" ? Number(count) : 0 };
  return tokensOfField(text, field!, end === undefined ? { first: Infinity, last: 0 } : ends, decode);
}

function parsePositions(text: string): Positions {
  if (text === "all") return { first: Infinity, last: 0, completion: false };
  if (text === "all+completion") return { first: Infinity, last: 0, completion: true };
  if (text === "completion" || text === "generated") return { first: 0, last: 0, completion: true };
  const match = /^(?:f(\d+))?(\+)?(?:l(\d+))?$/.exec(text);
  const first = Number(match?.[1] ?? 0), last = Number(match?.[3] ?? 0);
  const joined = match?.[2] !== undefined;
  if (match === null || first + last === 0 || joined !== (match[1] !== undefined && match[3] !== undefined)) {
    throw new RequestError(
      `the positions ${JSON.stringify(text)} are not valid; write fN, lN, fN+lM (N, M from 1), all, ` +
        "all+completion, {field}, {field}.fN, {field}.lN, completion or generated",
    );
  }
  return { first, last, completion: false };
}

/** The interventions that positions need: one for each end, or one for both. */
export function sidesOf({ first, last }: Positions, tied: boolean): readonly Side[] {
  return first > 0 && last > 0 && !tied ? ["prefix", "suffix"] : ["both"];
}

/** How far from a prompt's end positions reach back at most, in tokens; `Infinity` if they include its first token. */
export function reachBack({ first, last, selector }: Positions, prompts: RowList<TokenizedPrompt>): number {
  if (first > 0) return Infinity;
  if (selector === undefined) return last;
  return prompts.reduce((most, of) => {
    return [...selector.of(of)].reduce((reach, index) => Math.max(reach, of.prompt.length - index), most);
  }, 0);
}
