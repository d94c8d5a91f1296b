/** The tokens of the candidate answers of an evaluation that chooses. @module */
import { RequestError } from "../../common/errors.ts";
import { around } from "../../data/chat/example.ts";
import { quote } from "../../common/suggest.ts";
import { type ExampleTokenizer, tokenizationOf } from "../../data/examples.ts";
import type { Row } from "../../data/row.ts";
import { fillTemplate, parseTemplate } from "../../data/template.ts";
import { encodeTogether, sharedLength } from "../../models/tokenization/joint_tokens.ts";

/** An answer's tokens after a prompt's. */
interface ChoiceTokens {
  readonly prompt: readonly number[];
  /** The prompt's text. */
  readonly text: string;
  /** The scored tokens, without one that ends the sequence. */
  readonly own: readonly number[];
}

/** How answers are encoded. */
interface ChoiceForm {
  /** The template of the text that follows each answer and is scored. */
  readonly continuation: string | undefined;
  /** The template of the text that precedes each answer and is scored with it. */
  readonly separator: string | undefined;
  readonly hasEncoder: boolean;
}

/**
 * Returns the tokens of a row's answers.
 *
 * @throws {RequestError} If the continuation's template is invalid; the returned function throws it if nothing is left
 * to score.
 */
export function choiceTokenizer(
  tokenizer: ExampleTokenizer,
  { continuation, separator, hasEncoder }: ChoiceForm,
): (row: Row, texts: readonly string[]) => readonly ChoiceTokens[] {
  const { encodePrompt } = tokenizer, encoded = new Map<string, number[]>();
  const encode = (text: string) => encoded.getOrInsertComputed(text, () => tokenizer.encode(text));
  const template = continuation === undefined ? undefined : parseTemplate(continuation, "continuation");
  const before = separator === undefined ? undefined : parseTemplate(separator, "separator");
  const tokensOf = (row: Row, choices: readonly string[]) => {
    const apartBy = before === undefined ? "" : fillTemplate(before, row, "separator").text;
    const texts = apartBy === "" ? choices : choices.map((text) => apartBy + text);
    const isApart = row.turns === undefined && tokenizationOf(row, { hasEncoder }) === "apart";
    if (template !== undefined) {
      return asContexts(row, texts, fillTemplate(template, row, "continuation").text, tokenizer, isApart);
    }
    return isApart ? apart(row, texts, { encode, encodePrompt }) : afterOnePrompt(row, texts, tokenizer);
  };
  return (row, texts) => {
    const tokens = tokensOf(row, texts), empty = tokens.findIndex(({ own }) => own.length === 0);
    if (empty < 0) return tokens;
    const what = template === undefined ? "the choice" : "the text after the choice";
    throw new RequestError(`${what} ${quote(texts[empty]!)} has no tokens; write some text`, row.place);
  };
}

/** Answers that follow the same prompt, each tokenized separately. */
function apart(
  { prompt }: Pick<Row, "prompt">,
  texts: readonly string[],
  { encode, encodePrompt }: Pick<ExampleTokenizer, "encode" | "encodePrompt">,
): readonly ChoiceTokens[] {
  const encoded = encodePrompt(prompt);
  return texts.map((text) => ({ prompt: encoded, text: prompt, own: encode(text) }));
}

/**
 * Each answer tokenized with the prompt as one text. The prompt consists of the tokens that all of them begin with, so
 * that everything in which they differ is scored, including white space before an answer.
 */
function afterOnePrompt(
  { prompt: filled, turns, place }: Row,
  texts: readonly string[],
  tokenizer: ExampleTokenizer,
): readonly ChoiceTokens[] {
  const asked = turns?.asked ?? filled, own = new Map<string, number[]>();
  const encode = (text: string) => own.getOrInsertComputed(text, () => tokenizer.encode(text));
  const joint = { ...tokenizer, encode, ...turns === undefined ? {} : { around } };
  const found = texts.map((text) => encodeTogether(asked, text, joint));
  const first = found[0]!, shared = Math.min(...found.map(({ prompt }) => sharedLength(first.prompt, prompt)));
  if (shared === 0) {
    throw new RequestError(
      "the row's prompt has no tokens of its own; write more text in its fields or its template",
      place,
    );
  }
  const prompt = first.prompt.slice(0, shared);
  const textOf = (ids: readonly number[]) => tokenizer.decode(ids, { cleanUpSpaces: false });
  const lost = textOf(first.prompt).length - textOf(prompt).length;
  const text = first.text.slice(0, first.text.length - lost);
  return found.map((each) => ({ prompt, text, own: [...each.prompt.slice(shared), ...each.completion] }));
}

/** Each answer as the end of its own prompt, after which the same text is scored. */
function asContexts(
  { prompt, turns, place }: Row,
  texts: readonly string[],
  continuation: string,
  tokenizer: ExampleTokenizer,
  isApart: boolean,
): readonly ChoiceTokens[] {
  if (turns !== undefined) {
    throw new RequestError(
      "choices with a continuation end the prompt, but a conversation's prompt ends as its template says",
      place,
    );
  }
  return texts.map((text) => {
    if (isApart) return apart({ prompt: prompt + text }, [continuation], tokenizer)[0]!;
    const { prompt: encoded, completion, text: kept } = encodeTogether(prompt + text, continuation, tokenizer);
    return { prompt: encoded, text: kept, own: completion };
  });
}
