/** Rows of prompts and completions as token ids. @module */
import { RequestError, type SourceLocation } from "../common/errors.ts";
import { atLocation } from "../common/source_location.ts";
import { quote } from "../common/suggest.ts";
import { encodeConversation } from "./chat/example.ts";
import {
  encodeTogether,
  type JointTokenizer,
  type JointTokens,
  sharedLength,
} from "../models/tokenization/joint_tokens.ts";
import { completionWithin, fitPrompt, type LengthLimits, requireFit, requireLength } from "./length_limits.ts";
import type { Row } from "./row.ts";
import type { Filled } from "./template.ts";

/** What tokenizing rows needs from a tokenizer. */
export interface ExampleTokenizer extends JointTokenizer {
  /** The ids of a prompt, with the special tokens that the tokenizer adds. */
  encodePrompt(text: string): number[];
  /** The exact text of a token after one that has some, if it is the same beside any others; otherwise `undefined`. */
  ownText?(id: number): string | undefined;
  /** Whether a token is a special one. */
  isSpecial(id: number): boolean;
  /** A single token in readable form. */
  pieceOf(id: number): string;
  readonly eosTokenId: number;
  /** The token that fills an answer which is read in a longer one's place. */
  readonly fillTokenId?: number;
}

/** What is read in a completion's place. */
interface ReadTokens {
  /** `[readTokens]`, no fewer than the completion has. */
  readonly tokens: readonly number[];
  /** How many of the first ones others attend to; those after them fill the rest. */
  readonly seen: number;
}

/** What a prompt was made from. */
interface PromptSource extends Filled {
  /** Everything that the data has about its row. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The row's place; `undefined` if it does not come from a file. */
  readonly place?: SourceLocation;
}

/** A prompt as token ids. */
export interface TokenizedPrompt {
  /** `[promptTokens]`, never empty. */
  readonly prompt: readonly number[];
  /** Each token's type, 1 for tokens of a second text; omitted if there is only one text. */
  readonly typeIds?: readonly number[];
  readonly source: PromptSource;
}

/** One example as token ids. A model reads the prompt and is trained to produce the completion. */
export interface TokenizedExample extends TokenizedPrompt {
  /**
   * `[completionTokens]`, ending with the end-of-sequence token, or in a conversation with what the template ends a
   * turn with; with a head `[1]`, the id of a class or a number.
   */
  readonly completion: readonly number[];
  /** `[rejectedTokens]`, another completion, to which the first is preferred; likewise with its end. */
  readonly rejected?: readonly number[];
  /** What is read in the completion's place, each token before the one that is taught there; the completion if omitted. */
  readonly reads?: ReadTokens;
  /** Set if a head gives each of the two completions a number, and neither is predicted. */
  readonly isScored?: true;
  /** The indices of the completion's tokens that are trained on; all of them if omitted. The first one always is. */
  readonly taught?: readonly number[];
  /** The special token that ends the completion; in a conversation, if there is one. */
  readonly endToken?: number;
}

/** How rows become examples. */
export interface TokenizeOptions extends LengthLimits {
  /** Whether a model is to answer the prompts, so that a conversation's prompt is encoded without what follows. */
  readonly asks?: boolean;
  /** Whether a row that is cut on the right loses only tokens of its prompt, because its completion is not read. */
  readonly cutsPrompt?: boolean;
  /**
   * Whether prompt and completion go to the encoder and decoder of a model, so that they cannot be encoded together.
   */
  readonly hasEncoder?: boolean;
  /** Receives notes on rows that are tokenized differently than their author may expect. */
  readonly note?: (note: RowNote, place: SourceLocation, detail?: string) => void;
}

/** The notes that may be given on a row. */
export type RowNote = keyof typeof rowNotes;

/** The text of each note, after the row's place. */
export const rowNotes = {
  border:
    "the prompt's tokens change once the completion follows, so the prompt ends with its last character, and a token " +
    "with characters of both belongs to the completion",
  end: "the completion already ends with the end-of-sequence token, which is trained on once",
};

