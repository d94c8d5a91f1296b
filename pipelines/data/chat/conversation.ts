/**
 * Conversations as rows have them, checked.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError, type SourceLocation } from "../../common/errors.ts";
import { quote, suggest } from "../../common/suggest.ts";
import type { ChatMessage } from "./source.ts";

/** Messages of which at least one is the assistant's, and that one not the first. */
export type Conversation = readonly ChatMessage[];

type Fields = Readonly<Record<string, unknown>>;

const roles = ["system", "developer", "user", "assistant", "tool", "ipython"];

/** What files of `{ from, value }` call the roles. */
const rolesOfSpeakers: Readonly<Record<string, string>> = {
  human: "user",
  user: "user",
  gpt: "assistant",
  assistant: "assistant",
  model: "assistant",
  system: "system",
  tool: "tool",
  function: "tool",
  observation: "tool",
};

/**
 * A row's conversation up to the assistant's last turn; what comes behind teaches nothing.
 *
 * @param fields The row's: `messages` of `{ role, content }`, or `conversations` of `{ from, value }`.
 * @param system The system message of a conversation that has none.
 * @throws {RequestError} If there are no messages, one is no object, has an unknown role or is empty, or the assistant has
 * no turn or the first.
 */
export function conversationOf(fields: Fields, system: string | undefined, place: SourceLocation): Conversation {
  const { messages = fields["conversations"] } = fields;
  if (messages === undefined) {
    throw new RequestError(
      `the row has no field "messages"; ${suggest("messages", Object.keys(fields))}, and a list of { role, content }` +
        " is wanted",
      place,
    );
  }
  if (!Array.isArray(messages) || messages.length === 0) {
    throw new RequestError("the row's messages are no list of turns; write a list of { role, content }", place);
  }
  const turns = messages.map((message, at) => messageOf(message, at + 1, place));
  const last = turns.findLastIndex(isAnswer);
  if (last === -1) {
    throw new RequestError(
      "the row has no turn of the assistant, so there is nothing to teach; add a message with the role assistant",
      place,
    );
  }
  const asked = turns.slice(0, last + 1);
  const isOpened = system === undefined || asked.some(({ role }) => role === "system" || role === "developer");
  const whole = isOpened ? asked : [{ role: "system", content: system }, ...asked];
  if (isAnswer(whole[0]!)) {
    throw new RequestError("the row begins with a turn of the assistant; put what it answers before it", place);
  }
  return whole;
}

/** Whether a turn is the assistant's. */
export function isAnswer({ role }: ChatMessage): boolean {
  return role === "assistant";
}

/** What a message says, its parts joined. */
export function textOf({ content }: ChatMessage): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => "text" in part && typeof part.text === "string" ? part.text : "").join("");
}

function messageOf(value: unknown, number: number, place: SourceLocation): ChatMessage {
  const wrong = (problem: string) => new RequestError(`the row's message ${number} ${problem}`, place);
  if (!isFields(value)) throw wrong("is no object; write { role, content }");
  const message = "from" in value && !("role" in value) ? spoken(value, wrong) : value;
  const { role, content } = message;
  if (typeof role !== "string") throw wrong(`has no role; give it one of ${roles.join(", ")}`);
  if (!roles.includes(role)) throw wrong(`has the unknown role ${quote(role)}; ${suggest(role, roles)}`);
  const hasCalls = Array.isArray(message["tool_calls"]) && message["tool_calls"].length > 0;
  if (content === "" || (Array.isArray(content) && content.length === 0)) {
    if (!hasCalls) throw wrong("is empty; write its content or remove it");
  } else if (content === null || content === undefined) {
    if (!hasCalls) throw wrong("has no content; write it or remove the message");
  } else if (typeof content !== "string" && !(Array.isArray(content) && content.every(isFields))) {
    throw wrong("has a content that is neither a text nor a list of parts; write it as a string");
  }
  return message as ChatMessage;
}

function spoken({ from, value, ...rest }: Fields, wrong: (problem: string) => RequestError): Fields {
  const speakers = Object.keys(rolesOfSpeakers);
  if (typeof from !== "string" || !Object.hasOwn(rolesOfSpeakers, from)) {
    throw wrong(`is from ${quote(String(from))}, which is no known role; ${suggest(String(from), speakers)}`);
  }
  return { role: ownValue(rolesOfSpeakers, from), content: value, ...rest };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
