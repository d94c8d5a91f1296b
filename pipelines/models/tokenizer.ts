import { createHash } from "node:crypto";
import { join } from "node:path";
import { Tokenizer as Encoder } from "@huggingface/tokenizers";
import { RequestError } from "../errors.ts";
import {
  faultText,
  isJsonObject,
  type JsonObject,
  parseJsonObject,
  readFileIfPresent,
  readJsonObject,
} from "./files.ts";
import { addedTokens, assemble, longestFirst, type PostProcessor, postProcessorOf } from "./post_processor.ts";

/** Text to token ids and back, as a model was trained. */
export interface Tokenizer {
  /** A prompt's ids, with the special tokens that the tokenizer's post-processor adds. */
  encodePrompt(text: string): number[];
  /** A text's ids, no special tokens added. A special token that is spelled out in the text still is one. */
  encode(text: string): number[];
  /**
   * The ids of one text or two with the special tokens between and around them, and each token's type, as
   * `[CLS] a [SEP] b [SEP]` of BERT with the types 0 0 0 1 1.
   *
   * @param second Nothing, or nothing in it, for one text alone.
   * @param maxLength Cut to this many tokens, special ones counted: on the right, from the longer text first.
   * @throws {RequestError} If the special tokens alone are more.
   */
  encodePair(first: string, second: string | undefined, maxLength?: number): { ids: number[]; typeIds: number[] };
  /** The text of some ids; ids outside the vocabulary stand for nothing. */
  decode(ids: readonly number[], options?: { readonly skipSpecialTokens?: boolean }): string;
  /** The token that ends a completion. */
  readonly eosTokenId: number;
  /** Every token that ends generation, `eosTokenId` first. */
  readonly eosTokenIds: readonly number[];
  /** The token to fill a batch with; the end-of-sequence token where the model names none. */
  readonly padTokenId: number;
  /** One more than the highest id. A model's embedding may have more rows. */
  readonly vocabularySize: number;
  /** SHA-256 in hex over all that ids and text depend on: tokenizer.json, tokenizer_config.json, the tokens above. */
  readonly digest: string;
}

const AGAIN = "download the model again";

