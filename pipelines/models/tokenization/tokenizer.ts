import { createHash } from "node:crypto";
import { join } from "node:path";
import { inTime } from "../../common/deadline.ts";
import { RequestError } from "../../common/errors.ts";
import {
  faultText,
  isJsonObject,
  type JsonObject,
  mostJson,
  parseJsonObject,
  readFileIfPresent,
  readJsonObject,
} from "../../common/files.ts";
import { mark } from "./byte_pair.ts";
import { mayTakeLong } from "./decoders.ts";
import { type ChatFormat, readChatFormat } from "./chat_template.ts";
import { addedTokens, assemble, longestFirst, type PostProcessor, postProcessorOf } from "./post_processor.ts";
import { type EmbeddedTokens, embeddedTokens } from "./embedded_tokens.ts";
import { type CleanUp, cleanUpSpaces, noCleanUp } from "./clean_up.ts";
import { specialTokensAround } from "./post_processor.ts";
import { type Encoder, encoderOf } from "./encoder.ts";
import { addedTokens as tokensAddedBy, asLoaded } from "./tokenizer_class.ts";

/** Options for decoding ids. */
interface DecodeOptions {
  /** Whether special tokens are omitted; `false` by default. */
  readonly skipSpecialTokens?: boolean;
  /** `false` for a text that is compared with an original, whatever the configuration says; `true` by default. */
  readonly cleanUpSpaces?: boolean;
}

/** Converts text to token ids and back. A text with a token for which the model has no embedding is refused. */
export interface Tokenizer {
  /** A prompt's ids, with the special tokens that the tokenizer's post-processor adds. */
  encodePrompt(text: string): number[];
  /** The special tokens before and after the ids of a prompt's text. */
  readonly around: { readonly before: readonly number[]; readonly after: readonly number[] };
  /** A text's ids without added special tokens. A special token that is written out in the text still is one. */
  encode(text: string): number[];
  /**
   * The ids of one or two texts with the special tokens between and around them, and each token's type, for example
   * BERT's `[CLS] a [SEP] b [SEP]` with the types 0 0 0 1 1.
   *
   * @param second Omitted or empty for a single text.
   * @param maxLength The maximum number of tokens, including special ones; the longer text is truncated first.
   * @param truncate Which end of a text is cut; the right one if omitted.
   * @throws {RequestError} If the special tokens alone exceed it.
   */
  encodePair(
    first: string,
    second: string | undefined,
    maxLength?: number,
    truncate?: "left" | "right",
  ): { ids: number[]; typeIds: number[] };
  /** The text of some ids; ids outside the vocabulary have no text. */
  decode(ids: readonly number[], options?: DecodeOptions): string;
  /** The exact text of a token after one that has some, if it is the same beside any others; otherwise `undefined`. */
  ownText(id: number): string | undefined;
  /** A single token for display: its entry in the vocabulary if that shows spaces, otherwise its text. */
  pieceOf(id: number): string;
  /** The final clean-up of spaces in {@linkcode decode}. */
  readonly cleanUp: CleanUp;
  /** Whether a token is special: marked as such, only named in the configuration, or an end-of-sequence token. */
  isSpecial(id: number): boolean;
  /** The chat templates, and the special tokens that they use. */
  readonly chat: ChatFormat;
  /** The end-of-sequence token. Reading it throws a RequestError if the model has no embedding for it. */
  readonly eosTokenId: number;
  /** Every token that ends generation, `eosTokenId` first. */
  readonly eosTokenIds: readonly number[];
  /** The padding token; the end-of-sequence token if the model names none for which it has an embedding. */
  readonly padTokenId: number;
  /** The token of what is unknown; `padTokenId` where the model names none that it has an embedding for. */
  readonly fillTokenId: number;
  /** One more than the highest id. A model's embedding may have more rows, or fewer. */
  readonly vocabularySize: number;
  /**
   * The SHA-256 in hex of everything that ids and text depend on: tokenizer.json, tokenizer_config.json, the tokens
   * above.
   */
  readonly digest: string;
}

const AGAIN = "download the model again";

