/**
 * Where many turns stand in a conversation's text, without rendering the conversation once for each: turns that are of one
 * kind have the same text around what they say, which two of them show.
 *
 * @module
 */
import { RequestError } from "../../common/errors.ts";
import type { Span } from "../../common/span.ts";
import { type Conversation, isAnswer } from "./conversation.ts";
import type { ChatMessage } from "./source.ts";

/** A noncharacter, which no text has. */
export const substitute = "\ufdd2";

/** What finding turns takes. */
export interface TurnSearch {
  readonly conversation: Conversation;
  /** The whole conversation, rendered. */
  readonly text: string;
  readonly render: (conversation: Conversation) => string;
  /** Finds one turn by what is rendered before it and with it. */
  readonly spanOf: (turn: number) => Span;
}

/** The places of some turns of the assistant, in order. */
export function spansOf(turns: readonly number[], search: TurnSearch): Span[] {
  const { conversation, text, spanOf } = search;
  const groups = [...Map.groupBy(turns, (turn) => kindOf(conversation, turn)).values()];
  const isLong = groups.some(({ length }) => length > 2), said = isLong ? saidSpans(search) : undefined;
  const found = new Map<number, Span>();
  for (const group of groups) {
    const [first, last] = [group[0]!, group.at(-1)!], ends = [first, last].map(spanOf);
    const [one, other] = [first, last].map((turn, at) => surroundings(text, said?.get(turn), ends[at]!));
    const shared = one?.before === other?.before && one?.after === other?.after ? one : undefined;
    found.set(first, ends[0]!).set(last, ends[1]!);
    for (const turn of group.slice(1, -1)) {
      const words = said?.get(turn);
      found.set(turn, (words && shared && around(text, words, shared)) ?? spanOf(turn));
    }
  }
  return turns.map((turn) => found.get(turn)!);
}

/** The text around what a turn says that is part of the turn. */
interface Surroundings {
  readonly before: string;
  readonly after: string;
}

/** Equal for turns that a template can be expected to treat alike. */
function kindOf(conversation: Conversation, turn: number): string {
  const message = conversation[turn]!, { content } = message;
  const spaces = typeof content === "string" ? [/^\s*/.exec(content)![0], /\s*$/.exec(content)![0]] : [];
  const roles = [conversation[turn - 1]?.role, conversation[turn + 1]?.role];
  return JSON.stringify([roles, Object.keys(message), spaces]);
}

/** Where the words of each of the assistant's turns are; nothing if a template changes any of them. */
function saidSpans({ conversation, text, render }: TurnSearch): ReadonlyMap<number, Span> | undefined {
  const words = new Map([...conversation.entries()].flatMap(([turn, message]) => {
    const said = isAnswer(message) ? wordsOf(message) : "";
    return said === "" ? [] : [[turn, said] as const];
  }));
  const changed = conversation.map((message, turn) => {
    const said = words.get(turn);
    return said === undefined
      ? message
      : { ...message, content: String(message.content).replace(said, () => substitute) };
  });
  const parts = rendered(changed, render)?.split(substitute), spans = new Map<number, Span>();
  if (parts?.length !== words.size + 1) return undefined;
  let at = 0, part = 0;
  for (const [turn, said] of words) {
    const before = parts[part++]!, start = at + before.length;
    if (!text.startsWith(before, at) || !text.startsWith(said, start)) return undefined;
    spans.set(turn, [start, at = start + said.length]);
  }
  return text.slice(at) === parts[part] ? spans : undefined;
}

/** Nothing if the template refuses words that it does not know. */
function rendered(conversation: Conversation, render: TurnSearch["render"]): string | undefined {
  try {
    return render(conversation);
  } catch (fault) {
    if (fault instanceof RequestError) return undefined;
    throw fault;
  }
}

function wordsOf({ content }: ChatMessage): string {
  return typeof content === "string" ? content.trim() : "";
}

function surroundings(text: string, words: Span | undefined, turn: Span): Surroundings | undefined {
  if (words === undefined || turn[0] > words[0] || turn[1] < words[1]) return undefined;
  return { before: text.slice(turn[0], words[0]), after: text.slice(words[1], turn[1]) };
}

function around(text: string, [start, end]: Span, { before, after }: Surroundings): Span | undefined {
  const from = start - before.length;
  return text.startsWith(before, from) && text.startsWith(after, end) ? [from, end + after.length] : undefined;
}
