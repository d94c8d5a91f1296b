/** `/v1/chat/completions`: the next turn of a conversation. @module */
import { isJsonObject, type JsonObject } from "../common/files.ts";
import type { Message } from "../data/chat/conversation.ts";
import type { TokenizedPrompt } from "../data/examples.ts";
import { toPython } from "../data/python/value.ts";
import { conversationPrompt } from "../interface/chat_session.ts";
import type { Tokenizer } from "../models/tokenization/tokenizer.ts";
import type { Answer } from "./answer_writer.ts";
import { ApiError, wrongField } from "./api_error.ts";
import { eventStream } from "./event_stream.ts";
import { aFlag, anInteger, anObject, aText, type FieldReader, listOf, optionalField, requiredField } from "./fields.ts";
import type { RatedToken, TokenRating } from "./log_probabilities.ts";
import type { Service } from "./service.ts";
import { tokenText } from "./token_text.ts";
import { type PreparedRequest, prepareRequest, usageOf, writeAnswers } from "./write_answers.ts";
import { readWritingRequest, requireKnownFields, type WritingRequest } from "./writing_request.ts";

/** The defaults of this endpoint. */
const defaults = { promptField: "messages", newTokens: 1024 };

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

/** A request to this endpoint. */
interface ChatRequest extends WritingRequest {
  /** How many of the likeliest tokens are listed with each; `undefined` for no log-probabilities. */
  readonly rated: number | undefined;
}

/** Fields that only this endpoint has. */
const own = [
  ...["messages", "tools", "tool_choice", "parallel_tool_calls", "logprobs", "top_logprobs"],
  ...["max_completion_tokens", "response_format", "modalities", "reasoning_effort", "verbosity"],
];

/** Answers a request to this endpoint. */
export async function completeChat(service: Service, body: JsonObject, signal: AbortSignal): Promise<Response> {
  requireKnownFields(body, own);
  const { type = "text" } = optionalField(body, "response_format", anObject) ?? {};
  if (type !== "text") {
    throw wrongField(
      "response_format",
      "the answer's format cannot be prescribed; omit response_format, or give the type text",
    );
  }
  if (optionalField(body, "modalities", listOf(aText, 2))?.some((name) => name !== "text")) {
    throw wrongField("modalities", 'the model answers with text; omit modalities, or give ["text"]');
  }
  const isRated = optionalField(body, "logprobs", aFlag) ?? false,
    top = optionalField(body, "top_logprobs", anInteger(0, 20));
  if (top !== undefined && !isRated) throw wrongField("top_logprobs", 'it requires "logprobs": true; give both');
  const request: ChatRequest = {
    ...readWritingRequest(body, service.base.model.architecture.vocabularySize),
    rated: isRated ? top ?? 0 : undefined,
  };
  const prompts = [promptOf(service, body)];
  const prepared = await prepareRequest(service, request, prompts, defaults);
  const created = Math.floor(Date.now() / 1000), [model] = request.edits.names;
  const head = { id: `chatcmpl-${crypto.randomUUID()}`, created, model };
  if (request.stream) return stream(service, request, prepared, head, signal);
  try {
    return Response.json({ ...head, object: "chat.completion", ...await whole(service, request, prepared, signal) });
  } finally {
    prepared.leave();
  }
}

async function whole(service: Service, request: ChatRequest, prepared: PreparedRequest, signal: AbortSignal) {
  const { tokenizer } = service.base.model, { rated } = request, endTokens = endTokensOf(service);
  const all = await writeAnswers(service, request, prepared, { tokenizer, endTokens, rated, signal });
  const choices = all.flatMap(({ answers }) => answers).map(({ index, text, ratings, finish }) => ({
    index,
    message: { role: "assistant", content: text, refusal: null },
    logprobs: rated === undefined ? null : { content: listed(ratings, tokenizer), refusal: null },
    finish_reason: finish,
  }));
  return { choices, usage: usageOf(all) };
}

/** The tokens that end a turn: the model's own and, if its template ends one with another token, that one. */
function endTokensOf({ base: { endTokens, model: { tokenizer } } }: Service): ReadonlySet<number> {
  return new Set([...tokenizer.eosTokenIds, ...endTokens]);
}