/**
 * Loads a model folder's tokenizer, like transformers' fast tokenizers.
 *
 * @param folder Contains `tokenizer.json`; `tokenizer_config.json`, `special_tokens_map.json`, `added_tokens.json`,
 * `generation_config.json`, `config.json` and chat templates are read if present. The end-of-sequence token is the
 * first one that they name, in this order; generation also ends at any of those listed in the last two. If none is
 * named, as in BERT's folders, it is the separator.
 * @param rows The number of rows of the model's embedding.
 * @returns The tokenizer.
 * @throws {RequestError} If `tokenizer.json` is absent, broken or of an unknown kind, or no file names an
 * end-of-sequence token.
 */
export async function loadTokenizer(folder: string, rows = Infinity): Promise<Tokenizer> {
  const path = join(folder, "tokenizer.json");
  const bytes = await readFileIfPresent(path, mostJson);
  if (bytes === undefined) {
    throw new RequestError(`has no tokenizer.json; ${AGAIN}, or save its fast tokenizer into the folder`, {
      file: folder,
    });
  }
  const configPath = join(folder, "tokenizer_config.json");
  const configBytes = await readFileIfPresent(configPath);
  const models = await Promise.all(
    ["generation_config.json", "config.json"].map(async (name) =>
      await readJsonObject(join(folder, name), AGAIN) ?? {}
    ),
  ) as [JsonObject, JsonObject];
  const files = {
    tokenizer: parseJsonObject(bytes, path, AGAIN),
    config: configBytes === undefined ? {} : parseJsonObject(configBytes, configPath, AGAIN),
    named: await readJsonObject(join(folder, "special_tokens_map.json"), AGAIN),
    added: await readJsonObject(join(folder, "added_tokens.json"), AGAIN),
  };
  const { tokenizer: json, config } = asLoaded(files, models[1]);
  const splitsSpecial = config["split_special_tokens"] === true;
  const encoder = inUse(makeEncoder(json, path, splitsSpecial, bytes.length), path, mayTakeLong(json["decoder"]));
  const around = postProcessorOf(json["post_processor"], path);

  const end = namedToken(encoder, config["eos_token"]);
  const ends = [...(end === undefined ? [] : [end]), ...models.flatMap((model) => idsOf(model["eos_token_id"]))];
  const separator = ends.length === 0 ? namedToken(encoder, config["sep_token"]) : undefined;
  const eosTokenIds = [...new Set(separator === undefined ? ends : [separator])];
  const [eosTokenId] = eosTokenIds;
  if (eosTokenId === undefined) {
    throw new RequestError('names no end-of-sequence token; add an "eos_token"', { file: configPath });
  }
  const pads = [namedToken(encoder, config["pad_token"]), ...models.flatMap((model) => idsOf(model["pad_token_id"]))];
  const padTokenId = pads.find((id) => id !== undefined && id < rows) ?? eosTokenId;
  const unknown = namedToken(encoder, config["unk_token"]);
  const fillTokenId = unknown !== undefined && unknown < rows ? unknown : padTokenId;
  // As transformers has it, a token that a role names is special unless files declare it otherwise.
  const marked = tokensAddedBy(json).filter(({ special }) => special === true).map(({ id }) => Number(id));
  const special = new Set([...marked, eosTokenId]);
  // Tokens may also be added by files that are not digested, or by the tokenizer's class.
  const decided = [bytes.length, eosTokenIds, padTokenId, around, [...special], tokensAddedBy(json)];
  const hash = createHash("sha256").update(JSON.stringify(decided)).update(bytes)
    .update(configBytes ?? new Uint8Array());
  const { templatesInFiles, ...chat } = await readChatFormat(folder, config);
  if (templatesInFiles) hash.update(JSON.stringify([...chat.templates]));
  const digest = hash.digest("hex");
  // At once, because a browser collects large buffers late.
  bytes.buffer.transfer(0);
  const embedded = embeddedTokens(encoder, rows);
  return {
    ...codec(encoder, around, config, special, embedded),
    chat,
    get eosTokenId() {
      embedded([eosTokenId]);
      return eosTokenId;
    },
    eosTokenIds,
    padTokenId,
    fillTokenId,
    digest,
  };
}

/** @param size The size of the file in bytes. */
function makeEncoder(json: JsonObject, path: string, splitsSpecial: boolean, size: number): Encoder {
  const { model } = json;
  if (!isJsonObject(model)) {
    throw new RequestError(`has no "model"; ${AGAIN}, or save its fast tokenizer into the folder`, { file: path });
  }
  return inTime(size / 1000, tooSlow("to load", path), () => {
    return usable(path, () => encoderOf(json, tokensAddedBy(json), splitsSpecial));
  });
}