/** A prompt alone, with the special tokens that its tokenizer adds. */
export function tokenizePrompt(source: PromptSource, { encodePrompt }: Pick<ExampleTokenizer, "encodePrompt">) {
  return { prompt: encodePrompt(source.text), source } satisfies TokenizedPrompt;
}

/**
 * Encodes rows: prompt and completion as one text unless they are to be tokenized apart, followed by the
 * end-of-sequence token.
 *
 * @returns One example per row, in the rows' order.
 * @throws {RequestError} If a row has no prompt tokens, is too long for the model, or has a completion that leaves no
 * room within `maxLength`; the message has the row's place.
 */
export function tokenize(
  rows: readonly Row[],
  tokenizer: ExampleTokenizer,
  options: TokenizeOptions,
): TokenizedExample[] {
  requireLength(options.maxLength);
  return rows.map((row) => {
    const { place } = row, example = atLocation(place, () => encodeAnswers(row, tokenizer, options));
    if (row.end !== undefined) options.note?.("end", place);
    const { prompt, completion, rejected = [] } = example, longest = Math.max(completion.length, rejected.length);
    if (prompt.length === 0) throw new RequestError(emptyPrompt(row), place);
    const kept = options.truncate === "right"
      ? withoutEnd(example, tokenizer.around.after, options, place)
      : { ...example, prompt: fitPrompt(prompt, tokenizer.around.before, longest, options, place) };
    requireFit(
      kept.prompt.length + Math.max(kept.completion.length, kept.rejected?.length ?? 0),
      options.maxContext,
      "prompt's start",
      place,
    );
    return kept;
  });
}

/** A row with its completion, or with both of its answers, which follow the common prefix of their prompts' tokens. */
function encodeAnswers(row: Row, tokenizer: ExampleTokenizer, options: TokenizeOptions): TokenizedExample {
  const chosen = encodeRow(row, tokenizer, options);
  if (row.rejected === undefined) return chosen;
  const rejected = encodeRow(row.rejected, tokenizer, options), all = [chosen, rejected].map(tokensOf);
  const shared = sharedLength(all[0]!, all[1]!);
  const own = Math.min(chosen.prompt.length, rejected.prompt.length);
  // At least one token of each answer remains, even if one answer continues the other.
  const most = row.isPromptShared ? Math.min(...all.map(({ length }) => length)) - 1 : own;
  const count = Math.min(shared, most);
  if (!row.isPromptShared && count < Math.max(chosen.prompt.length, rejected.prompt.length)) {
    options.note?.("border", row.place);
  }
  const { taught: _, ...example } = chosen;
  return {
    ...example,
    prompt: all[0]!.slice(0, count),
    completion: all[0]!.slice(count),
    rejected: all[1]!.slice(count),
  };
}

function tokensOf({ prompt, completion }: TokenizedExample): readonly number[] {
  return [...prompt, ...completion];
}

/**
 * An example cut at its end, as transformers truncates on the right: the completion loses its end, the end-of-sequence
 * token first. If an encoder reads the prompt, the prompt loses its end, except for special tokens there. So does a
 * prompt that is to be answered, whose length counts alone.
 */
function withoutEnd(
  example: TokenizedExample,
  after: readonly number[],
  { maxLength = Infinity, hasEncoder = false, cutsPrompt = false, ...limits }: TokenizeOptions,
  place: SourceLocation,
): TokenizedExample {
  const { prompt, completion, taught, endToken: _, rejected, reads, ...rest } = example;
  if (cutsPrompt && !hasEncoder) {
    return { ...example, prompt: prompt.slice(0, fitPrompt(prompt, [], 0, { ...limits, maxLength }, place).length) };
  }
  const longest = Math.max(completion.length, rejected?.length ?? 0, reads?.tokens.length ?? 0);
  if (prompt.length + longest <= maxLength) return example;
  if (hasEncoder) {
    const fit = fitPrompt(prompt, [], completion.length, { ...limits, maxLength }, place).length;
    const ending = after.every((id, at) => prompt[prompt.length - after.length + at] === id) ? after : [];
    return { ...example, prompt: [...prompt.slice(0, Math.max(0, fit - ending.length)), ...ending] };
  }
  const kept = completionWithin(prompt.length, completion.length, maxLength, place);
  return {
    ...rest,
    prompt,
    completion: completion.slice(0, kept),
    ...rejected === undefined
      ? {}
      : { rejected: rejected.slice(0, completionWithin(prompt.length, rejected.length, maxLength, place)) },
    ...reads === undefined ? {} : { reads: readsWithin(reads, maxLength - prompt.length) },
    ...taught === undefined ? {} : { taught: taught.filter((at) => at < kept) },
  };
}

