/**
 * The tokens that are added to a model's vocabulary, as transformers adds them: those of tokenizer.json, then those of
 * tokenizer_config.json or added_tokens.json, whose flags replace the former's, then the special tokens that are named.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import { isJsonObject, type JsonObject } from "../../common/files.ts";

/** A model's tokens: each one's id, and how many there are. */
export type Vocabulary = Pick<ReadonlyMap<string, number>, "get" | "size">;

/** A token as files declare it. */
interface AddedToken {
  readonly content: string;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Where it is not said, special tokens are not normalized and others are. */
  readonly normalized: boolean | undefined;
  readonly special: boolean;
}

/** A special token as a configuration names it: its text alone, or with flags. */
export type NamedToken = string | AddedToken;

/** Reads a token; what is not said is false. */
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

/** A special token with its flags, or undefined where there is none. */
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
 * @param present Those of tokenizer.json.
 * @param listed Those of the configuration, by id.
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
 * The added tokens that result, as the Rust library keeps them: of a token that is added again the flags are the last
 * ones, while it is looked for before or after normalizing as it was at first, too.
 *
 * @param vocabulary The model's tokens with their ids.
 * @param tokens In the order in which they are added.
 * @returns A list as tokenizer.json's `added_tokens`, special ones first; a text may be in it twice.
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
