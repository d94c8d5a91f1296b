/** Conversations as rows, of a file or of the pipeline file itself. @module */
import { resolve } from "node:path";
import { among, isList, leaf, oneOf, optional, text } from "../common/checks.ts";
import { type Conversation, conversationOf, isAnswer, textOf } from "./chat/conversation.ts";
import type { ChatSource } from "./chat/source.ts";
import { chatRenderer, isTemplatePath } from "./chat/template.ts";
import { findTurns } from "./chat/turns.ts";
import { type EndToken, withoutEnd } from "./end_tokens.ts";
import { readJsonl } from "./jsonl.ts";
import { checkRecords, recordsOf } from "./records.ts";
import type { RowReader } from "./row.ts";
import type { ChatReading, SourceKind } from "./source_kind.ts";

const held = {
  jsonl: { path: text },
  records: { records: checkRecords },
} satisfies { [K in ChatSource["conversations"]["kind"]]: unknown };

async function rowReader(source: ChatSource, base: string, chat: ChatReading | undefined): Promise<RowReader> {
  if (chat === undefined) throw new TypeError("Conversations cannot be read without a tokenizer's templates");
  const render = await chatRenderer(source, chat.format, base);
  const loss = chat.asksLast ? "completion" : source.loss;
  return ({ fields, place }) => {
    const written = conversationOf(fields, source.system, place);
    const { conversation, end } = withoutEnds(written, chat.ends);
    const bare = findTurns(conversation, loss, render, place);
    // A template that ends no turn leaves that to the data.
    const isEnded = end === undefined || withoutEnd(bare.text, chat.ends) !== undefined;
    const turns = isEnded ? bare : findTurns(written, loss, render, place);
    const prompt = loss === "completion" ? turns.asked : turns.text.slice(0, turns.spans[0]![0]);
    const completion = textOf(conversation.at(-1)!), ended = end === undefined ? {} : { end };
    return { kind: "completion", prompt, spans: {}, completion, ...ended, fields, place, turns };
  };
}

/** A conversation whose assistant's turns end with no end-of-sequence token of their own. */
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

/** `chat(...)`. */
export const chat: SourceKind<ChatSource> = {
  settings: {
    conversations: among("conversations or the path of a file", held),
    loss: oneOf(["completion", "all-turns"]),
    system: optional(text),
    template: optional(text),
    tools: optional(
      leaf("a list of JSON schemas", (value) => isList(value) && value.every((item) => typeof item === "object")),
    ),
  },
  hasTurns: true,
  withFiles(source, pathOf) {
    const { conversations, template } = source;
    return {
      ...source,
      conversations: conversations.kind === "jsonl"
        ? { ...conversations, path: pathOf(conversations.path, "rows") }
        : conversations,
      ...template === undefined ? {} : { template: isTemplatePath(template) ? pathOf(template, "template") : template },
    };
  },
  async readRecords({ kind, conversations }, base) {
    if (conversations.kind === "jsonl") return await readJsonl(resolve(base, conversations.path));
    return recordsOf(kind, conversations.records.map((row) => Array.isArray(row) ? { messages: row } : row));
  },
  rowReader,
};