function promptOf({ renderFor, base: { model: { tokenizer } } }: Service, body: JsonObject): TokenizedPrompt {
  if (renderFor === undefined) {
    throw new ApiError(400, "the model has no chat template; use /v1/completions, or serve it with --chat-template");
  }
  const messages = requiredField(body, "messages", someMessages).map(messageOf);
  const tools = optionalField(body, "tools", someTools), choice = body["tool_choice"] ?? "auto";
  if (choice !== "auto" && choice !== "none") {
    throw wrongField("tool_choice", 'a call cannot be forced; give "auto" or "none"');
  }
  const isAsked = tools !== undefined && tools.length > 0 && choice === "auto";
  const render = renderFor(isAsked ? toPython(tools) : undefined);
  return conversationPrompt(render, messages, { prompt: "", messages }, tokenizer);
}

const aPart: FieldReader<string> = {
  expected: 'a text, or a list of { type: "text", text }',
  read(value) {
    if (typeof value === "string") return value;
    if (!Array.isArray(value)) return undefined;
    const texts = value.map((part) => isJsonObject(part) && part["type"] === "text" ? part["text"] : undefined);
    return texts.every((text) => typeof text === "string") ? texts.join("") : undefined;
  },
};

function messageOf(given: JsonObject, at: number): Message {
  const wrong = (error: unknown) => {
    return error instanceof ApiError ? wrongField(`messages[${at}]`, `message ${at + 1}: ${error.message}`) : error;
  };
  try {
    const role = requiredField(given, "role", aText), hasCalls = given["tool_calls"] !== undefined;
    const content = hasCalls ? optionalField(given, "content", aPart) : requiredField(given, "content", aPart);
    const others = Object.entries(given).filter(([name]) => name !== "role" && name !== "content");
    return {
      role,
      ...content === undefined ? {} : { content },
      ...Object.fromEntries(others.map(([name, value]) => [name, toPython(value)])),
    };
  } catch (error) {
    throw wrong(error);
  }
}

/** Tokens with their log-probabilities, as OpenAI's API lists them. */
function listed(ratings: readonly TokenRating[], tokenizer: Tokenizer) {
  const encoder = new TextEncoder();
  const one = ({ token, logProbability }: RatedToken) => {
    const text = tokenText(tokenizer, token);
    // A part of a character has bytes that no text shows.
    const bytes = text.includes("\ufffd") ? null : [...encoder.encode(text)];
    return { token: text, logprob: logProbability, bytes };
  };
  return ratings.map((rating) => ({ ...one(rating), top_logprobs: rating.top.map(one) }));
}

function stream(
  service: Service,
  request: ChatRequest,
  prepared: PreparedRequest,
  head: { readonly id: string; readonly created: number; readonly model: string | undefined },
  signal: AbortSignal,
): Response {
  const { tokenizer } = service.base.model, { rated, includesUsage, n } = request, left = new AbortController();
  const either = AbortSignal.any([signal, left.signal]), shown = new Map<number, { text: number; rated: number }>();
  const chunk = { ...head, object: "chat.completion.chunk" };
  return eventStream(async (send) => {
    const put = (index: number, delta: JsonObject, ratings: readonly TokenRating[], finish: Answer["finish"]) => {
      const logprobs = rated === undefined ? null : { content: listed(ratings, tokenizer), refusal: null };
      send({ ...chunk, choices: [{ index, delta, logprobs, finish_reason: finish ?? null }] });
    };
    for (let index = 0; index < n; index++) put(index, { role: "assistant", content: "" }, [], undefined);
    const onAnswer = ({ index, text, settled, ratings, finish }: Answer) => {
      const before = shown.get(index) ?? { text: 0, rated: 0 }, end = Math.max(before.text, settled);
      shown.set(index, { text: end, rated: ratings.length });
      const isNew = end > before.text || ratings.length > before.rated;
      if (isNew) put(index, { content: text.slice(before.text, end) }, ratings.slice(before.rated), undefined);
      if (finish !== undefined) put(index, {}, [], finish);
    };
    const options = { tokenizer, endTokens: endTokensOf(service), rated, signal: either, onAnswer };
    const all = await writeAnswers(service, request, prepared, options);
    if (includesUsage) send({ ...chunk, choices: [], usage: usageOf(all) });
  }, { onCancel: () => left.abort(new DOMException("the client left", "AbortError")), onEnd: prepared.leave });
}
