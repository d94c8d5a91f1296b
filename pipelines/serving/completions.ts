/** `/v1/completions`: what follows a text. @module */
import type { JsonObject } from "../common/files.ts";
import type { TokenizedPrompt } from "../data/examples.ts";
import { lineByLine } from "../interface/chat_session.ts";
import type { Tokenizer } from "../models/tokenization/tokenizer.ts";
import type { Answer } from "./answer_writer.ts";
import { wrongField } from "./api_error.ts";
import { eventStream } from "./event_stream.ts";
import { aFlag, anInteger, type FieldReader, optionalField, requiredField } from "./fields.ts";
import { rateToken, type TokenRating } from "./log_probabilities.ts";
import type { Service } from "./service.ts";
import { type PreparedRequest, prepareRequest, usageOf, writeAnswers } from "./write_answers.ts";
import { readWritingRequest, requireKnownFields, type WritingRequest } from "./writing_request.ts";

/** How many tokens are written where a request does not say, as OpenAI's API has it. */
const usualTokens = 16;

/** The most prompts of one request. */
const mostPrompts = 256;

/** A text, or its token ids. */
type GivenPrompt = string | readonly number[];

const isIds = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.length > 0 && value.every((id) => Number.isSafeInteger(id) && id >= 0);

const aPrompt: FieldReader<readonly GivenPrompt[]> = {
  expected: `a text, a list of token ids, or a list of 1 to ${mostPrompts} of either`,
  read(value) {
    const all: readonly unknown[] = Array.isArray(value) && !isIds(value) ? value : [value];
    const read = all.filter((each) => typeof each === "string" || isIds(each));
    return all.length > 0 && all.length <= mostPrompts && read.length === all.length ? read : undefined;
  },
};

/** A request to this endpoint. */
interface CompletionRequest extends WritingRequest {
  readonly echo: boolean;
  /** How many of the likeliest tokens are listed with each; `undefined` for no log-probabilities. */
  readonly logprobs: number | undefined;
}

/** The logarithms of probabilities of a completion, as OpenAI's API lists them. */
interface LogProbabilities {
  readonly tokens: readonly string[];
  readonly token_logprobs: readonly (number | null)[];
  readonly top_logprobs: readonly (Readonly<Record<string, number>> | null)[];
  readonly text_offset: readonly number[];
}

/** Answers a request to this endpoint. */
export async function complete(service: Service, body: JsonObject, signal: AbortSignal): Promise<Response> {
  requireKnownFields(body, ["prompt", "echo", "logprobs", "best_of", "suffix"]);
  const request: CompletionRequest = {
    ...readWritingRequest(body, () => Math.floor(Math.random() * 2 ** 32)),
    echo: optionalField(body, "echo", aFlag) ?? false,
    logprobs: optionalField(body, "logprobs", anInteger(0, 20)),
  };
  if ((optionalField(body, "best_of", anInteger(1)) ?? request.n) !== request.n) {
    throw wrongField("best_of", '"best_of" is another number than "n"; omit it');
  }
  if ((body["suffix"] ?? "") !== "") throw wrongField("suffix", "nothing is written before a suffix; omit it");
  const { model: { architecture } } = service.base;
  if (request.echo && architecture.encoder !== undefined) {
    throw wrongField("echo", "the model reads a prompt and writes no part of it; omit echo");
  }
  const read = promptReader(service), prompts = requiredField(body, "prompt", aPrompt).map(read);
  const prepared = await prepareRequest(service, request, prompts, usualTokens);
  const head = headOf(request);
  if (request.stream) return stream(service, request, prepared, head, signal);
  try {
    return Response.json({ ...head, ...await whole(service, request, prepared, signal) });
  } finally {
    prepared.leave();
  }
}

async function whole(
  service: Service,
  request: CompletionRequest,
  prepared: PreparedRequest,
  signal: AbortSignal,
) {
  const { model: { tokenizer } } = service.base, { logprobs: rated } = request;
  const rating = ratingOf(tokenizer);
  const echoes = echoesOf(service, request, prepared), { onPromptLogits } = echoes;
  const all = await writeAnswers(service, request, prepared, { ...rating, rated, signal, onPromptLogits });
  const choices = all.flatMap(({ answers }, prompt) =>
    answers.map((answer) => {
      const echo = echoes.all[prompt]!, ratings = [...echo.ratings, ...answer.ratings];
      return {
        index: prompt * request.n + answer.index,
        text: echo.text + answer.text,
        logprobs: rated === undefined ? null : logProbabilities(ratings, tokenizer, 0),
        finish_reason: answer.finish,
      };
    })
  );
  return { choices, usage: usageOf(all) };
}

/** The end of an answer is listed as a token: whoever asks for one token counts on one (lm-evaluation-harness does). */
const ratingOf = ({ eosTokenIds }: Tokenizer) => ({ endTokens: new Set(eosTokenIds), ratesEnd: true });

