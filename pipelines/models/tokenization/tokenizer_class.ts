/**
 * What transformers' fast tokenizer classes change of a folder's files when they load them (as of 4.57.6): the special
 * tokens that a class has by default, those that it puts around a text, a normalizer's options.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import { isJsonObject, type JsonObject } from "../../common/files.ts";

/** The two files that describe a tokenizer. */
interface TokenizerFiles {
  /** tokenizer.json. */
  readonly tokenizer: JsonObject;
  /** tokenizer_config.json, each token in it a plain string. */
  readonly config: JsonObject;
}

interface TokenizerClass {
  /** Fields of the config that are assumed where it has none. */
  readonly defaults: JsonObject;
  /** Whether `add_bos_token` and `add_eos_token` decide what is around a text, whatever tokenizer.json has. */
  readonly hasEnds?: true;
  /** Whether `do_lower_case` and its like decide how a text is normalized. */
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
    additional_special_tokens: Array.from({ length: 100 }, (_, index) => `<extra_id_${index}>`),
  },
};
const begins = { add_bos_token: true, add_eos_token: false };
const bertLike: TokenizerClass = {
  defaults: { ...bert, do_lower_case: true, strip_accents: null, tokenize_chinese_chars: true },
  isBert: true,
};

const classes: Readonly<Record<string, TokenizerClass>> = {
  Albert: { defaults: { ...bertEnds, unk_token: "<unk>", pad_token: "<pad>" } },
  Bert: bertLike,
  Camembert: { defaults: roberta },
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
  MPNet: { defaults: { ...roberta, unk_token: "[UNK]" }, isBert: true },
  MT5: t5,
  MobileBert: bertLike,
  Qwen2: { defaults: { unk_token: "<|endoftext|>", eos_token: "<|endoftext|>", pad_token: "<|endoftext|>" } },
  Roberta: { defaults: roberta },
  SqueezeBert: bertLike,
  T5: t5,
  XLMRoberta: { defaults: roberta },
};

/** The class that transformers takes for a model type where no file names one. */
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

/** Special tokens' roles, as a config names them. */
export const tokenRoles = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"].map((role) => `${role}_token`);

/**
 * A tokenizer's files as its class reads them.
 *
 * @param files As they are on disk. A class that is not known changes nothing but what every class does.
 * @param model The model's config.json: its `tokenizer_class` or `model_type` names the class if the tokenizer's own
 * config does not.
 */
export function asLoaded(files: TokenizerFiles, model: JsonObject): TokenizerFiles {
  const { defaults = {}, hasEnds, isBert } = classOf(files.config, model) ?? {};
  const config: JsonObject = { ...defaults, ...spellOut(files.config) };
  const tokenizer = withTokens(withPrefixSpace(files.tokenizer, config), files.config, config);
  return {
    tokenizer: {
      ...tokenizer,
      ...(hasEnds ? { post_processor: endsOf(tokenizer, config) } : {}),
      ...(isBert ? { normalizer: bertNormalizer(tokenizer["normalizer"], config) } : {}),
    },
    config,
  };
}

/** Files of folders that list no added tokens name special tokens in special_tokens_map.json, which then wins. */
export function withNamedTokens(files: TokenizerFiles, named: JsonObject | undefined): TokenizerFiles {
  const { tokenizer, config } = files;
  return named === undefined || config["added_tokens_decoder"] !== undefined
    ? files
    : { tokenizer, config: { ...config, ...named } };
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

/** Tokens that a configuration names as `{ content, … }` are made plain strings. */
function spellOut(config: JsonObject): JsonObject {
  const plain = (value: unknown): unknown =>
    isJsonObject(value) && typeof value["content"] === "string" ? value["content"] : value;
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, Array.isArray(value) ? value.map(plain) : plain(value)]),
  );
}

/** Whether a byte-level pre-tokenizer puts a space in front is the config's to say. */
function withPrefixSpace(tokenizer: JsonObject, config: JsonObject): JsonObject {
  const pre = tokenizer["pre_tokenizer"];
  if (!isJsonObject(pre) || pre["type"] !== "ByteLevel") return tokenizer;
  return { ...tokenizer, pre_tokenizer: { ...pre, add_prefix_space: config["add_prefix_space"] === true } };
}

/** Tokens that the config has beyond tokenizer.json's are added: those it lists, and the special ones that it names. */
function withTokens(tokenizer: JsonObject, written: JsonObject, config: JsonObject): JsonObject {
  const present = addedTokens(tokenizer), contents = new Set(present.map(({ content }) => content));
  const decoder = written["added_tokens_decoder"], listed = isJsonObject(decoder) ? Object.values(decoder) : [];
  const missing = listed.filter(isJsonObject).filter(({ content }) => !contents.has(content));
  for (const { content } of missing) contents.add(content);
  const named = [...namedTokens(written, config).values()].filter(({ content }) => !contents.has(content));
  if (missing.length + named.length === 0) return tokenizer;
  const vocabulary = vocabularyOf(tokenizer);
  // A model has no embedding for a special token without an id.
  missing.push(...named.filter(({ content }) => vocabulary.has(String(content))));
  const highest = [...vocabulary.values(), ...present.map(({ id }) => Number(id))].reduce((a, b) => Math.max(a, b), -1);
  let next = highest + 1;
  const added = missing.map((token) => ({ ...token, id: vocabulary.get(String(token["content"])) ?? next++ }));
  return { ...tokenizer, added_tokens: [...present, ...added] };
}

function namedTokens(written: JsonObject, config: JsonObject): ReadonlyMap<string, JsonObject> {
  const list = (of: JsonObject) => {
    const extra = of["additional_special_tokens"];
    return [...tokenRoles.map((role) => ownValue(of, role)), ...(Array.isArray(extra) ? extra : [])];
  };
  const named = new Map<string, JsonObject>();
  for (const token of [...list(written), ...list(config)]) {
    const content = isJsonObject(token) ? token["content"] : token;
    if (typeof content !== "string" || named.has(content)) continue;
    named.set(content, { normalized: false, ...(isJsonObject(token) ? token : { content }), special: true });
  }
  return named;
}

/** The tokens that tokenizer.json adds to its model's vocabulary. */
export function addedTokens(tokenizer: JsonObject): readonly JsonObject[] {
  const added = tokenizer["added_tokens"];
  return Array.isArray(added) ? added.filter(isJsonObject) : [];
}

function vocabularyOf({ model }: JsonObject): ReadonlyMap<string, number> {
  const vocab = isJsonObject(model) ? model["vocab"] : undefined;
  if (Array.isArray(vocab)) return new Map(vocab.map(([token], id) => [String(token), id]));
  return new Map(isJsonObject(vocab) ? Object.entries(vocab).map(([token, id]) => [token, Number(id)]) : []);
}

function endsOf(tokenizer: JsonObject, config: JsonObject): JsonObject {
  const vocabulary = vocabularyOf(tokenizer), added = addedTokens(tokenizer);
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