/**
 * Loads a model folder's tokenizer.
 *
 * @param folder Holds `tokenizer.json`; `tokenizer_config.json`, `generation_config.json` and `config.json` are heeded
 * where present. The end-of-sequence token is the first that they name, in this order; generation ends at any of those
 * that the last two list, too. Where none does, as in BERT's folders, it is the separator.
 * @returns The tokenizer. Throws a RequestError if `tokenizer.json` is absent, broken or of an unknown kind, or if no
 * file names an end-of-sequence token.
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const path = join(folder, "tokenizer.json");
  const bytes = await readFileIfPresent(path);
  if (bytes === undefined) {
    throw new RequestError(`has no tokenizer.json; ${AGAIN}, or save its fast tokenizer into the folder`, {
      file: folder,
    });
  }
  const configPath = join(folder, "tokenizer_config.json");
  const configBytes = await readFileIfPresent(configPath);
  const config = configBytes === undefined ? {} : spellOut(parseJsonObject(configBytes, configPath, AGAIN));
  const json = parseJsonObject(bytes, path, AGAIN);
  const encoder = makeEncoder(json, config, path), around = postProcessorOf(json["post_processor"], path);
  const models = await Promise.all(
    ["generation_config.json", "config.json"].map(async (name) =>
      await readJsonObject(join(folder, name), AGAIN) ?? {}
    ),
  );

  const named = namedToken(encoder, config["eos_token"]);
  const ends = [...(named === undefined ? [] : [named]), ...models.flatMap((model) => idsOf(model["eos_token_id"]))];
  const separator = ends.length === 0 ? namedToken(encoder, config["sep_token"]) : undefined;
  const eosTokenIds = [...new Set(separator === undefined ? ends : [separator])];
  const [eosTokenId] = eosTokenIds;
  if (eosTokenId === undefined) {
    throw new RequestError('names no end-of-sequence token; add an "eos_token"', { file: configPath });
  }
  const padTokenId = namedToken(encoder, config["pad_token"]) ??
    models.flatMap((model) => idsOf(model["pad_token_id"]))[0] ?? eosTokenId;
  const special = specialIds(encoder, config).add(eosTokenId);
  const digest = createHash("sha256").update(JSON.stringify([bytes.length, eosTokenIds, padTokenId])).update(bytes)
    .update(configBytes ?? new Uint8Array()).digest("hex");
  return { ...codec(encoder, around, config, special), eosTokenId, eosTokenIds, padTokenId, digest };
}

function makeEncoder(json: JsonObject, config: JsonObject, path: string): Encoder {
  if (!isJsonObject(json["model"])) {
    throw new RequestError(`has no "model"; ${AGAIN}, or save its fast tokenizer into the folder`, { file: path });
  }
  const parts = { normalizer: null, pre_tokenizer: null, decoder: null, added_tokens: [] };
  try {
    return new Encoder({ ...parts, ...json, post_processor: null }, config);
  } catch (fault) {
    throw new RequestError(`can't be used (${faultText(fault)}); choose a model with a supported tokenizer`, {
      file: path,
    });
  }
}

function codec(encoder: Encoder, around: PostProcessor, config: JsonObject, special: ReadonlySet<number>) {
  const cleanUp = config["clean_up_tokenization_spaces"] === true;
  // A character that a vocabulary without an unknown token lacks has no id, and the reference leaves it out.
  const encode = (text: string) => encoder.encode(text).ids.filter((id) => Number.isInteger(id));
  return {
    encodePrompt: (text: string) => assemble(around.single, encode(text), []).ids,
    encode,
    encodePair(first: string, second: string | undefined, maxLength?: number) {
      const isPair = second !== undefined && second !== "", pieces = isPair ? around.pair : around.single;
      const [one, other] = [encode(first), isPair ? encode(second) : []];
      if (maxLength === undefined) return assemble(pieces, one, other);
      const added = addedTokens(pieces);
      if (!Number.isSafeInteger(maxLength) || maxLength < added) {
        throw new RequestError(
          `expected maxLength to be a whole number of tokens from the ${added} special ones on but found ${maxLength}; ` +
            "correct it, as in 128",
        );
      }
      const [kept, otherKept] = longestFirst(one.length, other.length, maxLength - added);
      return assemble(pieces, one.slice(0, kept), other.slice(0, otherKept));
    },
    decode: (ids: readonly number[], { skipSpecialTokens = false }: { readonly skipSpecialTokens?: boolean } = {}) => {
      const kept = ids.filter((id) => encoder.id_to_token(id) !== undefined && !(skipSpecialTokens && special.has(id)));
      if (kept.length === 0) return "";
      return encoder.decode(kept, { skip_special_tokens: skipSpecialTokens, clean_up_tokenization_spaces: cleanUp });
    },
    vocabularySize: 1 + encoder.get_vocab().values().reduce((highest, id) => Math.max(highest, id), -1),
  };
}

/** Tokens that a configuration names as `{ content, … }` are made plain strings, the form that the library reads. */
function spellOut(config: JsonObject): JsonObject {
  const plain = (value: unknown): unknown =>
    isJsonObject(value) && typeof value["content"] === "string" ? value["content"] : value;
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, Array.isArray(value) ? value.map(plain) : plain(value)]),
  );
}

/** The id of a token that a configuration names. */
function namedToken(encoder: Encoder, token: unknown): number | undefined {
  return typeof token === "string" ? encoder.token_to_id(token) : undefined;
}

/** A configuration gives one id, a list of them, null or nothing. */
function idsOf(value: unknown): number[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((id): id is number => typeof id === "number" && Number.isSafeInteger(id) && id >= 0);
}

/** The tokens that `skipSpecialTokens` leaves out: those marked special, and those that the configuration names. */
function specialIds(encoder: Encoder, config: JsonObject): Set<number> {
  const ids = new Set<number>();
  for (const [id, token] of encoder.get_added_tokens_decoder()) if (token.special) ids.add(id);
  const extra = config["additional_special_tokens"];
  const named: unknown[] = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"].map((role) => config[`${role}_token`]);
  for (const token of [...named, ...(Array.isArray(extra) ? extra : [])]) {
    const id = namedToken(encoder, token);
    if (id !== undefined) ids.add(id);
  }
  return ids;
}
