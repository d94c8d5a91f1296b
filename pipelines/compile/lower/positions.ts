/** Which of a prompt's tokens an edit acts on. @module */
import type { RowList } from "../../common/row_list.ts";
import { RequestError } from "../../common/errors.ts";
import type { TokenizedPrompt } from "../../data/examples.ts";
import type { ChoosePositions, Decode } from "../../data/prompt_tokens.ts";
import type { ShortPrompts } from "../../spec/mod.ts";
import { tokensByFunction, type TokenSelector, tokensOfField } from "./token_selectors.ts";

/** The first and last tokens of a prompt; `Infinity` for all. */
export interface Ends {
  readonly first: number;
  readonly last: number;
}

/** What an edit acts on. */
export interface Positions extends Ends {
  /** How a prompt is edited that is too short for its ends; as the paper has it if omitted. */
  readonly short?: ShortPrompts;
  /** Selects tokens of each prompt, instead of its ends. */
  readonly selector?: TokenSelector;
  /** Whether the tokens after the prompt are edited: a row's completion, and what the model writes. */
  readonly completion: boolean;
}

/** Which of them one intervention edits. */
export type Side = "both" | "prefix" | "suffix";

/**
 * Positions as they are declared. As text: `fN`, `lN`, `fN+lM` or `all` of the prompt's tokens; `all+completion` for all
 * of the row's; `{field}` for those that a
 * field of its template wrote, `{field}.fN` or `{field}.lN` for some of these; `completion` or, meaning the same,
 * `generated` for those after it.
 *
 * @param decode The tokenizer's, for positions that depend on the prompt's text.
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
 * Positions in a decoder, whose tokens are the one that it starts with and, after it, those of the answer: `f1` the first,
 * `completion` or `generated` the others, `all` of them.
 *
 * @throws {RequestError} If they are none of these.
 */
export function decoderPositionsOf(declared: string | ChoosePositions): Positions {
  if (declared === "all") return { first: Infinity, last: 0, completion: true };
  if (declared === "f1" || declared === "completion" || declared === "generated") return parsePositions(declared);
  const named = typeof declared === "string" ? `the positions ${JSON.stringify(declared)}` : "positions by a function";
  throw new RequestError(
    `${named} are the prompt's, which the decoder does not read; write f1 (the token that it starts with), completion ` +
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
      `the positions ${JSON.stringify(text)} are none that can be edited; write fN, lN, fN+lM (N, M from 1), all, ` +
        "all+completion, {field}, {field}.fN, {field}.lN, completion or generated",
    );
  }
  return { first, last, completion: false };
}

/** The interventions that positions need: one for each side, or one for both. */
export function sidesOf({ first, last }: Positions, tied: boolean): readonly Side[] {
  return first > 0 && last > 0 && !tied ? ["prefix", "suffix"] : ["both"];
}

/** How many tokens from a prompt's end positions reach back to at most; `Infinity` if they take its first. */
export function reachBack({ first, last, selector }: Positions, prompts: RowList<TokenizedPrompt>): number {
  if (first > 0) return Infinity;
  if (selector === undefined) return last;
  return prompts.reduce((most, of) => {
    return [...selector.of(of)].reduce((reach, index) => Math.max(reach, of.prompt.length - index), most);
  }, 0);
}
