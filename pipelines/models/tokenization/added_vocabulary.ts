/**
 * The tokens that are added to a model's vocabulary, as in transformers: those of tokenizer.json, then those of
 * tokenizer_config.json or added_tokens.json, whose flags replace the former's, then the named special tokens.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import { isJsonObject, type JsonObject } from "../../common/files.ts";

/** A model's tokens: the id of each, and their number. */
export type Vocabulary = Pick<ReadonlyMap<string, number>, "get" | "size">;

/** A token as declared in files. */
interface AddedToken {
  readonly content: string;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** If undefined, special tokens are not normalized and others are. */
  readonly normalized: boolean | undefined;
  readonly special: boolean;
}

/** A special token as named in a configuration: only its text, or with flags. */
export type NamedToken = string | AddedToken;

/** Reads a token; flags that are not declared are false. */
export function addedToken(declared: JsonObject): AddedToken {
  const isOn = (flag: string) => ownValue(declared, flag) === true, normalized = declared["normalized"];
  return {
    content: String(declared["content"]),
    single_word: isOn("single_word"),
    lstrip: isOn("lstrip"),
    rstrip: isOn("rstrip"),
    normalized: typeof normalized === "boolean" ? normalized : undefined,
    special: isOn("special"),
  };
}

/** A special token with its flags; undefined if there is none. */
export function namedToken(declared: unknown): NamedToken | undefined {
  if (typeof declared === "string") return declared === "" ? undefined : declared;
  return isJsonObject(declared) && typeof declared["content"] === "string" ? addedToken(declared) : undefined;
}

const contentOf = (token: NamedToken) => typeof token === "string" ? token : token.content;

const settled = (token: AddedToken) => ({ ...token, normalized: token.normalized ?? !token.special });

function isSame(one: AddedToken, other: AddedToken): boolean {
  const [a, b] = [settled(one), settled(other)];
  return (Object.keys(a) as (keyof AddedToken)[]).every((field) => a[field] === b[field]);
}

/**
 * The tokens to add beyond tokenizer.json's.
 *
 * @param present The tokens of tokenizer.json.
 * @param listed The tokens of the configuration, by id.
 * @param named The special tokens, in the order of their roles.
 */
export function tokensToAdd(
  present: readonly AddedToken[],
  listed: ReadonlyMap<number, AddedToken>,
  named: readonly NamedToken[],
): readonly AddedToken[] {
  const specials = new Set(named.map(contentOf));
  const inOrder = [...listed].sort(([a], [b]) => a - b).map(([, token]) => token);
  const contents = new Set([...present, ...inOrder].map(({ content }) => content));
  const seen = new Set<string>();
  const missing = named.filter((token) => {
    const content = contentOf(token), isFirst = !seen.has(content);
    seen.add(content);
    if (!isFirst) return false;
    return typeof token === "string" ? !contents.has(token) : !inOrder.some((each) => isSame(each, token));
  });
  return [
    ...inOrder.map((token) => ({ ...token, special: token.special || specials.has(token.content) })),
    ...missing.map((token) => {
      return typeof token === "string" ? addedToken({ content: token, special: true }) : { ...token, special: true };
    }),
  ];
}

/**
 * The resulting added tokens, as in the Rust library: a token that is added again has its latest flags, but is also
 * still matched before or after normalization as declared first.
 *
 * @param vocabulary The model's tokens with their ids.
 * @param tokens The tokens, in the order in which they are added.
 * @returns A list like tokenizer.json's `added_tokens`, special ones first; a text may occur in it twice.
 */
export function addTokens(vocabulary: Vocabulary, tokens: readonly AddedToken[]): JsonObject[] {
  const ids = new Map<string, number>(), byId = new Map<number, AddedToken>();
  const special: AddedToken[] = [], others: AddedToken[] = [], specials = new Set<string>();
  let highest = -1;
  for (const token of tokens.map(settled)) {
    const { content } = token;
    if (content === "") continue;
    if (token.special && !specials.has(content)) {
      special.push(token);
      specials.add(content);
    }
    const id = ids.get(content) ?? vocabulary.get(content) ?? Math.max(highest + 1, vocabulary.size);
    const before = byId.get(id);
    if (before !== undefined && isSame(before, token)) continue;
    ids.set(content, id);
    byId.set(id, token);
    highest = Math.max(highest, id);
    if (!specials.has(content)) others.push(token);
  }
  return [...special, ...others].map(({ content, normalized }) => {
    const id = ids.get(content)!, { single_word, lstrip, rstrip } = byId.get(id)!;
    return { id, content, single_word, lstrip, rstrip, normalized, special: specials.has(content) };
  });
}
