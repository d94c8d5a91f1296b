/**
 * The normalizers of tokenizer.json, equal to the Rust library's character by character.
 *
 * @module
 */
import type { JsonObject } from "../../common/files.ts";
import { controls, ideographs, marks, nonspacingMarks, settled } from "./characters.ts";
import { readCharsmap } from "./charsmap.ts";
import { among, anything, type Component, componentOf, declaredPart, flag, sequenceOf, text } from "./components.ts";
import { replaceFields, replacing, requireGrown } from "./patterns.ts";

/** Normalizes a text. */
export type Normalize = (text: string) => string;

const unicodeForm = (form: "NFC" | "NFD" | "NFKC" | "NFKD"): Component<Normalize> => ({
  fields: {},
  make: () => (text) => normalForm(text, form),
});

const kinds: Readonly<Record<string, Component<Normalize>>> = {
  Sequence: {
    fields: { normalizers: Array.isArray },
    make(declared) {
      const parts = sequenceOf(declared, "normalizers", normalizerOf);
      // Check after each part: forty parts that each double a text would exhaust memory before the last one.
      return (text) => parts.reduce((normalized, part) => requireGrown(text, part(normalized)), text);
    },
  },
  BertNormalizer: {
    fields: {
      clean_text: flag,
      handle_chinese_chars: flag,
      strip_accents: among(true, false, null, undefined),
      lowercase: flag,
    },
    make: bertNormalizer,
  },
  Precompiled: {
    fields: { precompiled_charsmap: anything },
    make({ precompiled_charsmap: map }) {
      const replace = typeof map === "string" ? readCharsmap(map) : undefined;
      if (replace === undefined) throw new Error("a precompiled_charsmap that is none");
      return replace;
    },
  },
  Replace: { fields: replaceFields, make: replacing },
  NFC: unicodeForm("NFC"),
  NFD: unicodeForm("NFD"),
  NFKC: unicodeForm("NFKC"),
  NFKD: unicodeForm("NFKD"),
  Lowercase: { fields: {}, make: () => lowercase },
  Strip: {
    fields: { strip_left: flag, strip_right: flag },
    make: ({ strip_left: left, strip_right: right }) => (text) => {
      return text.replace(left ? /^\p{White_Space}+/u : "", "").replace(right ? /\p{White_Space}+$/u : "", "");
    },
  },
  StripAccents: { fields: {}, make: () => (text) => text.replace(marks, "") },
  Prepend: { fields: { prepend: text }, make: ({ prepend }) => (text) => text === "" ? "" : `${prepend}${text}` },
};

/**
 * Builds a normalizer.
 *
 * @param declared The field `normalizer`, or one of a sequence's parts.
 * @throws {Error} If a part of it is not supported.
 */
export function normalizerOf(declared: unknown): Normalize {
  const part = declaredPart("normalizer", declared);
  if (part === undefined) return (text) => text;
  const normalize = componentOf("Normalizer", kinds, part);
  return (text) => requireGrown(text, normalize(text));
}

/** Whether a text is ASCII, which needs no Unicode normalization and has simple case rules. */
function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

function normalForm(text: string, form: "NFC" | "NFD" | "NFKC" | "NFKD"): string {
  return isAscii(text) ? text : text.replace(settled, (run) => run.normalize(form));
}

/** Lowercases each character separately: a sigma at the end of a word becomes a normal one. */
function lowercase(text: string): string {
  return isAscii(text) ? text.toLowerCase() : Array.from(text, (character) => character.toLowerCase()).join("");
}

function bertNormalizer(declared: JsonObject): Normalize {
  const isLower = declared["lowercase"] === true, { strip_accents: strips } = declared;
  const steps: Normalize[] = [];
  if (declared["clean_text"] === true) {
    steps.push((text) => text.replace(controls, "").replace(/\p{White_Space}/gu, " "));
  }
  if (declared["handle_chinese_chars"] === true) steps.push((text) => text.replace(ideographs, " $& "));
  if (typeof strips === "boolean" ? strips : isLower) {
    steps.push((text) => normalForm(text, "NFD").replace(nonspacingMarks, ""));
  }
  if (isLower) steps.push(lowercase);
  return (text) => steps.reduce((normalized, step) => step(normalized), text);
}
