/**
 * Finds many turns in a conversation's text without rendering the conversation once for each: turns that a template
 * puts between the same texts are of one kind, and two turns of a kind show which part of these belongs to the turn.
 *
 * @module
 */
import { RequestError } from "../../common/errors.ts";
import type { Span } from "../../common/span.ts";
import type { Conversation, Message } from "./conversation.ts";
import { charactersNotIn } from "./marks.ts";

/** What finding turns needs. */
interface TurnSearch {
  readonly conversation: Conversation;
  /** The whole conversation, rendered. */
  readonly text: string;
  readonly render: (conversation: Conversation) => string;
  /** Finds one turn from renderings up to it and including it. */
  readonly spanOf: (turn: number) => Span;
}

/** The spans of some of the assistant's turns, in order. */
export function spansOf(turns: readonly number[], search: TurnSearch): Span[] {
  const { conversation, text, spanOf } = search, all = turns.length > 2 ? wordsOf(search) : undefined;
  if (all === undefined) return turns.map(spanOf);
  const found = new Map<number, Span>();
  for (const group of Map.groupBy(turns, (turn) => kindOf(conversation, turn, all.get(turn))).values()) {
    const known = [...new Set([group[0]!, group.at(-1)!])];
    const [one, other = one] = known.map((turn) => {
      const span = spanOf(turn);
      found.set(turn, span);
      return surroundings(text, all.get(turn), span);
    });
    const shared = one?.before === other?.before && one?.after === other?.after ? one : undefined;
    for (const turn of group.slice(1, -1)) {
      const words = all.get(turn)?.span;
      found.set(turn, (words && shared && around(text, words, shared)) ?? spanOf(turn));
    }
  }
  return turns.map((turn) => found.get(turn)!);
}

/** A message's content without surrounding white space, as it appears in the text. */
interface Words {
  readonly span: Span;
  /** The text since the content of the previous message. */
  readonly before: string;
  /** The text up to the content of the next message. */
  readonly after: string;
}

/** The text around a turn's content that is part of the turn. */
interface Surroundings {
  readonly before: string;
  readonly after: string;
}

/** Equal for turns that a template has treated alike. */
function kindOf(conversation: Conversation, turn: number, words: Words | undefined): string {
  if (words === undefined) return String(turn);
  const message = conversation[turn]!, roles = [turn - 1, turn + 1].map((at) => conversation[at]?.role);
  return JSON.stringify([roles, Object.keys(message), spacesOf(message), words.before, words.after]);
}

/** Each message's content; `undefined` if the template changes any of them. */
function wordsOf({ conversation, text, render }: TurnSearch): ReadonlyMap<number, Words> | undefined {
  const said = new Map([...conversation.entries()].flatMap(([at, { content }]) => {
    const words = typeof content === "string" ? content.trim() : "";
    return words === "" ? [] : [[at, words] as const];
  }));
  const [substitute = ""] = charactersNotIn([text, ...said.values()].join(""), 1);
  const changed = conversation.map((message, at) => {
    const [before, after] = spacesOf(message);
    return said.has(at) ? { ...message, content: before + substitute + after } : message;
  });
  const parts = rendered(changed, render)?.split(substitute), found = new Map<number, Words>();
  if (parts?.length !== said.size + 1) return undefined;
  let end = 0, part = 0;
  for (const [at, words] of said) {
    const before = parts[part]!, after = parts[++part]!, start = end + before.length;
    if (!text.startsWith(before, end) || !text.startsWith(words, start)) return undefined;
    end = start + words.length;
    found.set(at, { span: [start, end], before, after });
  }
  return text.slice(end) === parts[part] ? found : undefined;
}

function spacesOf({ content }: Message): readonly string[] {
  return typeof content === "string" ? [/^\s*/, /\s*$/].map((spaces) => spaces.exec(content)![0]) : ["", ""];
}

/** `undefined` if the template rejects text that it does not expect. */
function rendered(conversation: Conversation, render: TurnSearch["render"]): string | undefined {
  try {
    return render(conversation);
  } catch (fault) {
    if (fault instanceof RequestError) return undefined;
    throw fault;
  }
}

function surroundings(text: string, words: Words | undefined, turn: Span): Surroundings | undefined {
  if (words === undefined) return undefined;
  const [start, end] = words.span;
  return turn[0] > start || turn[1] < end
    ? undefined
    : { before: text.slice(turn[0], start), after: text.slice(end, turn[1]) };
}

function around(text: string, [start, end]: Span, { before, after }: Surroundings): Span | undefined {
  const from = start - before.length;
  return text.startsWith(before, from) && text.startsWith(after, end) ? [from, end + after.length] : undefined;
}
