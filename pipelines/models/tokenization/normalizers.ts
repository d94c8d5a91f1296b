/**
 * The normalizers of tokenizer.json, character by character as the Rust library has them.
 *
 * @module
 */
import { isJsonObject, type JsonObject } from "../../common/files.ts";
import { controls, ideographs, marks, nonspacingMarks, settled } from "./characters.ts";
import { readCharsmap } from "./charsmap.ts";
import { regExpOf } from "./patterns.ts";

/** Makes a text what its tokenizer was trained on. */
export type Normalize = (text: string) => string;

/**
 * Builds a normalizer.
 *
 * @param declared The field `normalizer`, or one of a sequence's parts.
 * @throws {Error} With what is not supported of it.
 */
export function normalizerOf(declared: unknown): Normalize {
  if (declared === null || declared === undefined) return (text) => text;
  if (!isJsonObject(declared)) throw new Error("a normalizer that is no object");
  const type = declared["type"];
  switch (type) {
    case "Sequence": {
      const parts = Array.isArray(declared["normalizers"]) ? declared["normalizers"].map(normalizerOf) : [];
      return (text) => parts.reduce((normalized, part) => part(normalized), text);
    }
    case "BertNormalizer":
      return bertNormalizer(declared);
    case "Precompiled": {
      const map = declared["precompiled_charsmap"];
      const replace = typeof map === "string" ? readCharsmap(map) : undefined;
      if (replace === undefined) throw new Error("a precompiled_charsmap that is none");
      return replace;
    }
    case "Replace":
      return replacing(declared);
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD":
      return (text) => normalForm(text, type);
    case "Lowercase":
      return lowercase;
    case "Strip": {
      const { strip_left: left, strip_right: right } = declared;
      return (text) =>
        text.replace(left ? /^\p{White_Space}+/u : "", "").replace(right ? /\p{White_Space}+$/u : "", "");
    }
    case "StripAccents":
      return (text) => text.replace(marks, "");
    case "Prepend":
      return (text) => text === "" ? "" : `${declared["prepend"]}${text}`;
    default:
      throw new Error(`Unknown Normalizer type: ${type}`);
  }
}

function normalForm(text: string, form: "NFC" | "NFD" | "NFKC" | "NFKD"): string {
  return text.replace(settled, (run) => run.normalize(form));
}

/** Each character by itself: a sigma at a word's end is a plain one. */
function lowercase(text: string): string {
  return Array.from(text, (character) => character.toLowerCase()).join("");
}

function replacing(declared: JsonObject): Normalize {
  const pattern = regExpOf(declared), content = String(declared["content"] ?? "");
  return (text) => text.replaceAll(pattern, () => content);
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
