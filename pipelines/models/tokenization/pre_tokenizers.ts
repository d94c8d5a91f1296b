/**
 * The pre-tokenizers of tokenizer.json, which split a text into parts that are encoded separately, as in the Rust
 * library. Spaces, letters and digits are Unicode's, unlike JavaScript's `\s`, `\w` and `\d`.
 *
 * @module
 */
import type { JsonObject } from "../../common/files.ts";
import { punctuation } from "./characters.ts";
import {
  anything,
  byteLevelFields,
  type Component,
  componentOf,
  declaredPart,
  flag,
  metaspaceFields,
  sequenceOf,
  text,
} from "./components.ts";
import { regExpOf } from "./patterns.ts";
import { behaviorOf, type Part, split } from "./splitting.ts";

/** Splits a text into words, and spells them, before they are encoded. */
interface PreTokenizer {
  /** Splits a part further. */
  cut(part: Part): Part[];
  /** A word in the characters that represent it in the vocabulary. */
  spell(word: string): string;
}

const space = /\p{White_Space}/gu;
const wordsAndMarks = (() => {
  const word = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";
  return new RegExp(`[${word}]+|[^${word}\\p{White_Space}]+`, "gu");
})();

/** GPT-2's pattern. */
const byteLevelPattern = (() => {
  const space = "\\p{White_Space}";
  const runs = ` ?\\p{L}+| ?\\p{N}+| ?[^${space}\\p{L}\\p{N}]+|${space}+(?!\\P{White_Space})|${space}+`;
  return new RegExp(`'s|'t|'re|'ve|'m|'ll|'d|${runs}`, "gu");
})();

const behavior = (value: unknown) => behaviorOf(value ?? "Isolated") !== undefined;

const kinds: Readonly<Record<string, Component<PreTokenizer>>> = {
  Sequence: {
    fields: { pretokenizers: Array.isArray },
    make: (declared) => inTurn(sequenceOf(declared, "pretokenizers", preTokenizerOf)),
  },
  ByteLevel: { fields: byteLevelFields, make: byteLevel },
  Metaspace: {
    fields: metaspaceFields,
    make: (declared) => cutting(metaspace(declared)),
  },
  Split: {
    fields: { pattern: anything, behavior: (value) => behaviorOf(value) !== undefined, invert: flag },
    make(declared) {
      const pattern = regExpOf(declared), behavior = behaviorOf(declared["behavior"]);
      const isInverted = declared["invert"] === true;
      return cutting((part) => split(part, pattern, behavior, isInverted));
    },
  },
  Punctuation: {
    fields: { behavior },
    make(declared) {
      const behavior = behaviorOf(declared["behavior"] ?? "Isolated");
      return cutting((part) => split(part, punctuation, behavior));
    },
  },
  Digits: {
    fields: { individual_digits: flag },
    make({ individual_digits: individual }) {
      return cutting((part) => split(part, /\p{N}/gu, individual === true ? "Isolated" : "Contiguous"));
    },
  },
  BertPreTokenizer: {
    fields: {},
    make: () => {
      return cutting((part) => split(part, space, "Removed").flatMap((word) => split(word, punctuation, "Isolated")));
    },
  },
  Whitespace: { fields: {}, make: () => cutting((part) => split(part, wordsAndMarks, "Removed", true)) },
  WhitespaceSplit: { fields: {}, make: () => cutting((part) => split(part, space, "Removed")) },
  CharDelimiterSplit: {
    fields: { delimiter: text },
    make({ delimiter }) {
      const pattern = new RegExp(RegExp.escape(String(delimiter)), "gu");
      return cutting((part) => split(part, pattern, "Removed"));
    },
  },
  FixedLength: {
    fields: { length: (value) => Number.isSafeInteger(value) && Number(value) > 0 },
    make({ length }) {
      const pattern = new RegExp(`[^]{1,${Number(length)}}`, "gu");
      return cutting((part) => split(part, pattern, "Isolated"));
    },
  },
};

/**
 * Builds a pre-tokenizer.
 *
 * @param declared The field `pre_tokenizer`, or one of a sequence's parts.
 * @throws {Error} If a part of it is not supported.
 */
export function preTokenizerOf(declared: unknown): PreTokenizer {
  const part = declaredPart("pre-tokenizer", declared);
  return part === undefined ? inTurn([]) : componentOf("PreTokenizer", kinds, part);
}

const asIs = (word: string) => word;

/** A pre-tokenizer that only splits. */
function cutting(cut: (part: Part) => Part[]): PreTokenizer {
  return { cut, spell: asIs };
}

/** Pre-tokenizers in sequence: each one's spelling is applied before the next one splits, except the last one's. */
function inTurn(steps: readonly PreTokenizer[]): PreTokenizer {
  const last = steps.at(-1);
  const cut = (part: Part) => {
    return steps.reduce((parts, step) => {
      const found = parts.flatMap(step.cut);
      return step === last || step.spell === asIs
        ? found
        : found.map(({ text, isFirst }) => ({ text: step.spell(text), isFirst }));
    }, [part]);
  };
  return { cut, spell: last?.spell ?? asIs };
}

/** A printable character for each byte of UTF-8, in GPT-2's order: printable bytes stand for themselves. */
export const byteCharacters: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const isVisible = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCharCode(isVisible ? byte : next++);
  });
})();

const encoder = new TextEncoder();

function byteLevel(declared: JsonObject): PreTokenizer {
  const { add_prefix_space: addsSpace = true, use_regex: splits = true } = declared;
  return {
    cut({ text, isFirst }) {
      const part = { text: addsSpace && !text.startsWith(" ") ? ` ${text}` : text, isFirst };
      return splits ? split(part, byteLevelPattern, "Isolated") : [part];
    },
    spell: spellBytes,
  };
}

function spellBytes(word: string): string {
  let spelled = "";
  for (let at = 0; at < word.length; at++) {
    const unit = word.charCodeAt(at);
    if (unit > 0x7f) return Array.from(encoder.encode(word), (byte) => byteCharacters[byte]).join("");
    spelled += byteCharacters[unit]!;
  }
  return spelled;
}

/** Whether a mark is prepended to every part, only to the first, or to none; older files have a flag for it. */
export function prependScheme({ prepend_scheme: scheme, add_prefix_space: adds }: JsonObject): unknown {
  return scheme ?? (adds === false ? "never" : "always");
}

function metaspace(declared: JsonObject): PreTokenizer["cut"] {
  const mark = String(declared["replacement"] ?? "▁"), scheme = prependScheme(declared);
  const pattern = new RegExp(RegExp.escape(mark), "gu"), splits = declared["split"] !== false;
  // A dollar sign would be special in a replacement.
  const replacement = mark.replaceAll("$", "$$$$");
  return ({ text, isFirst }) => {
    const marked = text.replaceAll(" ", replacement);
    const isPrepended = !marked.startsWith(mark) && (scheme === "always" || (scheme === "first" && isFirst));
    const part = { text: isPrepended ? mark + marked : marked, isFirst };
    return splits ? split(part, pattern, "MergedWithNext") : [part];
  };
}
