/**
 * How transformers' fast tokenizer classes change a folder's files when they load them (as of 4.57.6): a class's
 * default special tokens, those that it puts around a text, and a normalizer's options.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import { isJsonObject, type JsonObject } from "../../common/files.ts";
import {
  addedToken,
  addTokens,
  type NamedToken,
  namedToken,
  tokensToAdd,
  type Vocabulary,
} from "./added_vocabulary.ts";

/** The files that define a tokenizer. */
interface TokenizerFiles {
  /** tokenizer.json. */
  readonly tokenizer: JsonObject;
  /** tokenizer_config.json; empty if absent. */
  readonly config: JsonObject;
  /**
   * special_tokens_map.json, read if the configuration lists no added tokens; its tokens override the configuration's.
   */
  readonly named: JsonObject | undefined;
  /** added_tokens.json, ids by token, read under the same condition. */
  readonly added: JsonObject | undefined;
}

/** A tokenizer's files as read by its class. */
interface LoadedFiles {
  readonly tokenizer: JsonObject;
  /** The configuration, with each token as a plain string. */
  readonly config: JsonObject;
}

interface TokenizerClass {
  /** Defaults for fields of the config. */
  readonly defaults: JsonObject;
  /** Whether a mask token that is given only by its text absorbs the spaces before it. */
  readonly maskTakesLeft?: true;
  /** Whether `extra_ids` is the number of sentinels `<extra_id_0>` and so on. */
  readonly hasSentinels?: true;
  /** Whether `add_bos_token` and `add_eos_token` decide the tokens around a text, regardless of tokenizer.json. */
  readonly hasEnds?: true;
  /** Whether `do_lower_case` and similar fields decide how a text is normalized. */
  readonly isBert?: true;
}