/**
 * An encoder whose time is limited and whose errors name its file. This is a function of its own so that the encoder
 * does not keep the file's JSON, which has several times its size, in memory.
 *
 * @param isWatched Whether decoding is watched, too.
 */
function inUse(made: Encoder, path: string, isWatched: boolean): Encoder {
  // Its patterns are the model's maker's, and may take for ever. To watch the time takes more than most texts do.
  return {
    ...made,
    encode: (text) =>
      usable(path, () => {
        return inTime(text.length, tooSlow(`for ${text.length} characters`, path), () => made.encode(text));
      }),
    decode: (ids) =>
      usable(path, () => {
        if (!isWatched) return made.decode(ids);
        return inTime(ids.length, tooSlow(`to write ${ids.length} tokens`, path), () => made.decode(ids));
      }),
    ownText: (id) => isWatched ? undefined : made.ownText(id),
  };
}

function tooSlow(what: string, file: string): (seconds: number) => RequestError {
  return (seconds) =>
    new RequestError(`takes more than ${seconds} s ${what}; choose a model with another tokenizer`, { file });
}

/**
 * The result of a tokenizer function; its errors, such as a pattern that can't be compiled, are attributed to the
 * tokenizer.
 */
function usable<Given>(path: string, ask: () => Given): Given {
  try {
    return ask();
  } catch (fault) {
    if (fault instanceof RequestError) throw fault.at({ file: path });
    throw new RequestError(`can't be used (${faultText(fault)}); choose a model with a supported tokenizer`, {
      file: path,
    });
  }
}

function codec(
  encoder: Encoder,
  around: PostProcessor,
  config: JsonObject,
  special: ReadonlySet<number>,
  embedded: EmbeddedTokens,
) {
  const cleanUp = config["clean_up_tokenization_spaces"] === true ? cleanUpSpaces : noCleanUp;
  const encode = (text: string) => embedded(encoder.encode(text));
  // Special tokens around a text may also be beyond the embedding.
  const whole: typeof assemble = (...parts) => {
    const assembled = assemble(...parts);
    embedded(assembled.ids);
    return assembled;
  };
  return {
    around: specialTokensAround(around.single),
    encodePrompt: (text: string) => whole(around.single, encode(text), []).ids,
    encode,
    encodePair(first: string, second: string | undefined, maxLength?: number, truncate: "left" | "right" = "right") {
      const isPair = second !== undefined && second !== "", template = isPair ? around.pair : around.single;
      const [one, other] = [encode(first), isPair ? encode(second) : []];
      if (maxLength === undefined) return whole(template, one, other);
      const added = addedTokens(template);
      if (!Number.isSafeInteger(maxLength) || maxLength < added) {
        throw new RequestError(
          `expected maxLength to be a whole number of tokens from the ${added} special ones on but found ${maxLength}; ` +
            "correct it, as in 128",
        );
      }
      const [kept, otherKept] = longestFirst(one.length, other.length, maxLength - added);
      const cut = (ids: readonly number[], count: number) =>
        truncate === "right" ? ids.slice(0, count) : ids.slice(ids.length - count);
      return whole(template, cut(one, kept), cut(other, otherKept));
    },
    cleanUp,
    decode: (ids: readonly number[], options: DecodeOptions = {}) => {
      const { skipSpecialTokens = false, cleanUpSpaces = true } = options;
      const kept = ids.filter((id) => encoder.tokenOf(id) !== undefined && !(skipSpecialTokens && special.has(id)));
      const text = encoder.decode(kept);
      return cleanUpSpaces ? cleanUp.clean(text) : text;
    },
    ownText: encoder.ownText,
    pieceOf: (id: number) => {
      const token = encoder.tokenOf(id);
      if (token === undefined) return "";
      // On its own, a SentencePiece token would lose its leading space.
      return token.includes(mark) ? token : encoder.decode([id]) || token;
    },
    isSpecial: (id: number) => special.has(id),
    vocabularySize: encoder.size,
  };
}

/** The id of a token named in a configuration. */
function namedToken(encoder: Encoder, token: unknown): number | undefined {
  return typeof token === "string" ? encoder.idOf(token) : undefined;
}

/** The ids in a configuration, which may be one id, a list, null or absent. */
function idsOf(value: unknown): number[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((id): id is number => typeof id === "number" && Number.isSafeInteger(id) && id >= 0);
}
