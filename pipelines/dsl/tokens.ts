import { RequestError } from "../common/errors.ts";
import { quote, suggest } from "../common/suggest.ts";
import type { FromEnd, PromptTokens } from "../data/prompt_tokens.ts";
import { requireCall } from "./calls.ts";

/**
 * The index of the token with a given text, for positions that a function chooses.
 *
 * @param pieces The tokens' texts.
 * @param text The token's full text, including the space before it, if any.
 * @param which Which token to use if several have this text.
 * @throws {RequestError} If no token has this text; the message names the row.
 *
 * @example The last token with the text " colour"
 * ```ts
 * import assert from "node:assert/strict";
 * import { at, block, loreft } from "refract";
 *
 * const edit = loreft({ at: block(15).output, positions: ({ pieces }) => [at(pieces, " colour")], rank: 4 });
 * assert.equal(at(["a", " colour", " is", " a", " colour"], " colour"), 4);
 * assert.equal(at(["a", " colour", " is", " a", " colour"], " colour", "first"), 1);
 * assert.throws(() => at(["my", " color"], " colour"), /did you mean " color"/);
 * ```
 */
export function at(pieces: PromptTokens["pieces"], text: string, which: "first" | "last" = "last"): number {
  requireCall("at", arguments);
  const found = which === "first" ? pieces.indexOf(text) : pieces.lastIndexOf(text);
  if (found >= 0) return found;
  const known = [...new Set(pieces)];
  throw new RequestError(`no token of the prompt is ${quote(text)}; ${suggest(text, known)}`);
}

/**
 * A token counted from the prompt's end, for positions that a function chooses: `fromEnd(1)` is the last.
 *
 * @throws {RequestError} If the count is not a whole number from 1 up.
 *
 * @example The second-to-last token
 * ```ts
 * import { block, loreft, fromEnd } from "refract";
 *
 * const edit = loreft({ at: block(15).output, positions: () => [fromEnd(2)], rank: 4 });
 * ```
 */
export function fromEnd(count: number): FromEnd {
  requireCall("fromEnd", arguments);
  if (Number.isSafeInteger(count) && count >= 1) return { kind: "fromEnd", count };
  throw new RequestError(`fromEnd(${count}) is not a token; use a whole number from 1, the last token, up`);
}