function readsWithin({ tokens, seen }: ReadTokens, most: number): ReadTokens {
  return { tokens: tokens.slice(0, most), seen: Math.min(seen, most) };
}

function encodeRow(row: Row, tokenizer: ExampleTokenizer, options: TokenizeOptions): TokenizedExample {
  const { prompt: text, spans, fields, place, turns } = row;
  const source: PromptSource = { text, spans, fields, place };
  if (turns !== undefined) {
    const { isOwn, ...tokens } = encodeConversation(turns, tokenizer, options.asks === true);
    if (!isOwn) options.note?.("border", place);
    return { ...tokens, source };
  }
  const end = row.end?.id ?? tokenizer.eosTokenId, isApart = tokenizationOf(row, options) === "apart";
  const reads = (prompt: readonly number[], completion: readonly number[]) => {
    if (row.reads === undefined) return {};
    const whole = isApart ? undefined : encodeTogether(text, row.reads, tokenizer);
    const own = whole === undefined
      ? tokenizer.encode(row.reads)
      : [...whole.prompt, ...whole.completion].slice(prompt.length);
    return { reads: filledReads([...own, tokenizer.eosTokenId], completion.length, tokenizer) };
  };
  if (isApart) {
    const prompt = tokenizer.encodePrompt(text), completion = [...tokenizer.encode(row.completion), end];
    return { prompt, completion, ...reads(prompt, completion), source };
  }
  const joint = encodeTogether(text, row.completion, tokenizer);
  if (!joint.isOwn) options.note?.("border", place, bothEndings(text, joint, tokenizer));
  const { prompt } = joint, completion = [...joint.completion, end];
  return { prompt, completion, ...reads(prompt, completion), source: { ...source, text: joint.text } };
}

/** What is read in a completion's place, filled where that is longer. */
function filledReads(own: readonly number[], length: number, tokenizer: ExampleTokenizer): ReadTokens {
  const { fillTokenId: fill = tokenizer.eosTokenId } = tokenizer, missing = Math.max(0, length - own.length);
  return { tokens: [...own, ...new Array<number>(missing).fill(fill)], seen: own.length };
}

/** The last tokens of a prompt alone, and the tokens in their place once the completion follows. */
function bothEndings(text: string, { prompt, completion }: JointTokens, tokenizer: ExampleTokenizer): string {
  const own = [...tokenizer.around.before, ...tokenizer.encode(text)], whole = [...prompt, ...completion];
  const from = sharedLength(own, whole);
  const piecesOf = (ids: readonly number[]) =>
    ids.slice(from, from + 4).map((id) => quote(tokenizer.pieceOf(id))).join(" ");
  return `alone it ends in ${piecesOf(own)}; with the completion that becomes ${piecesOf(whole.slice(0, own.length))}`;
}

/** How a row's prompt and completion are tokenized. */
export function tokenizationOf(
  { tokenization, place }: Pick<Row, "tokenization" | "place">,
  { hasEncoder = false }: Pick<TokenizeOptions, "hasEncoder">,
): "together" | "apart" {
  if (!hasEncoder) return tokenization ?? "together";
  if (tokenization !== "together") return "apart";
  throw new RequestError(
    'an encoder reads the prompt and a decoder the completion, so they can\'t be encoded together; omit tokenization: "together"',
    place,
  );
}

function emptyPrompt({ prompt }: Row): string {
  return prompt === ""
    ? "the row's prompt has no tokens; write some text in its fields or its template"
    : 'the row\'s prompt has no tokens of its own; write more in its fields or its template, or give that tokenization: "apart"';
}
