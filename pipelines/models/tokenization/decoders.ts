/**
 * The decoders of tokenizer.json, which convert tokens' texts to a text, as in the Rust library.
 *
 * @module
 */
import { BPEDecoder, CTCDecoder, StripDecoder, WordPieceDecoder } from "@huggingface/tokenizers";
import { isJsonObject, type JsonObject } from "../../common/files.ts";
import {
  byteLevelFields,
  type Component,
  componentOf,
  declaredPart,
  flag,
  metaspaceFields,
  optionalCount,
  sequenceOf,
  text,
} from "./components.ts";
import { replaceFields, replacing } from "./patterns.ts";
import { byteCharacters, prependScheme } from "./pre_tokenizers.ts";

/** Changes tokens' texts, which are then concatenated. */
type Decode = (tokens: string[]) => string[];

const kinds: Readonly<Record<string, Component<Decode>>> = {
  Sequence: {
    fields: { decoders: Array.isArray },
    make(declared) {
      const steps = sequenceOf(declared, "decoders", decoderOf);
      return (tokens) => steps.reduce((changed, step) => step(changed), tokens);
    },
  },
  ByteLevel: { fields: byteLevelFields, make: () => byteLevel },
  ByteFallback: { fields: {}, make: () => byteFallback },
  Metaspace: {
    fields: metaspaceFields,
    make: metaspace,
  },
  WordPiece: {
    fields: { prefix: text, cleanup: flag },
    make: ({ prefix, cleanup }) => {
      return of(new WordPieceDecoder({ type: "WordPiece", prefix: String(prefix), cleanup: cleanup === true }));
    },
  },
  Replace: {
    fields: replaceFields,
    make(declared) {
      const replace = replacing(declared);
      return (tokens) => tokens.map(replace);
    },
  },
  Fuse: { fields: {}, make: () => (tokens) => [tokens.join("")] },
  Strip: {
    fields: { content: text, start: optionalCount, stop: optionalCount },
    make: ({ content, start, stop }) => {
      const ends = { start: Number(start ?? 0), stop: Number(stop ?? 0) };
      return of(new StripDecoder({ type: "Strip", content: String(content), ...ends }));
    },
  },
  BPEDecoder: {
    fields: { suffix: text },
    make: ({ suffix }) => of(new BPEDecoder({ type: "BPEDecoder", suffix: String(suffix) })),
  },
  CTC: {
    fields: { pad_token: text, word_delimiter_token: text, cleanup: flag },
    make: ({ pad_token, word_delimiter_token, cleanup }) => {
      const words = { pad_token: String(pad_token), word_delimiter_token: String(word_delimiter_token) };
      return of(new CTCDecoder({ type: "CTC", ...words, cleanup: cleanup === true }));
    },
  },
};

/**
 * Builds a decoder.
 *
 * @param declared The field `decoder`, or one of a sequence's parts.
 * @throws {Error} If a part of it is not supported.
 */
export function decoderOf(declared: unknown): Decode {
  const part = declaredPart("decoder", declared);
  // Without a decoder, tokens are words.
  return part === undefined ? (tokens) => [tokens.join(" ")] : componentOf("Decoder", kinds, part);
}

/**
 * A function that returns the text of a token that is the same beside any other tokens, and `undefined` for other
 * tokens, without decoding.
 */
export function ownTextOf(declared: unknown): (token: string) => string | undefined {
  return isJsonObject(declared) && declared["type"] === "ByteLevel" ? asciiText : () => undefined;
}

/**
 * Whether a decoder may take long for few tokens: it searches with a regular expression of the model's maker, or puts
 * more in than it takes out, which several of them do again and again.
 */
export function mayTakeLong(declared: unknown): boolean {
  if (!isJsonObject(declared)) return false;
  const { type, decoders, pattern, content } = declared;
  if (type === "Sequence") return Array.isArray(decoders) && decoders.some(mayTakeLong);
  if (type !== "Replace") return false;
  const found = isJsonObject(pattern) ? pattern["String"] : undefined;
  return typeof found !== "string" || typeof content !== "string" || content.length > found.length;
}

function of(decoder: { decode_chain(tokens: string[]): string[] }): Decode {
  return (tokens) => decoder.decode_chain(tokens);
}

const decodeBytes = (bytes: readonly number[], fatal = false) =>
  new TextDecoder("utf-8", { ignoreBOM: true, fatal }).decode(Uint8Array.from(bytes));

/** The byte that each character stands for; -1 for other characters. */
const byteOfUnit = new Int16Array(2 ** 16).fill(-1);
byteCharacters.forEach((character, byte) => byteOfUnit[character.charCodeAt(0)] = byte);

/** Tokens whose characters each stand for a byte; a token with any other character stands for itself. */
function byteLevel(tokens: string[]): string[] {
  let text = "", bytes: number[] = [];
  const flush = () => {
    if (bytes.length === 0) return;
    text += decodeBytes(bytes);
    bytes = [];
  };
  for (const token of tokens) {
    const plain = asciiText(token);
    if (plain === undefined) {
      const units = Array.from(token, (character) => byteOfUnit[character.charCodeAt(0)]!);
      for (const byte of units.every((byte) => byte >= 0) ? units : new TextEncoder().encode(token)) bytes.push(byte);
    } else if (plain !== "") {
      flush();
      text += plain;
    }
  }
  flush();
  return [text];
}

/** The text of a token of ASCII bytes, which is the same beside any other bytes; `undefined` for other tokens. */
function asciiText(token: string): string | undefined {
  let text = "", from = 0;
  for (let at = 0; at < token.length; at++) {
    const unit = token.charCodeAt(at), byte = byteOfUnit[unit]!;
    if (byte < 0 || byte > 0x7f) return undefined;
    if (byte === unit) continue;
    text += token.slice(from, at) + String.fromCharCode(byte);
    from = at + 1;
  }
  return from === 0 ? token : text + token.slice(from);
}

/**
 * Runs of byte tokens such as `<0xE2>` become text; in a run that is not UTF-8, each byte becomes a replacement
 * character.
 */
function byteFallback(tokens: string[]): string[] {
  const decoded: string[] = [];
  let bytes: number[] = [];
  const flush = () => {
    try {
      if (bytes.length > 0) decoded.push(decodeBytes(bytes, true));
    } catch {
      decoded.push(...bytes.map(() => "\ufffd"));
    }
    bytes = [];
  };
  for (const token of tokens) {
    const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
    if (byte !== undefined) bytes.push(parseInt(byte, 16));
    else {
      flush();
      decoded.push(token);
    }
  }
  flush();
  return decoded;
}

/** Marks become spaces; those in the first token were prepended and are removed, unless marks are never prepended. */
function metaspace(declared: JsonObject): Decode {
  const mark = String(declared["replacement"] ?? "▁"), isPrepended = prependScheme(declared) !== "never";
  return (tokens) => tokens.map((token, at) => token.replaceAll(mark, at === 0 && isPrepended ? "" : " "));
}
