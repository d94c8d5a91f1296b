/**
 * Finds the assistant's turns in a conversation's text: where the template marks them, or else by rendering the
 * conversation up to each turn, and including it; or else, if a template renders a turn differently once others follow
 * (such as those that omit past thoughts), by what changes in the text when the turn says something else.
 *
 * @module
 */
import { RequestError, type SourceLocation } from "../../common/errors.ts";
import type { ChatSource } from "./source.ts";
import type { Span } from "../../common/span.ts";
import { type Conversation, isAnswer, isTaught } from "./conversation.ts";
import { charactersNotIn } from "./marks.ts";
import type { Render } from "./template.ts";
import { spansOf } from "./turn_spans.ts";

/** A conversation's text and the part of it that is trained on. */
export interface Turns {
  readonly text: string;
  /** The prompt for generating the last turn: everything before it, and the template's beginning of a turn. */
  readonly asked: string;
  /** The length of the part of the text that the prompt already contains: there the answer begins. */
  readonly answersFrom: number;
  /** The trained turns in order, none of them empty. */
  readonly spans: readonly Span[];
  /** Whether the template itself marks them. */
  readonly isMarked: boolean;
}

/**
 * Renders a conversation and finds its turns.
 *
 * A turn begins where the text before it ends, with the template's beginning of a turn, and ends where the text that
 * includes it does, as far as these are prefixes of the whole text.
 *
 * @param conversation Ends with a turn of the assistant.
 * @throws {RequestError} If the template raises, or omits a turn.
 */
export function findTurns(
  conversation: Conversation,
  loss: ChatSource["loss"],
  render: Render,
  place: SourceLocation | undefined,
): Turns {
  const before = (turn: number) => render(conversation.slice(0, turn), place, { addGenerationPrompt: true }).text;
  const { text, marked } = render(conversation, place);
  const last = conversation.length - 1, asked = before(last), answersFrom = sharedLength(text, asked);
  const renderText = (of: Conversation) => render(of, place).text;
  const spanOf = (turn: number): Span => {
    if (turn === last) return checked([answersFrom, text.length], turn, place);
    const including = render(conversation.slice(0, turn + 1), place).text, end = sharedLength(text, including);
    const beginning = before(turn);
    // The template's ending of a whole conversation may be missing within it, but nothing else.
    if (including.slice(end).trim() === "") return checked([sharedLength(text, beginning), end], turn, place);
    return checked(bySubstitution(conversation, turn, { text, beginning }, renderText), turn, place);
  };
  const spansOfAll = (turns: readonly number[]) => {
    return spansOf(turns, { conversation, text, render: renderText, spanOf });
  };
  const answers = [...conversation.keys()].filter((turn) => isAnswer(conversation[turn]!));
  if (marked.length > 0) {
    const untaught = spansOfAll(answers.filter((turn) => !isTaught(conversation[turn]!)));
    const written = marked.filter(([start, end]) => {
      return end > start && !untaught.some(([from, to]) => start < to && end > from);
    });
    const taught = loss === "all-turns" ? written : written.filter(([, end]) => end > answersFrom);
    if (taught.length === 0) throw missing(last, place);
    return { text, asked, answersFrom, spans: taught, isMarked: true };
  }
  const turns = loss === "all-turns" ? answers.filter((turn) => isTaught(conversation[turn]!)) : [last];
  return { text, asked, answersFrom, spans: spansOfAll(turns), isMarked: false };
}

/** A turn's span, found by what changes when it says something else; the last turn's includes what follows it. */
function bySubstitution(
  conversation: Conversation,
  turn: number,
  whole: { readonly text: string; readonly beginning: string },
  render: (conversation: Conversation) => string,
): Span | undefined {
  const [substitute = ""] = charactersNotIn(whole.text, 1);
  const changed = conversation.map((message, at) => at === turn ? { ...message, content: substitute } : message);
  const parts = render(changed).split(substitute), alone = render(changed.slice(0, turn + 1)).split(substitute);
  const [before, after] = parts, [, rest] = alone, { text, beginning } = whole;
  if (before === undefined || after === undefined || rest === undefined) return undefined;
  if (parts.length !== 2 || alone.length !== 2 || !text.startsWith(before) || !text.endsWith(after)) return undefined;
  const start = text.startsWith(beginning) ? beginning.length : before.length, end = text.length - after.length;
  return [start, end + sharedLength(after, rest)];
}

function checked(span: Span | undefined, turn: number, place: SourceLocation | undefined): Span {
  if (span === undefined || span[1] <= span[0]) throw missing(turn, place);
  return span;
}

function missing(turn: number, place: SourceLocation | undefined): RequestError {
  return new RequestError(
    `the chat template omits the row's message ${turn + 1}, or changes it so that its tokens can't be identified; ` +
      "give chat(…) a template that marks the assistant's turns with {% generation %}",
    place,
  );
}

/** The length of the common prefix of two texts. */
function sharedLength(one: string, other: string): number {
  // As is usual: comparing characters takes many times as long.
  if (one.startsWith(other)) return other.length;
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
}