const sentencePiece = { bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>" };
const roberta = { ...sentencePiece, sep_token: "</s>", cls_token: "<s>", pad_token: "<pad>", mask_token: "<mask>" };
const bert = { unk_token: "[UNK]", sep_token: "[SEP]", pad_token: "[PAD]", cls_token: "[CLS]", mask_token: "[MASK]" };
const bertEnds = { ...bert, bos_token: "[CLS]", eos_token: "[SEP]" };
const endOfText = { bos_token: "<|endoftext|>", eos_token: "<|endoftext|>", unk_token: "<|endoftext|>" };
const t5: TokenizerClass = {
  defaults: {
    eos_token: "</s>",
    unk_token: "<unk>",
    pad_token: "<pad>",
    extra_ids: 100,
  },
  hasSentinels: true,
};
const begins = { add_bos_token: true, add_eos_token: false };
const bertLike: TokenizerClass = {
  defaults: { ...bert, do_lower_case: true, strip_accents: null, tokenize_chinese_chars: true },
  isBert: true,
};

const classes: Readonly<Record<string, TokenizerClass>> = {
  Albert: { defaults: { ...bertEnds, unk_token: "<unk>", pad_token: "<pad>" }, maskTakesLeft: true },
  Bert: bertLike,
  Camembert: { defaults: roberta, maskTakesLeft: true },
  CodeGen: { defaults: endOfText },
  CodeLlama: {
    defaults: { ...sentencePiece, ...begins, additional_special_tokens: ["▁<PRE>", "▁<MID>", "▁<SUF>", "▁<EOT>"] },
    hasEnds: true,
  },
  Cohere: {
    defaults: { unk_token: "<UNK>", bos_token: "<BOS_TOKEN>", eos_token: "<|END_OF_TURN_TOKEN|>", ...begins },
    hasEnds: true,
  },
  ConvBert: bertLike,
  DebertaV2: { defaults: bertEnds },
  DistilBert: bertLike,
  Electra: bertLike,
  GPT2: { defaults: endOfText },
  GPTNeoX: { defaults: { ...endOfText, add_bos_token: false, add_eos_token: false }, hasEnds: true },
  Gemma: {
    defaults: { unk_token: "<unk>", bos_token: "<bos>", eos_token: "<eos>", pad_token: "<pad>", ...begins },
    hasEnds: true,
  },
  LayoutLM: bertLike,
  Llama: { defaults: { ...sentencePiece, ...begins }, hasEnds: true },
  MPNet: { defaults: { ...roberta, unk_token: "[UNK]" }, isBert: true, maskTakesLeft: true },
  MT5: t5,
  MobileBert: bertLike,
  Qwen2: { defaults: { unk_token: "<|endoftext|>", eos_token: "<|endoftext|>", pad_token: "<|endoftext|>" } },
  Roberta: { defaults: roberta, maskTakesLeft: true },
  SqueezeBert: bertLike,
  T5: t5,
  XLMRoberta: { defaults: roberta, maskTakesLeft: true },
};

/** The class that transformers uses for a model type if no file names one. */
const classOfModel: Readonly<Record<string, string>> = {
  albert: "Albert",
  bert: "Bert",
  "deberta-v2": "DebertaV2",
  distilbert: "DistilBert",
  electra: "Electra",
  gemma: "Gemma",
  gemma2: "Gemma",
  gemma3_text: "Gemma",
  gpt2: "GPT2",
  gpt_neox: "GPTNeoX",
  llama: "Llama",
  mistral: "Llama",
  mixtral: "Llama",
  phi3: "Llama",
  qwen2: "Qwen2",
  qwen3: "Qwen2",
  roberta: "Roberta",
  t5: "T5",
  "xlm-roberta": "XLMRoberta",
};

/** The roles of special tokens, by their names in a config. */
export const tokenRoles = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"].map((role) => `${role}_token`);

/**
 * A tokenizer's files as read by its class.
 *
 * @param files The files on disk. An unknown class makes only the changes that every class makes.
 * @param model The model's config.json: its `tokenizer_class` or `model_type` names the class if the tokenizer's own
 * config does not.
 */
export function asLoaded(files: TokenizerFiles, model: JsonObject): LoadedFiles {
  const kind: TokenizerClass = classOf(files.config, model) ?? { defaults: {} }, { hasEnds, isBert } = kind;
  const written = withNamedTokens(files);
  const assumed = kind.hasSentinels
    ? withSentinels({ ...kind.defaults, ...written })
    : { ...kind.defaults, ...written };
  const config: JsonObject = { ...assumed, ...spellOut(assumed) };
  const vocabulary = vocabularyOf(files.tokenizer);
  const tokenizer: JsonObject = {
    ...withPrefixSpace(files.tokenizer, config),
    added_tokens: allAddedTokens(files, written, assumed, kind, vocabulary),
  };
  return {
    tokenizer: {
      ...tokenizer,
      ...(hasEnds ? { post_processor: endsOf(tokenizer, config, vocabulary) } : {}),
      ...(isBert ? { normalizer: bertNormalizer(tokenizer["normalizer"], config) } : {}),
    },
    config,
  };
}

/** The configuration with the tokens of special_tokens_map.json, if it lists no added tokens itself. */
function withNamedTokens({ config, named = {} }: TokenizerFiles): JsonObject {
  if (config["added_tokens_decoder"] !== undefined) return config;
  const extra = [config, named].flatMap((file) => listOf(file["additional_special_tokens"]));
  return { ...config, ...named, ...(extra.length === 0 ? {} : { additional_special_tokens: extra }) };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** T5's sentinels: as many as the configuration says, unless it lists them itself. */
function withSentinels(config: JsonObject): JsonObject {
  const extra = listOf(config["additional_special_tokens"]);
  const has = extra.some((token) => String(isJsonObject(token) ? token["content"] : token).includes("<extra_id_"));
  if (has) return config;
  const sentinels = Array.from({ length: Number(config["extra_ids"]) }, (_, index) => `<extra_id_${index}>`);
  return { ...config, additional_special_tokens: [...extra, ...sentinels] };
}

function allAddedTokens(
  { tokenizer, added = {} }: TokenizerFiles,
  written: JsonObject,
  assumed: JsonObject,
  { maskTakesLeft }: TokenizerClass,
  vocabulary: Vocabulary,
): JsonObject[] {
  const declared = addedTokens(tokenizer), present = declared.map(addedToken);
  const texts = new Set(specialTokens(written).map(({ token }) => typeof token === "string" ? token : token.content));
  const decoder = written["added_tokens_decoder"];
  const listed = isJsonObject(decoder)
    ? Object.entries(decoder).flatMap(([id, token]) => {
      return isJsonObject(token) ? [[Number(id), addedToken(token)] as const] : [];
    })
    : declared.map(({ id }, at) => [Number(id), present[at]!] as const);
  const legacy = isJsonObject(decoder) ? [] : Object.entries(added).map(([content, id]) => {
    const special = texts.has(content);
    return [Number(id), addedToken({ content, special, normalized: !special })] as const;
  });
  const byText = new Map(listed.map(([, token]) => [token.content, token]));
  const named = specialTokens(assumed).map(({ role, token }): NamedToken => {
    const content = typeof token === "string" ? token : token.content;
    // A token named in a file has the flags from the list; a class's default does not.
    const known = role !== undefined && ownValue(written, role) !== undefined ? byText.get(content) : undefined;
    if (known !== undefined || role !== "mask_token" || !maskTakesLeft || typeof token !== "string") {
      return known ?? token;
    }
    return addedToken({ content, lstrip: true, special: true });
  });
  return addTokens(vocabulary, [...present, ...tokensToAdd(present, new Map([...legacy, ...listed]), named)]);
}

/** The special tokens named in a configuration, with their roles; additional ones have no role. */
function specialTokens(
  config: JsonObject,
): readonly { readonly role: string | undefined; readonly token: NamedToken }[] {
  const own = config["extra_special_tokens"];
  const declared: readonly (readonly [role: string | undefined, token: unknown])[] = [
    ...tokenRoles.map((role) => [role, ownValue(config, role)] as const),
    ...listOf(config["additional_special_tokens"]).map((token) => [undefined, token] as const),
    ...(isJsonObject(own) ? Object.values(own) : []).map((token) => [undefined, token] as const),
  ];
  return declared.flatMap(([role, value]) => {
    const token = namedToken(value);
    return token === undefined ? [] : [{ role, token }];
  });
}

function classOf(config: JsonObject, model: JsonObject): TokenizerClass | undefined {
  const named = [config["tokenizer_class"], model["tokenizer_class"]].find((name) => typeof name === "string");
  const type = model["model_type"];
  const name = typeof named === "string"
    ? named.replace(/Tokenizer(Fast)?$/, "")
    : typeof type === "string"
    ? ownValue(classOfModel, type)
    : undefined;
  return name === undefined ? undefined : ownValue(classes, name);
}

/** Converts tokens written as `{ content, … }` to plain strings. */
function spellOut(config: JsonObject): JsonObject {
  const plain = (value: unknown): unknown =>
    isJsonObject(value) && typeof value["content"] === "string" ? value["content"] : value;
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, Array.isArray(value) ? value.map(plain) : plain(value)]),
  );
}

