/**
 * The pre-tokenizers of tokenizer.json: the parts of a text that are encoded each by itself, as in the Rust library. What
 * is a space, a letter, a digit is as Unicode has it, which JavaScript's `\s`, `\w` and `\d` are not.
 *
 * @module
 */
import { isJsonObject, type JsonObject } from "../../common/files.ts";
import { punctuation } from "./characters.ts";
import { regExpOf } from "./patterns.ts";
import { behaviorOf, type Part, split } from "./splitting.ts";

/** Parts a part further. */
type PreTokenize = (part: Part) => Part[];

const space = /\p{White_Space}/gu;
const wordsAndMarks = (() => {
  const word = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";
  return new RegExp(`[${word}]+|[^${word}\\p{White_Space}]+`, "gu");
})();

/** GPT-2's. */
const byteLevelPattern = (() => {
  const space = "\\p{White_Space}";
  const runs = ` ?\\p{L}+| ?\\p{N}+| ?[^${space}\\p{L}\\p{N}]+|${space}+(?!\\P{White_Space})|${space}+`;
  return new RegExp(`'s|'t|'re|'ve|'m|'ll|'d|${runs}`, "gu");
})();

/**
 * Builds a pre-tokenizer.
 *
 * @param declared The field `pre_tokenizer`, or one of a sequence's parts.
 * @throws {Error} With what is not supported of it.
 */
export function preTokenizerOf(declared: unknown): PreTokenize {
  if (declared === null || declared === undefined) return (part) => [part];
  if (!isJsonObject(declared)) throw new Error("a pre-tokenizer that is no object");
  switch (declared["type"]) {
    case "Sequence": {
      const steps = Array.isArray(declared["pretokenizers"]) ? declared["pretokenizers"].map(preTokenizerOf) : [];
      return (part) => steps.reduce((parts, step) => parts.flatMap(step), [part]);
    }
    case "ByteLevel":
      return byteLevel(declared);
    case "Metaspace":
      return metaspace(declared);
    case "Split": {
      const pattern = regExpOf(declared), behavior = behaviorOf(declared["behavior"]);
      const isInverted = declared["invert"] === true;
      return (part) => split(part, pattern, behavior, isInverted);
    }
    case "Punctuation": {
      const behavior = behaviorOf(declared["behavior"] ?? "Isolated");
      return (part) => split(part, punctuation, behavior);
    }
    case "Digits": {
      const behavior = declared["individual_digits"] === true ? "Isolated" : "Contiguous";
      return (part) => split(part, /\p{N}/gu, behavior);
    }
    case "BertPreTokenizer":
      return (part) => split(part, space, "Removed").flatMap((word) => split(word, punctuation, "Isolated"));
    case "Whitespace":
      return (part) => split(part, wordsAndMarks, "Removed", true);
    case "WhitespaceSplit":
      return (part) => split(part, space, "Removed");
    case "CharDelimiterSplit": {
      const pattern = new RegExp(RegExp.escape(String(declared["delimiter"])), "gu");
      return (part) => split(part, pattern, "Removed");
    }
    case "FixedLength": {
      const pattern = new RegExp(`[^]{1,${Number(declared["length"])}}`, "gu");
      return (part) => split(part, pattern, "Isolated");
    }
    default:
      throw new Error(`Unknown PreTokenizer type: ${declared["type"]}`);
  }
}

/** Each byte of UTF-8 as a character that can be seen, in GPT-2's order: those that can be themselves are. */
export const byteCharacters: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const isVisible = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCharCode(isVisible ? byte : next++);
  });
})();

const encoder = new TextEncoder();

function byteLevel(declared: JsonObject): PreTokenize {
  const { add_prefix_space: addsSpace = true, use_regex: splits = true } = declared;
  return ({ text, isFirst }) => {
    const part = { text: addsSpace && !text.startsWith(" ") ? ` ${text}` : text, isFirst };
    return (splits ? split(part, byteLevelPattern, "Isolated") : [part]).map(({ text, isFirst }) => {
      return { text: Array.from(encoder.encode(text), (byte) => byteCharacters[byte]).join(""), isFirst };
    });
  };
}

/** Whether a mark goes in front of every part, of the first alone, or of none; older files have a flag for it. */
export function prependScheme({ prepend_scheme: scheme, add_prefix_space: adds }: JsonObject): unknown {
  return scheme ?? (adds === false ? "never" : "always");
}

function metaspace(declared: JsonObject): PreTokenize {
  const mark = String(declared["replacement"] ?? "▁"), scheme = prependScheme(declared);
  const pattern = new RegExp(RegExp.escape(mark), "gu"), splits = declared["split"] !== false;
  return ({ text, isFirst }) => {
    const marked = text.replaceAll(" ", () => mark);
    const isPrepended = !marked.startsWith(mark) && (scheme === "always" || (scheme === "first" && isFirst));
    const part = { text: isPrepended ? mark + marked : marked, isFirst };
    return splits ? split(part, pattern, "MergedWithNext") : [part];
  };
}
