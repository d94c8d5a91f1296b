/** Conversations as rows, of a file or of the pipeline file itself. @module */
import { resolve } from "node:path";
import { among, isList, leaf, oneOf, optional, text } from "../common/checks.ts";
import { conversationOf, textOf } from "./chat/conversation.ts";
import type { ChatSource } from "./chat/source.ts";
import { chatRenderer, isTemplatePath } from "./chat/template.ts";
import { findTurns } from "./chat/turns.ts";
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
    const conversation = conversationOf(fields, source.system, place);
    const turns = findTurns(conversation, loss, render, place);
    const prompt = loss === "completion" ? turns.asked : turns.text.slice(0, turns.spans[0]![0]);
    return { kind: "completion", prompt, spans: {}, completion: textOf(conversation.at(-1)!), fields, place, turns };
  };
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
  async readRecords({ kind, conversations }, base, limit) {
    if (conversations.kind === "jsonl") return await readJsonl(resolve(base, conversations.path), limit);
    return recordsOf(kind, conversations.records.map((row) => Array.isArray(row) ? { messages: row } : row));
  },
  rowReader,
};
