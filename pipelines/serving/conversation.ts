/** The messages and tools of a request, as the model's chat template reads them. @module */
import { isJsonObject, type JsonObject } from "../common/files.ts";
import { quote } from "../common/suggest.ts";
import { callsOf, type Message } from "../data/chat/conversation.ts";
import type { ChatTemplate } from "../data/chat/template.ts";
import type { TokenizedPrompt } from "../data/examples.ts";
import { readJson } from "../data/python/json.ts";
import { isDict, isList, type PythonValue, toPython } from "../data/python/value.ts";
import { conversationPrompt } from "../interface/chat_session.ts";
import { ApiError, asApiError, wrongField } from "./api_error.ts";
import { aText, type FieldReader, optionalField, requiredField } from "./fields.ts";
import type { Service } from "./service.ts";

const someMessages: FieldReader<readonly JsonObject[]> = {
  expected: "a list of { role, content }",
  read: (value) => Array.isArray(value) && value.length > 0 && value.every(isJsonObject) ? value : undefined,
};

const someTools: FieldReader<readonly JsonObject[]> = {
  expected: 'a list of { type: "function", function }',
  read: (value) => Array.isArray(value) && value.every(isTool) ? value : undefined,
};

const isTool = (value: unknown): value is JsonObject =>
  isJsonObject(value) && value["type"] === "function" && isJsonObject(value["function"]);

/** The prompt of a conversation. */
interface AskedConversation {
  readonly prompt: TokenizedPrompt;
  /** Whether the model was given tools. */
  readonly hasTools: boolean;
}

/**
 * Renders the conversation of a request.
 *
 * @throws {ApiError} If it is invalid, or has something that the template does not read.
 */
export function readConversation(
  { templateFor, base: { model: { tokenizer } } }: Service,
  body: JsonObject,
): AskedConversation {
  if (templateFor === undefined) {
    throw new ApiError(400, "the model has no chat template; use /v1/completions, or serve it with --chat-template");
  }
  const given = requiredField(body, "messages", someMessages);
  const tools = optionalField(body, "tools", someTools) ?? [], choice = body["tool_choice"] ?? "auto";
  if (choice !== "auto" && choice !== "none") {
    throw wrongField("tool_choice", 'a call cannot be forced; give "auto" or "none"');
  }
  const hasTools = tools.length > 0 && choice === "auto";
  const template = templateFor(hasTools ? toPython(tools) : undefined);
  const messages = given.map((message, at) => inMessage(at, () => readMessage(message, template)));
  if (hasTools) requireRead(template, "tools", "tools");
  try {
    const prompt = conversationPrompt(template.render, messages, { prompt: "", messages }, tokenizer);
    return { prompt, hasTools };
  } catch (error) {
    throw wrongField("messages", asApiError(error).message);
  }
}

/** @throws {ApiError} If the template ignores what the request has. */
function requireRead(template: ChatTemplate, name: string, param: string): void {
  if (template.reads(name)) return;
  throw wrongField(
    param,
    `the model's chat template does not read ${name}; omit them, or serve the model with a --chat-template that does`,
  );
}

/** Reads a message; errors name it. */
function inMessage(at: number, read: () => Message): Message {
  try {
    return read();
  } catch (error) {
    throw error instanceof ApiError ? wrongField(`messages[${at}]`, `message ${at + 1}: ${error.message}`) : error;
  }
}

function readMessage(given: JsonObject, template: ChatTemplate): Message {
  const role = roleFor(requiredField(given, "role", aText), template);
  const hasCalls = (given["tool_calls"] ?? undefined) !== undefined;
  const content = hasCalls ? optionalField(given, "content", contentReader) : contentOf(given);
  const others = Object.entries(given).filter(([name]) => name !== "role" && name !== "content");
  const message: Message = {
    role,
    ...content === undefined ? {} : { content },
    ...Object.fromEntries(others.map(([name, value]) => [name, toPython(value)])),
    ...hasCalls ? { tool_calls: readCalls(toPython(given["tool_calls"])) } : {},
  };
  for (const field of callsOf(message)) requireRead(template, field, field);
  return message;
}

/**
 * Calls as templates read them: with arguments as a dict, which OpenAI's API writes as JSON.
 *
 * @throws {ApiError} If the arguments are not JSON.
 */
function readCalls(calls: PythonValue): PythonValue {
  if (!isList(calls)) return calls;
  return calls.map((call) => {
    const called = isDict(call) ? call.get("function") : undefined;
    const written = isDict(called) ? called.get("arguments") : undefined;
    if (!isDict(call) || !isDict(called) || typeof written !== "string") return call;
    return new Map([...call, ["function", new Map([...called, ["arguments", readArguments(written)]])]]);
  });
}

function readArguments(written: string): PythonValue {
  try {
    JSON.parse(written);
  } catch {
    throw wrongField("tool_calls", `the arguments ${quote(written)} are not JSON; give those of the call as JSON`);
  }
  return readJson(written);
}

/** The roles that templates may have no rule of their own for. */
const usualRoles: readonly string[] = ["system", "user", "assistant", "tool"];

/**
 * A message's role as the template knows it. OpenAI's newer clients call the system message `developer`, of which most
 * templates know nothing.
 *
 * @throws {ApiError} If it is none.
 */
function roleFor(role: string, template: ChatTemplate): string {
  if (usualRoles.includes(role) || template.reads(role)) return role;
  if (role === "developer") return "system";
  throw wrongField("role", `there is no role ${quote(role)}; give ${usualRoles.join(", ")} or developer`);
}

const contentReader: FieldReader<string> = {
  expected: 'a text, or a list of { type: "text", text }',
  read(value) {
    if (typeof value === "string") return value;
    if (!Array.isArray(value)) return undefined;
    const texts = value.map((part) => isJsonObject(part) && part["type"] === "text" ? part["text"] : undefined);
    return texts.every((text) => typeof text === "string") ? texts.join("") : undefined;
  },
};

/** @throws {ApiError} If there is none, or a part that is not text. */
function contentOf(given: JsonObject): string {
  const parts: unknown = given["content"];
  const types = Array.isArray(parts) ? parts.map((part) => isJsonObject(part) ? part["type"] : undefined) : [];
  const other = types.find((type) => typeof type === "string" && type !== "text");
  if (other === undefined) return requiredField(given, "content", contentReader);
  throw wrongField(
    "content",
    `"content" has a part of the type ${
      quote(String(other))
    }, but the model reads only text; give ${contentReader.expected}`,
  );
}