/** Applies the config's choice of whether a byte-level pre-tokenizer prepends a space. */
function withPrefixSpace(tokenizer: JsonObject, config: JsonObject): JsonObject {
  const pre = tokenizer["pre_tokenizer"];
  if (!isJsonObject(pre) || pre["type"] !== "ByteLevel") return tokenizer;
  return { ...tokenizer, pre_tokenizer: { ...pre, add_prefix_space: config["add_prefix_space"] === true } };
}

/** The tokens that tokenizer.json adds to the model's vocabulary. */
export function addedTokens(tokenizer: JsonObject): readonly JsonObject[] {
  const added = tokenizer["added_tokens"];
  return Array.isArray(added) ? added.filter(isJsonObject) : [];
}

/** The vocabulary, read in place, since few of its tokens are looked up. */
function vocabularyOf({ model }: JsonObject): Vocabulary {
  const vocab = isJsonObject(model) ? model["vocab"] : undefined;
  if (Array.isArray(vocab)) return new Map(vocab.map((entry: unknown, id) => [String(listOf(entry)[0]), id]));
  if (!isJsonObject(vocab)) return new Map();
  const get = (token: string) => {
    const id = ownValue(vocab, token);
    return id === undefined ? undefined : Number(id);
  };
  return { get, size: Object.keys(vocab).length };
}

function endsOf(tokenizer: JsonObject, config: JsonObject, vocabulary: Vocabulary): JsonObject {
  const added = addedTokens(tokenizer);
  const end = (role: string) => {
    const token = config[`${role}_token`];
    if (config[`add_${role}_token`] !== true || typeof token !== "string") return [];
    const id = added.find(({ content }) => content === token)?.["id"] ?? vocabulary.get(token);
    return id === undefined ? [] : [{ token, id }];
  };
  const begin = end("bos"), close = end("eos");
  const around = (sequence: "A" | "B", type_id: number) => [
    ...begin.map(({ token }) => ({ SpecialToken: { id: token, type_id } })),
    { Sequence: { id: sequence, type_id } },
    ...close.map(({ token }) => ({ SpecialToken: { id: token, type_id } })),
  ];
  return {
    type: "TemplateProcessing",
    single: around("A", 0),
    pair: [...around("A", 0), ...around("B", 1)],
    special_tokens: Object.fromEntries(
      [...begin, ...close].map(({ token, id }) => [token, { id: token, ids: [id], tokens: [token] }]),
    ),
  };
}

function bertNormalizer(normalizer: unknown, config: JsonObject): unknown {
  if (!isJsonObject(normalizer) || normalizer["type"] !== "BertNormalizer") return normalizer;
  return {
    ...normalizer,
    lowercase: config["do_lower_case"],
    strip_accents: config["strip_accents"],
    handle_chinese_chars: config["tokenize_chinese_chars"],
  };
}
