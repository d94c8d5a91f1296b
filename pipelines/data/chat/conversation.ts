/**
 * Conversations as rows contain them, validated.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError, type SourceLocation } from "../../common/errors.ts";
import { quote, suggest } from "../../common/suggest.ts";
import { isEqual } from "../python/compare.ts";
import { str } from "../python/print.ts";
import { isDict, isList, type PythonDict, type PythonValue } from "../python/value.ts";

/** One turn of a conversation, with Python's values. Other fields are for the template to read. */
export interface Message {
  readonly role: string;
  readonly content?: PythonValue;
  readonly [field: string]: PythonValue;
}

/** Messages, the last of which is the assistant's and trained on, and the first is not the assistant's. */
export type Conversation = readonly Message[];

const roles = ["system", "developer", "user", "assistant", "tool", "ipython"];

/** The names of roles in files of `{ from, value }`. */
const rolesOfSpeakers: Readonly<Record<string, string>> = {
  human: "user",
  user: "user",
  gpt: "assistant",
  chatgpt: "assistant",
  bing: "assistant",
  bard: "assistant",
  assistant: "assistant",
  model: "assistant",
  system: "system",
  tool: "tool",
  function: "tool",
  observation: "tool",
};

/** Fields of a message that a template may ignore without a note. */
export const knownFields: ReadonlySet<string> = new Set(["role", "content", "name", "tool_call_id", "weight"]);

/**
 * A row's conversation up to the last turn that is trained on; later turns are dropped.
 *
 * @param row Has `messages` of `{ role, content }`, `conversations` of `{ from, value }` or `instruction`, `input` and
 * `output`, and may have a `system` message for them.
 * @param system The system message of a conversation that has none.
 * @throws {RequestError} If there are no messages, one is not an object, has an unknown role or is empty, or the
 * assistant has no turn to train on, or has the first turn.
 */
export function conversationOf(row: PythonDict, system: string | undefined, place: SourceLocation): Conversation {
  const messages = row.get("messages") ?? row.get("conversations") ?? instructed(row);
  if (messages === undefined && !row.has("messages")) {
    const fields = [...row.keys()].map(str);
    throw new RequestError(
      `the row has no field "messages"; ${suggest("messages", fields)}; it must be a list of { role, content }`,
      place,
    );
  }
  if (!isList(messages) || messages.length === 0) {
    throw new RequestError("the row's messages are not a list of turns; write a list of { role, content }", place);
  }
  const turns = messages.map((message, at) => messageOf(message, at + 1, place));
  const last = turns.findLastIndex(isTaught);
  if (last === -1) {
    throw new RequestError(
      turns.some(isAnswer)
        ? "the assistant's turns in the row all have the weight 0, so there is nothing to train on; give one the weight 1"
        : "the row has no turn of the assistant, so there is nothing to train on; add a message with the role assistant",
      place,
    );
  }
  const asked = turns.slice(0, last + 1), opening = systemOf(row, place) ?? system;
  const isOpened = opening === undefined || asked.some(({ role }) => role === "system" || role === "developer");
  const whole = isOpened ? asked : [{ role: "system", content: opening }, ...asked];
  if (isAnswer(whole[0]!)) {
    throw new RequestError(
      "the row begins with a turn of the assistant; add the message that it answers before it",
      place,
    );
  }
  return whole;
}

/** The turns of a row of instruction, input and output, as in Alpaca's files: the first two are the user's. */
function instructed(row: PythonDict): PythonValue {
  const [instruction, input, output] = ["instruction", "input", "output"].map((name) => row.get(name) ?? "");
  if (typeof instruction !== "string" || typeof input !== "string" || typeof output !== "string") return undefined;
  if (instruction === "" || output === "") return undefined;
  const asked = input === "" ? instruction : `${instruction}\n\n${input}`;
  return [["user", asked], ["assistant", output]].map(([role, content]) => {
    return new Map<PythonValue, PythonValue>([["role", role], ["content", content]]);
  });
}

/** A row's own system message, as in ShareGPT's files; `undefined` if it is empty. */
function systemOf(row: PythonDict, place: SourceLocation): string | undefined {
  const system = row.get("system") ?? "";
  if (typeof system === "string") return system === "" ? undefined : system;
  throw new RequestError('the row\'s "system" is not text; write it as a string or remove it', place);
}

/** Whether a turn is the assistant's. */
export function isAnswer({ role }: Message): boolean {
  return role === "assistant";
}

/** Whether a turn is the assistant's and not excluded from training by a weight of 0. */
export function isTaught(message: Message): boolean {
  return isAnswer(message) && !isEqual(message["weight"], 0n);
}

/** The fields with which a turn calls tools. */
export function callsOf(message: Message): readonly string[] {
  return ["tool_calls", "function_call"].filter((field) => {
    const calls = ownValue(message, field);
    return isList(calls) ? calls.length > 0 : isDict(calls);
  });
}

/** The text of a message, its parts joined. */
export function textOf({ content }: Message): string {
  const parts = isList(content) ? content : [content];
  return parts.map((part) => isDict(part) ? part.get("text") : part).filter((text) => typeof text === "string").join(
    "",
  );
}

function messageOf(value: PythonValue, number: number, place: SourceLocation): Message {
  const wrong = (problem: string) => new RequestError(`the row's message ${number} ${problem}`, place);
  if (!isDict(value)) throw wrong("is not an object; write { role, content }");
  const fields = Object.fromEntries([...value].map(([key, part]) => [str(key), part]));
  // Files with several schemas have null for the fields of the others.
  const isSpoken = value.has("from") && (value.get("role") ?? null) === null;
  const message: Message = isSpoken ? spoken(fields, wrong) : { ...fields, role: roleOf(fields["role"], wrong) };
  const { content, weight } = message, hasCalls = callsOf(message).length > 0;
  if (content === "" || (isList(content) && content.length === 0)) {
    if (!hasCalls) throw wrong("is empty; write its content or remove it");
  } else if (content === null || content === undefined) {
    if (!hasCalls) throw wrong("has no content; write it or remove the message");
  } else if (typeof content !== "string" && !(isList(content) && content.every(isDict))) {
    throw wrong("has content that is neither a string nor a list of parts; write it as a string");
  }
  if (weight !== undefined && weight !== null && !isEqual(weight, 0n) && !isEqual(weight, 1n)) {
    throw wrong(`has the weight ${str(weight)}; write 0 for a turn that is not trained on, or 1`);
  }
  return message;
}

function roleOf(role: PythonValue, wrong: (problem: string) => RequestError): string {
  if (typeof role !== "string") throw wrong(`has no role; give it one of ${roles.join(", ")}`);
  if (!roles.includes(role)) throw wrong(`has the unknown role ${quote(role)}; ${suggest(role, roles)}`);
  return role;
}

type Fields = Readonly<Record<string, PythonValue>>;

function spoken({ from, value, ...rest }: Fields, wrong: (problem: string) => RequestError): Message {
  const speaker = str(from), known = Object.keys(rolesOfSpeakers);
  if (!known.includes(speaker)) {
    throw wrong(`is from ${quote(speaker)}, which is not a known role; ${suggest(speaker, known)}`);
  }
  return { ...rest, role: ownValue(rolesOfSpeakers, speaker)!, content: value };
}
