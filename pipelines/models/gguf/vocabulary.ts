/** The vocabulary of a GGUF file, for all kinds of tokenizers. @module */
import type { JsonObject } from "../../common/files.ts";
import type { Metadata } from "./metadata.ts";

/** The values of `tokenizer.ggml.token_type`. */
export const tokenKinds = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** The roles of special tokens: in tokenizer_config.json, and in the metadata. */
const roles = [
  ["bos", "bos"],
  ["eos", "eos"],
  ["unk", "unknown"],
  ["sep", "seperator"],
  ["pad", "padding"],
  ["cls", "cls"],
  ["mask", "mask"],
] as const;

/** A token's role. */
type TokenRole = (typeof roles)[number][0];

/** A special token. */
export interface SpecialToken {
  readonly id: number;
  readonly text: string;
}

/** The tokens of a model. */
export interface Vocabulary {
  /** The tokens by id. */
  readonly tokens: readonly string[];
  /** Each token's kind; see {@linkcode tokenKinds}. */
  readonly kinds: readonly number[];
  readonly special: Readonly<Partial<Record<TokenRole, SpecialToken>>>;
}

/**
 * Reads the vocabulary.
 *
 * @throws {RequestError} If a key is missing, lists have different lengths, or a special token's id is not a token.
 */
export function readVocabulary(metadata: Metadata): Vocabulary {
  const tokens = metadata.texts("tokenizer.ggml.tokens");
  const typed = metadata.raw("tokenizer.ggml.token_type") !== undefined;
  const kinds = typed
    ? metadata.numbers("tokenizer.ggml.token_type")
    : Array.from(tokens, () => tokenKinds.normal as number);
  if (kinds.length !== tokens.length) {
    throw metadata.error(
      `has ${tokens.length} tokens and ${kinds.length} values of tokenizer.ggml.token_type; convert the model again`,
    );
  }
  const special = roles.flatMap(([role, name]): [TokenRole, SpecialToken][] => {
    const key = `tokenizer.ggml.${name}_token_id`;
    if (metadata.raw(key) === undefined) return [];
    const id = metadata.number(key), text = tokens[id];
    if (text === undefined) {
      throw metadata.error(`has ${key} ${id} and ${tokens.length} tokens; convert the model again`);
    }
    return [[role, { id, text }]];
  });
  return { tokens, kinds, special: Object.fromEntries(special) };
}

/** Each token's id, in the form of `vocab` in tokenizer.json. */
export function idsByToken(tokens: readonly string[]): Record<string, number> {
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}

/** The `added_tokens` in tokenizer.json for tokens of some kinds. */
export function addedTokens(
  { tokens, kinds }: Vocabulary,
  stripsAfter: (token: string) => boolean = () => false,
): readonly JsonObject[] {
  return tokens.flatMap((content, id) => {
    const kind = kinds[id]!;
    if (kind !== tokenKinds.control && kind !== tokenKinds.userDefined && kind !== tokenKinds.unknown) return [];
    const special = kind !== tokenKinds.userDefined;
    const rstrip = stripsAfter(content);
    return [{ id, content, single_word: false, lstrip: false, rstrip, normalized: false, special }];
  });
}

/** A post-processor for tokenizer.json that puts tokens around a prompt; null if there are none. */
export function surrounding(
  before: SpecialToken | undefined,
  after: SpecialToken | undefined,
): JsonObject | null {
  const used = [before, after].filter((token) => token !== undefined);
  if (used.length === 0) return null;
  const special = (token: SpecialToken | undefined) =>
    token === undefined ? [] : [{ SpecialToken: { id: token.text, type_id: 0 } }];
  const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  return {
    type: "TemplateProcessing",
    single: [...special(before), sequence("A", 0), ...special(after)],
    pair: [...special(before), sequence("A", 0), ...special(after), sequence("B", 1), ...special(after)],
    special_tokens: Object.fromEntries(
      used.map(({ id, text }) => [text, { id: text, ids: [id], tokens: [text] }]),
    ),
  };
}