function headOf({ edits: { names } }: WritingRequest) {
  const created = Math.floor(Date.now() / 1000), [model] = names;
  return { id: `cmpl-${crypto.randomUUID()}`, object: "text_completion", created, model };
}

/** How a prompt is read: a text as the model continues it, ids as they are. */
function promptReader(
  { base: { model: { tokenizer, architecture } } }: Service,
): (given: GivenPrompt) => TokenizedPrompt {
  const session = lineByLine("{prompt}", {}, tokenizer, { hasEncoder: architecture.encoder !== undefined });
  return (given) => {
    if (typeof given === "string") return session.ask(given, () => true).prompt;
    const foreign = given.find((id) => id >= architecture.vocabularySize);
    if (foreign !== undefined) {
      throw wrongField(
        "prompt",
        `the token ${foreign} is none of the model's ${architecture.vocabularySize}; check it`,
      );
    }
    const text = tokenizer.decode(given, { cleanUpSpaces: false });
    return { prompt: given, source: { text, spans: {}, fields: {} } };
  };
}

/** A prompt as it is repeated before its answers. */
interface Echo {
  readonly text: string;
  /** Of each of its tokens; the first is preceded by nothing, so that nothing is known of it. */
  readonly ratings: readonly (TokenRating | { readonly token: number })[];
}

/** The prompts of a request as they are repeated; how likely their tokens are is noted while they are read. */
function echoesOf(
  { base: { model: { tokenizer } } }: Service,
  { echo, logprobs }: CompletionRequest,
  { prompts }: PreparedRequest,
) {
  const all = prompts.map(({ prompt, source: { text } }) => {
    const ratings: Echo["ratings"][number][] = echo && logprobs !== undefined ? [{ token: prompt[0]! }] : [];
    return { text: !echo ? "" : text === "" ? tokenizer.decode(prompt) : text, ratings };
  });
  const rate = (rated: number) => (logits: Float32Array, at: number, number: number) => {
    const next = prompts[number]!.prompt[at + 1];
    if (next !== undefined) all[number]!.ratings.push(rateToken(logits, next, rated));
  };
  return { all, onPromptLogits: echo && logprobs !== undefined ? rate(logprobs) : undefined };
}

/** @param start Where the first token begins in the completion's text. */
function logProbabilities(
  ratings: readonly (TokenRating | { readonly token: number })[],
  tokenizer: Tokenizer,
  start: number,
): LogProbabilities {
  const textOf = (token: number) => tokenizer.decode([token], { cleanUpSpaces: false });
  const tokens = ratings.map(({ token }) => textOf(token));
  let offset = start;
  return {
    tokens,
    token_logprobs: ratings.map((rating) => "top" in rating ? rating.logProbability : null),
    top_logprobs: ratings.map((rating) => {
      if (!("top" in rating)) return null;
      const listed = [...rating.top, rating].map(({ token, logProbability }) => [textOf(token), logProbability]);
      // Of several tokens with one text, as parts of characters have, the likeliest counts.
      return Object.fromEntries(listed.reverse());
    }),
    text_offset: tokens.map((text) => (offset += text.length) - text.length),
  };
}

function stream(
  service: Service,
  request: CompletionRequest,
  prepared: PreparedRequest,
  head: ReturnType<typeof headOf>,
  signal: AbortSignal,
): Response {
  const { tokenizer } = service.base.model, { n, logprobs, includesUsage } = request, left = new AbortController();
  const rating = ratingOf(tokenizer), either = AbortSignal.any([signal, left.signal]);
  return eventStream(async (send) => {
    const echoes = echoesOf(service, request, prepared), { onPromptLogits } = echoes;
    const shown = new Map<number, { text: number; rated: number }>();
    const chunk = (index: number, text: string, ratings: Echo["ratings"], start: number, finish: Answer["finish"]) =>
      send({
        ...head,
        choices: [{
          index,
          text,
          logprobs: logprobs === undefined ? null : logProbabilities(ratings, tokenizer, start),
          finish_reason: finish ?? null,
        }],
      });
    const onAnswer = ({ index, text, settled, ratings, finish }: Answer, prompt: number) => {
      const number = prompt * n + index, echo = echoes.all[prompt]!;
      const before = shown.get(number) ?? { text: 0, rated: 0 };
      if (!shown.has(number) && echo.text !== "") chunk(number, echo.text, echo.ratings, 0, undefined);
      shown.set(number, { text: Math.max(before.text, settled), rated: ratings.length });
      const isNew = settled > before.text || ratings.length > before.rated || finish !== undefined;
      if (!isNew) return;
      const own = text.slice(before.text, Math.max(before.text, settled));
      chunk(number, own, ratings.slice(before.rated), echo.text.length + before.text, finish);
    };
    const all = await writeAnswers(service, request, prepared, {
      ...rating,
      rated: logprobs,
      signal: either,
      onAnswer,
      onPromptLogits,
    });
    if (includesUsage) send({ ...head, choices: [], usage: usageOf(all) });
  }, { onCancel: () => left.abort(new DOMException("the client left", "AbortError")), onEnd: prepared.leave });
}
