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

/** The text of a token, unless it depends on the tokens beside it. */
type OwnText = (token: string) => string | undefined;

interface Decoder {
  /** Changes tokens' texts, which are then concatenated. */
  decode(tokens: string[]): string[];
  /** The text of a token after one that has some, if it is the same beside any others; omitted if it never is. */
  readonly ownText?: OwnText;
  /** Whether it joins all tokens. */
  readonly isJoining?: true;
  /** As `ownText`, where all tokens are already joined. */
  readonly ownTextJoined?: OwnText;
}

const asIs = (token: string) => token;

const kinds: Readonly<Record<string, Component<Decoder>>> = {
  Sequence: {
    fields: { decoders: Array.isArray },
    make(declared) {
      const steps = sequenceOf(declared, "decoders", decoderOf), ownText = ownTextInTurn(steps);
      return {
        decode: (tokens) => steps.reduce((changed, step) => step.decode(changed), tokens),
        ...ownText === undefined ? {} : { ownText },
      };
    },
  },
  ByteLevel: { fields: byteLevelFields, make: () => ({ decode: byteLevel, ownText: asciiText }) },
  ByteFallback: {
    fields: {},
    make: () => ({ decode: byteFallback, ownText: (token) => byteToken.test(token) ? undefined : token }),
  },
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
      return { decode: (tokens) => tokens.map(replace), ownText: replace };
    },
  },
  Fuse: { fields: {}, make: () => ({ decode: (tokens) => [tokens.join("")], ownText: asIs, isJoining: true }) },
  Strip: {
    fields: { content: text, start: optionalCount, stop: optionalCount },
    make: ({ content, start, stop }) => {
      const ends = { start: Number(start ?? 0), stop: Number(stop ?? 0) };
      return {
        ...of(new StripDecoder({ type: "Strip", content: String(content), ...ends })),
        ...ends.start <= 1 && ends.stop === 0 ? { ownTextJoined: asIs } : {},
      };
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
export function decoderOf(declared: unknown): Decoder {
  const part = declaredPart("decoder", declared);
  // Without a decoder, tokens are words.
  return part === undefined ? { decode: (tokens) => [tokens.join(" ")] } : componentOf("Decoder", kinds, part);
}

function ownTextInTurn(steps: readonly Decoder[]): OwnText | undefined {
  const parts: OwnText[] = [];
  let isJoined = false;
  for (const { ownText, ownTextJoined, isJoining = false } of steps) {
    const part = isJoined ? ownTextJoined : ownText;
    if (part === undefined) return undefined;
    parts.push(part);
    isJoined ||= isJoining;
  }
  return (token) => parts.reduce<string | undefined>((text, part) => text === undefined ? text : part(text), token);
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

function of(decoder: { decode_chain(tokens: string[]): string[] }): Decoder {
  return { decode: (tokens) => decoder.decode_chain(tokens) };
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

const byteToken = /^<0x([0-9A-Fa-f]{2})>$/;

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
    const byte = byteToken.exec(token)?.[1];
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
function metaspace(declared: JsonObject): Decoder {
  const mark = String(declared["replacement"] ?? "▁"), isPrepended = prependScheme(declared) !== "never";
  return {
    decode: (tokens) => tokens.map((token, at) => token.replaceAll(mark, at === 0 && isPrepended ? "" : " ")),
    ownText: (token) => token.replaceAll(mark, " "),
  };
}
