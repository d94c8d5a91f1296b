/**
 * The pre-tokenizers of tokenizer.json: the parts of a text that are encoded each by itself, as in the Rust library. What
 * is a space, a letter, a digit is as Unicode has it, which JavaScript's `\s`, `\w` and `\d` are not.
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

/** What is done to a text before its words are encoded. */
interface PreTokenizer {
  /** Parts a part further. */
  cut(part: Part): Part[];
  /** A word as its characters stand for it in the vocabulary. */
  spell(word: string): string;
}

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
 * @throws {Error} With what is not supported of it.
 */
export function preTokenizerOf(declared: unknown): PreTokenizer {
  const part = declaredPart("pre-tokenizer", declared);
  return part === undefined ? inTurn([]) : componentOf("PreTokenizer", kinds, part);
}

const asIs = (word: string) => word;

/** One that cuts alone. */
function cutting(cut: (part: Part) => Part[]): PreTokenizer {
  return { cut, spell: asIs };
}

/** One after the other: the last one's spelling is left to it, the others' is done before the next cuts. */
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

/** Each byte of UTF-8 as a character that can be seen, in GPT-2's order: those that can be themselves are. */
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
    spell: (word) => Array.from(encoder.encode(word), (byte) => byteCharacters[byte]).join(""),
  };
}

/** Whether a mark goes in front of every part, of the first alone, or of none; older files have a flag for it. */
export function prependScheme({ prepend_scheme: scheme, add_prefix_space: adds }: JsonObject): unknown {
  return scheme ?? (adds === false ? "never" : "always");
}

function metaspace(declared: JsonObject): PreTokenizer["cut"] {
  const mark = String(declared["replacement"] ?? "▁"), scheme = prependScheme(declared);
  const pattern = new RegExp(RegExp.escape(mark), "gu"), splits = declared["split"] !== false;
  // A dollar would stand for something.
  const replacement = mark.replaceAll("$", "$$$$");
  return ({ text, isFirst }) => {
    const marked = text.replaceAll(" ", replacement);
    const isPrepended = !marked.startsWith(mark) && (scheme === "always" || (scheme === "first" && isFirst));
    const part = { text: isPrepended ? mark + marked : marked, isFirst };
    return splits ? split(part, pattern, "MergedWithNext") : [part];
  };
}
