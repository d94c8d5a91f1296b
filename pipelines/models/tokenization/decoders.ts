/**
 * The decoders of tokenizer.json: tokens' text to a text, as in the Rust library.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import { BPEDecoder, CTCDecoder, ReplaceDecoder, StripDecoder, WordPieceDecoder } from "@huggingface/tokenizers";
import { isJsonObject, type JsonObject } from "../../common/files.ts";
import { patternOf } from "./patterns.ts";
import { byteCharacters, prependScheme } from "./pre_tokenizers.ts";

/** Changes tokens' texts, which joined are a text. */
type Decode = (tokens: string[]) => string[];

/**
 * Builds a decoder.
 *
 * @param declared The field `decoder`, or one of a sequence's parts.
 * @throws {Error} With what is not supported of it.
 */
export function decoderOf(declared: unknown): Decode {
  // Tokens of a vocabulary of words are just words.
  if (declared === null || declared === undefined) return (tokens) => [tokens.join(" ")];
  if (!isJsonObject(declared)) throw new Error("a decoder that is no object");
  const text = (field: string) => String(ownValue(declared, field) ?? ""),
    count = (field: string) => Number(ownValue(declared, field) ?? 0);
  const cleanup = Boolean(declared["cleanup"]);
  switch (declared["type"]) {
    case "Sequence": {
      const steps = Array.isArray(declared["decoders"]) ? declared["decoders"].map(decoderOf) : [];
      return (tokens) => steps.reduce((changed, step) => step(changed), tokens);
    }
    case "ByteLevel":
      return byteLevel;
    case "ByteFallback":
      return byteFallback;
    case "Metaspace":
      return metaspace(declared);
    case "WordPiece":
      return of(new WordPieceDecoder({ type: "WordPiece", prefix: text("prefix"), cleanup }));
    case "Replace":
      return of(new ReplaceDecoder({ type: "Replace", pattern: patternOf(declared), content: text("content") }));
    case "Fuse":
      return (tokens) => [tokens.join("")];
    case "Strip":
      return of(
        new StripDecoder({ type: "Strip", content: text("content"), start: count("start"), stop: count("stop") }),
      );
    case "BPEDecoder":
      return of(new BPEDecoder({ type: "BPEDecoder", suffix: text("suffix") }));
    case "CTC": {
      const pad_token = text("pad_token"), word_delimiter_token = text("word_delimiter_token");
      return of(new CTCDecoder({ type: "CTC", pad_token, word_delimiter_token, cleanup }));
    }
    default:
      throw new Error(`Unknown Decoder type: ${declared["type"]}`);
  }
}

function of(decoder: { decode_chain(tokens: string[]): string[] }): Decode {
  return (tokens) => decoder.decode_chain(tokens);
}

const decodeBytes = (bytes: readonly number[], fatal = false) =>
  new TextDecoder("utf-8", { ignoreBOM: true, fatal }).decode(Uint8Array.from(bytes));

const bytesOfCharacters = new Map(byteCharacters.map((character, byte) => [character, byte]));

/** Tokens whose characters each mean a byte; a token with any other character means itself. */
function byteLevel(tokens: string[]): string[] {
  const bytes = tokens.flatMap((token) => {
    const found = Array.from(token, (character) => bytesOfCharacters.get(character));
    return found.every((byte) => byte !== undefined) ? found : [...new TextEncoder().encode(token)];
  });
  return [decodeBytes(bytes)];
}

/** Runs of `<0xE2>` and its like become text; each byte of one that is no UTF-8 becomes a replacement character. */
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

/** Marks become spaces; those of the first token were put there, unless none ever is. */
function metaspace(declared: JsonObject): Decode {
  const mark = String(declared["replacement"] ?? "▁"), isPrepended = prependScheme(declared) !== "never";
  return (tokens) => tokens.map((token, at) => token.replaceAll(mark, at === 0 && isPrepended ? "" : " "));
}
