/** `/v1/chat/completions`: the next turn of a conversation. @module */
import type { JsonObject } from "../common/files.ts";
import type { Tokenizer } from "../models/tokenization/tokenizer.ts";
import type { Answer } from "./answer_writer.ts";
import { wrongField } from "./api_error.ts";
import { readConversation } from "./conversation.ts";
import { eventStream } from "./event_stream.ts";
import { aFlag, anInteger, anObject, aText, listOf, optionalField } from "./fields.ts";
import type { RatedToken, TokenRating } from "./log_probabilities.ts";
import type { Service } from "./service.ts";
import { tokenText } from "./token_text.ts";
import { divideAnswer, prescribesCalls, textBeforeCalls } from "./tool_calls.ts";
import { type PreparedRequest, prepareRequest, usageOf, writeAnswers } from "./write_answers.ts";
import { readWritingRequest, requireKnownFields, type WritingRequest } from "./writing_request.ts";

/** The defaults of this endpoint. */
const defaults = { promptField: "messages", newTokens: 1024 };

/** A request to this endpoint. */
interface ChatRequest extends WritingRequest {
  /** How many of the likeliest tokens are listed with each; `undefined` for no log-probabilities. */
  readonly rated: number | undefined;
  /** Whether the answers may call tools. */
  readonly mayCall: boolean;
}

/** Fields that only this endpoint has. */
const own = [
  ...["messages", "tools", "tool_choice", "parallel_tool_calls", "logprobs", "top_logprobs"],
  ...["response_format", "modalities", "reasoning_effort", "verbosity"],
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
  const written = readWritingRequest(body, service.base.model.architecture.vocabularySize);
  const { prompt, hasTools } = readConversation(service, body), prompts = [prompt];
  const mayCall = hasTools && prescribesCalls(prompt.source.text);
  const request: ChatRequest = { ...written, rated: isRated ? top ?? 0 : undefined, mayCall };
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
  const choices = all.flatMap(({ answers }) => answers).map(({ index, text, ratings, finish }) => {
    const { content, calls } = dividedFor(request, text), hasCalls = calls.length > 0;
    const said = { role: "assistant", content: hasCalls && content === "" ? null : content, refusal: null };
    return {
      index,
      message: hasCalls ? { ...said, tool_calls: calls } : said,
      logprobs: rated === undefined ? null : { content: listed(ratings, tokenizer), refusal: null },
      finish_reason: finishOf(finish, hasCalls),
    };
  });
  return { choices, usage: usageOf(all) };
}

/** An answer's text and its calls. */
function dividedFor({ mayCall }: ChatRequest, text: string) {
  return mayCall ? divideAnswer(text) : { content: text, calls: [] };
}

function finishOf(finish: Answer["finish"], hasCalls: boolean) {
  return finish === "stop" && hasCalls ? "tool_calls" : finish;
}

/** The tokens that end a turn: the model's own and, if its template ends one with another token, that one. */
function endTokensOf({ base: { endTokens, model: { tokenizer } } }: Service): ReadonlySet<number> {
  return new Set([...tokenizer.eosTokenIds, ...endTokens]);
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
    const put = (
      index: number,
      delta: JsonObject,
      ratings: readonly TokenRating[],
      finish: ReturnType<typeof finishOf>,
    ) => {
      const logprobs = rated === undefined ? null : { content: listed(ratings, tokenizer), refusal: null };
      send({ ...chunk, choices: [{ index, delta, logprobs, finish_reason: finish ?? null }] });
    };
    for (let index = 0; index < n; index++) put(index, { role: "assistant", content: "" }, [], undefined);
    const onAnswer = ({ index, text, settled, ratings, finish }: Answer) => {
      const before = shown.get(index) ?? { text: 0, rated: 0 };
      const { calls } = finish === undefined ? { calls: [] } : dividedFor(request, text), hasCalls = calls.length > 0;
      const isHeld = request.mayCall && (finish === undefined || hasCalls);
      const end = Math.max(before.text, isHeld ? Math.min(settled, textBeforeCalls(text)) : settled);
      shown.set(index, { text: end, rated: ratings.length });
      const isNew = end > before.text || ratings.length > before.rated;
      if (isNew) put(index, { content: text.slice(before.text, end) }, ratings.slice(before.rated), undefined);
      if (hasCalls) {
        put(index, { tool_calls: calls.map((call, number) => ({ index: number, ...call })) }, [], undefined);
      }
      if (finish !== undefined) put(index, {}, [], finishOf(finish, hasCalls));
    };
    const options = { tokenizer, endTokens: endTokensOf(service), rated, signal: either, onAnswer };
    const all = await writeAnswers(service, request, prepared, options);
    if (includesUsage) send({ ...chunk, choices: [], usage: usageOf(all) });
  }, { onCancel: () => left.abort(new DOMException("the client left", "AbortError")), onEnd: prepared.leave });
}
