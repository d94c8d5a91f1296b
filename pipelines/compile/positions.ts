/** Which of a prompt's tokens an edit acts on. @module */
import { RequestError } from "../errors.ts";
import type { ChoosePositions, PromptTokens } from "../spec.ts";

/** The first and last tokens of a prompt; `Infinity` for all. */
export interface Ends {
  readonly first: number;
  readonly last: number;
}

/** What an edit acts on. */
export interface Positions extends Ends {
  /** Tokens chosen for each prompt by itself, in place of its ends. */
  readonly chosen?: ChosenPositions;
  /** The tokens behind the prompt: a row's completion, and what the model writes. */
  readonly completion: boolean;
}

/** The indices that are edited of a prompt with these ids. */
export type ChosenPositions = (ids: readonly number[]) => ReadonlySet<number>;

const functionNumbers = new WeakMap<ChoosePositions, number>();
let functions = 0;

/** A name for positions: as they were written, or a function's number within this process. */
export function positionsName(positions: string | ChoosePositions): string {
  if (typeof positions === "string") return positions;
  const number = functionNumbers.get(positions) ?? ++functions;
  functionNumbers.set(positions, number);
  return `function ${number}`;
}

/**
 * Positions as a user chooses them, each prompt asked about once.
 *
 * @param read What a prompt says.
 * @throws {RequestError} If the function chooses what is no token of the prompt.
 */
export function choosePositions(
  choose: ChoosePositions,
  read: ((ids: readonly number[]) => Omit<PromptTokens, "ids">) | undefined,
): Positions {
  if (read === undefined) throw new TypeError("A function cannot choose positions without a tokenizer");
  const known = new Map<string, ReadonlySet<number>>();
  const asked = (prompt: PromptTokens) => {
    try {
      return choose(prompt);
    } catch (fault) {
      const text = fault instanceof Error ? fault.message : String(fault);
      throw new RequestError(`the positions' function failed (${text}); correct it`);
    }
  };
  const chosen = (ids: readonly number[]) => {
    const key = ids.join(), found = known.get(key) ?? within(asked({ ...read(ids), ids }), ids.length);
    known.set(key, found);
    return found;
  };
  return { first: 0, last: 0, completion: false, chosen };
}

function within(chosen: readonly number[], length: number): ReadonlySet<number> {
  if (!Array.isArray(chosen)) throw new RequestError("the positions' function gives no list; return token indices");
  return new Set(chosen.map((index) => {
    const place = index < 0 ? index + length : index;
    if (Number.isInteger(place) && place >= 0 && place < length) return place;
    throw new RequestError(
      `the positions' function chose token ${index} of a prompt of ${length} tokens; choose from ${-length} to ${
        length - 1
      }`,
    );
  }));
}

/** Which of them one intervention edits. */
export type Side = "both" | "prefix" | "suffix";

/**
 * Positions as text: `fN`, `lN`, `fN+lM` or `all` of the prompt's tokens; `completion` or, meaning the same, `generated`
 * for those behind it.
 *
 * @throws {RequestError} If the text is none of these.
 */
export function parsePositions(text: string): Positions {
  if (text === "all") return { first: Infinity, last: 0, completion: false };
  if (text === "completion" || text === "generated") return { first: 0, last: 0, completion: true };
  const match = /^(?:f(\d+))?(\+)?(?:l(\d+))?$/.exec(text);
  const first = Number(match?.[1] ?? 0), last = Number(match?.[3] ?? 0);
  const joined = match?.[2] !== undefined;
  if (match === null || first + last === 0 || joined !== (match[1] !== undefined && match[3] !== undefined)) {
    throw new RequestError(
      `the positions ${JSON.stringify(text)} are none that can be edited; write fN, lN, fN+lM (N, M from 1), all, ` +
        "completion or generated",
    );
  }
  return { first, last, completion: false };
}

/** The interventions that positions need: one for each side, or one for both. */
export function sidesOf({ first, last }: Positions, tied: boolean): readonly Side[] {
  return first > 0 && last > 0 && !tied ? ["prefix", "suffix"] : ["both"];
}

/**
 * How many tokens at each end of a prompt are edited. A prompt too short for both ends gives half to each (Wu et al.
 * 2024, section 4.1): the first min(P, ⌊n/2⌋) and the last min(S, ⌈n/2⌉).
 */
export function editedEnds({ first, last }: Ends, promptLength: number): Ends {
  if (first === 0 || last === 0) return { first: Math.min(first, promptLength), last: Math.min(last, promptLength) };
  if (first + last <= promptLength) return { first, last };
  return { first: Math.min(first, Math.floor(promptLength / 2)), last: Math.min(last, Math.ceil(promptLength / 2)) };
}

/** Whether an intervention of a side edits the token at an index, counted from the prompt's first. */
export function isEdited(positions: Positions, side: Side, prompt: readonly number[], index: number): boolean {
  const promptLength = prompt.length;
  if (index >= promptLength) return positions.completion;
  if (positions.chosen !== undefined) return positions.chosen(prompt).has(index);
  const ends = editedEnds(positions, promptLength);
  const inPrefix = index < ends.first;
  const inSuffix = index >= promptLength - ends.last;
  return (side !== "suffix" && inPrefix) || (side !== "prefix" && inSuffix);
}

/** How many tokens from a prompt's end positions reach back to at most; `Infinity` if they take its first. */
export function reachBack({ first, last, chosen }: Positions, prompts: readonly (readonly number[])[]): number {
  if (first > 0) return Infinity;
  if (chosen === undefined) return last;
  return prompts.reduce((most, prompt) => {
    return [...chosen(prompt)].reduce((reach, index) => Math.max(reach, prompt.length - index), most);
  }, 0);
}

/** What was chosen of each prompt, by each of some positions that choose. */
export function chosenOf(
  list: readonly { readonly positions: Positions }[],
  prompts: readonly (readonly number[])[],
): readonly (readonly (readonly number[])[])[] {
  return list.flatMap(({ positions: { chosen } }) => {
    return chosen === undefined ? [] : [prompts.map((prompt) => [...chosen(prompt)].sort((a, b) => a - b))];
  });
}
