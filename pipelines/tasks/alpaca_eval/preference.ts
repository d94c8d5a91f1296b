/** The preference in a judge's answer, parsed as in AlpacaEval. @module */
import { ownValue } from "../../../ops/program/own_value.ts";

/** The names of the outputs for the judge: of the first one shown, and of the second. */
export const [first, second] = ["m", "M"] as const;

/** A possible token of the judge's answer, and its log-probability in nats. */
export interface TokenLogProbability {
  readonly token: string;
  readonly logprob: number;
}

/**
 * The preference weighted by log-probabilities: 2 - P(m) / (P(m) + P(M)), where a token that is not listed has
 * probability 0; NaN if neither is listed.
 */
export function weightedPreference(listed: readonly TokenLogProbability[]): number {
  // Of a token that is listed twice the last counts.
  const [one, other] = [first, second].map((name) =>
    listed.findLast(({ token }) => token === name)?.logprob ?? -Infinity
  );
  // Of the larger, so that no probability is too small for a number.
  return 2 - 1 / (1 + Math.exp(other! - one!));
}

/** The preference that a text names; NaN if it names neither output. */
export function namedPreference(text: string): number {
  const name = text.trim();
  return name === first ? 1 : name === second ? 2 : NaN;
}

/** The preference in a Python list that ranks `model_1` and `model_2`; NaN if there is none. */
export function rankedPreference(text: string): number {
  const list = literalIn(text), entries = Array.isArray(list) ? list.map((entry) => Object(entry)) : [];
  if (entries.some((entry) => !Object.hasOwn(entry, "model"))) return NaN;
  const rank: unknown = entries.find(({ model }) => model === "model_1")?.rank;
  return rank === 1 || rank === true ? 1 : rank === 2 ? 2 : NaN;
}

/** A text, a number or a name, a mark, or something else. */
const pieces = /'(?:[^'\\\n]|\\['\\"])*'|"(?:[^"\\\n]|\\['\\"])*"|[-\d.eE]+|True|False|None|\s+|[^]/g;
const written: Readonly<Record<string, string>> = { True: "true", False: "false", None: "null", "(": "[", ")": "]" };

/** A Python literal of lists, dictionaries, plain texts and numbers; `undefined` of any other text. */
function literalIn(text: string): unknown {
  // White space before a literal is an indentation.
  const found = /^[ \t]*[^\s]/.test(text) ? text.match(pieces)!.filter((piece) => piece.trim() !== "") : [];
  // A comma may stand after the last of several.
  const kept = found.filter((piece, at) => {
    return piece !== "," || !/^[\])}]$/.test(found[at + 1] ?? "") || /^[[({]$/.test(found[at - 1] ?? "");
  });
  // Parentheses without a comma hold no list.
  const isSingle = found[0] === "(" && found.at(-1) === ")" && found.at(-2) !== ",";
  const json = kept.map((piece) => {
    const isText = /^['"]/.test(piece) && piece.length > 1;
    return isText ? JSON.stringify(piece.slice(1, -1).replace(/\\(.)/g, "$1")) : ownValue(written, piece) ?? piece;
  });
  try {
    const value: unknown = JSON.parse(json.join(" "));
    return isSingle && Array.isArray(value) && value.length === 1 ? value[0] : value;
  } catch {
    return undefined;
  }
}
