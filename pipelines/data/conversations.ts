/** Conversations as rows, from a file or from the pipeline file itself. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { among, type Fields, isList, leaf, oneOf, optional, text } from "../common/checks.ts";
import { RequestError, type SourceLocation } from "../common/errors.ts";
import { mapRecord } from "../common/map_record.ts";
import { callsOf, type Conversation, conversationOf, isAnswer, knownFields, textOf } from "./chat/conversation.ts";
import type { ChatSource } from "./chat/source.ts";
import { type ChatTemplate, chatTemplates } from "./chat/template.ts";
import { isTemplatePath } from "./chat/template_text.ts";
import { toolsOf } from "./chat/tools.ts";
import { findTurns, type Turns } from "./chat/turns.ts";
import { type EndToken, withoutEnd } from "./end_tokens.ts";
import { pythonFields, type RawRow } from "./files/raw_row.ts";
import { recordKindOf, recordKinds } from "./files/record_kinds.ts";
import { recordsOf } from "./files/records.ts";
import { answersOf } from "./chat/answers.ts";
import type { PythonDict } from "./python/value.ts";
import type { Row, RowReader } from "./row.ts";
import type { ChatReading, SourceKind } from "./source_kind.ts";

/** How conversations become rows. */
type ChatSettings = Pick<ChatSource, "loss" | "system" | "template" | "tools">;

/**
 * Returns a function that makes a row of a conversation.
 *
 * @throws {RequestError} If the chat template is invalid; the returned function throws it if a conversation is.
 */
export async function conversationReader(
  source: ChatSettings,
  base: string,
  chat: ChatReading | undefined,
): Promise<RowReader> {
  if (chat === undefined) throw new TypeError("Conversations cannot be read without a tokenizer's templates");
  const templateFor = await chatTemplates(source, chat.format, base);
  const loss = chat.asksLast ? "completion" : source.loss;
  const read = (record: RawRow, row: PythonDict): Row => {
    const { fields, place } = record;
    const written = conversationOf(row, source.system, place);
    const { conversation, end } = withoutEnds(written, chat.ends);
    const template = templateFor(toolsOf(row, place));
    const bare = findTurns(conversation, loss, template.render, place);
    // A template that does not end turns leaves that to the data.
    const isEnded = end === undefined || withoutEnd(bare.text, chat.ends) !== undefined;
    const turns = isEnded ? bare : findTurns(written, loss, template.render, place);
    requireCalls(conversation, template, place);
    for (const field of unreadFields(conversation, template)) {
      chat.warn?.(`messages of ${place.file} have the field "${field}", which the chat template does not read`);
    }
    const prompt = loss === "completion" ? turns.asked : turns.text.slice(0, turns.spans[0]![0]);
    const answer = { ...answerOf(conversation, turns), ...(end === undefined ? {} : { end }) };
    return { kind: "completion", prompt, spans: {}, ...answer, fields, place, turns };
  };
  return (record) => {
    const row = pythonFields(record), answers = answersOf(row, record.place);
    if (answers === undefined) return read(record, row);
    const [chosen, rejected] = answers.map((messages) => read(record, new Map([...row, ["messages", messages]])));
    return { ...chosen!, kind: "preference", rejected: rejected! };
  };
}

/** A conversation whose assistant turns do not end with their own end-of-sequence token. */
function withoutEnds(
  conversation: Conversation,
  ends: readonly EndToken[],
): { readonly conversation: Conversation; readonly end: EndToken | undefined } {
  let end: EndToken | undefined;
  const bare = conversation.map((message) => {
    const { content } = message;
    const found = isAnswer(message) && typeof content === "string" ? withoutEnd(content, ends) : undefined;
    if (found === undefined) return message;
    end ??= found.end;
    return { ...message, content: found.text };
  });
  return { conversation: bare, end };
}

/** The last turn's text: its content, or what the template renders if it calls tools. */
function answerOf(
  conversation: Conversation,
  { text, answersFrom, spans }: Turns,
): Pick<Row, "completion" | "isTemplated"> {
  const last = conversation.at(-1)!, [start, end] = spans.at(-1)!;
  if (callsOf(last).length === 0) return { completion: textOf(last) };
  return { completion: text.slice(Math.max(start, answersFrom), end), isTemplated: true };
}

/** Non-empty fields of messages that neither the template nor the reader of conversations uses. */
function unreadFields(conversation: Conversation, template: ChatTemplate): ReadonlySet<string> {
  return new Set(conversation.flatMap((message) => {
    return Object.keys(message).filter((field) => {
      return !knownFields.has(field) && !template.reads(field) && (ownValue(message, field) ?? null) !== null;
    });
  }));
}

/** Rejects an answer that calls tools if the template does not render calls. */
function requireCalls(conversation: Conversation, template: ChatTemplate, place: SourceLocation): void {
  const unread = callsOf(conversation.at(-1)!).find((field) => !template.reads(field));
  if (unread === undefined) return;
  throw new RequestError(
    `the row's answer has ${unread}, which the chat template does not render; give chat(…) a template that does`,
    place,
  );
}

/** `chat(...)`. */
export const chat: SourceKind<ChatSource> = {
  settings: {
    conversations: among("conversations or the path of a file", mapRecord(recordKinds, ({ settings }) => settings)),
    loss: oneOf(["completion", "all-turns"]),
    system: optional(text),
    template: optional(text),
    tools: optional(
      leaf("a list of JSON schemas", (value) => isList(value) && value.every((item) => typeof item === "object")),
    ),
  } satisfies Fields<ChatSource>,
  hasTurns: () => true,
  withFiles(source, pathOf) {
    const { conversations, template } = source;
    return {
      ...source,
      conversations: withFiles(conversations, pathOf),
      ...template === undefined ? {} : { template: isTemplatePath(template) ? pathOf(template, "template") : template },
    };
  },
  hubRows: ({ conversations }) => conversations.kind === "hub" ? conversations : undefined,
  fromHub: (source, conversations) => ({ ...source, conversations }),
  files: ({ conversations }, reading) =>
    conversations.kind === "records" ? Promise.resolve([]) : recordKindOf(conversations).files(conversations, reading),
  records({ kind, conversations }, reading) {
    if (conversations.kind !== "records") return recordKindOf(conversations).records(conversations, reading);
    return recordsOf(kind, conversations.records.map((row) => Array.isArray(row) ? { messages: row } : row));
  },
  rowReader: conversationReader,
};

function withFiles(
  conversations: ChatSource["conversations"],
  pathOf: Parameters<SourceKind<ChatSource>["withFiles"]>[1],
): ChatSource["conversations"] {
  return "path" in conversations ? { ...conversations, path: pathOf(conversations.path, "rows") } : conversations;
}
