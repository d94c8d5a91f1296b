/** `/v1/completions`: the continuation of a text. @module */
import type { JsonObject } from "../common/files.ts";
import type { AnswerTokenizer } from "../decoding/answer.ts";
import type { TokenizedPrompt } from "../data/examples.ts";
import { lineByLine } from "../interface/chat_session.ts";
import type { Tokenizer } from "../models/tokenization/tokenizer.ts";
import type { Answer } from "./answer_writer.ts";
import { wrongField } from "./api_error.ts";
import { eventStream } from "./event_stream.ts";
import { aFlag, anInteger, type FieldReader, optionalField, requiredField } from "./fields.ts";
import { rateToken, type TokenRating } from "./log_probabilities.ts";
import type { Service } from "./service.ts";
import { continuing, TokenPlaces, tokenText } from "./token_text.ts";
import { type PreparedRequest, prepareRequest, usageOf, writeAnswers } from "./write_answers.ts";
import { readWritingRequest, requireKnownFields, type WritingRequest } from "./writing_request.ts";

/** The defaults of this endpoint, as in OpenAI's API. */
const defaults = { promptField: "prompt", newTokens: 16 };

/** The maximum number of prompts in a request. */
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

/** The log-probabilities of a completion, as OpenAI's API lists them. */
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
    ...readWritingRequest(body, service.base.model.architecture.vocabularySize),
    echo: optionalField(body, "echo", aFlag) ?? false,
    logprobs: optionalField(body, "logprobs", anInteger(0, 20)),
  };
  if ((optionalField(body, "best_of", anInteger(1)) ?? request.n) !== request.n) {
    throw wrongField("best_of", '"best_of" differs from "n"; omit it');
  }
  if ((body["suffix"] ?? "") !== "") throw wrongField("suffix", "suffixes are not supported; omit it");
  const { model: { architecture } } = service.base;
  if (request.echo && architecture.encoder !== undefined) {
    throw wrongField("echo", "the model reads prompts with an encoder and does not generate them; omit echo");
  }
  const read = promptReader(service), prompts = requiredField(body, "prompt", aPrompt).map(read);
  const prepared = await prepareRequest(service, request, prompts, defaults);
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
  const { model: { tokenizer } } = service.base, { logprobs: rated } = request, writing = writingOf(service);
  const echoes = echoesOf(service, request, prepared), { onPromptLogits } = echoes;
  const all = await writeAnswers(service, request, prepared, { ...writing, rated, signal, onPromptLogits });
  const choices = all.flatMap(({ answers }, prompt) =>
    answers.map((answer) => {
      const echo = echoes.all[prompt]!, ratings = [...echo.ratings, ...answer.ratings];
      const { ratings: own, written } = answer, places = new TokenPlaces(tokenizer, echo.text.length);
      const placesOfOwn = () => places.next(own.map(tokenOf), echo.text + uncut(writing.tokenizer, written));
      return {
        index: prompt * request.n + answer.index,
        text: echo.text + answer.text,
        logprobs: rated === undefined ? null : logProbabilities(ratings, tokenizer, [...echo.places, ...placesOfOwn()]),
        finish_reason: answer.finish,
      };
    })
  );
  return { choices, usage: usageOf(all) };
}

/**
 * How answers are generated. The end of an answer is listed as a token: clients that request one token expect one
 * (lm-evaluation-harness does).
 */
function writingOf({ base: { model: { tokenizer, architecture } } }: Service) {
  const endTokens: ReadonlySet<number> = new Set(tokenizer.eosTokenIds), ratesEnd = true;
  // What an encoder has read is answered and not continued.
  return { tokenizer: architecture.encoder === undefined ? continuing(tokenizer) : tokenizer, endTokens, ratesEnd };
}

const tokenOf = ({ token }: { readonly token: number }) => token;

/** The text of generated tokens, of which an answer may show only what precedes a stop text. */
const uncut = ({ decode }: AnswerTokenizer, written: readonly number[]) => decode(written, { skipSpecialTokens: true });

function headOf({ edits: { names } }: WritingRequest) {
  const created = Math.floor(Date.now() / 1000), [model] = names;
  return { id: `cmpl-${crypto.randomUUID()}`, object: "text_completion", created, model };
}

/** How a prompt is read: a text is tokenized for continuation, ids are used as they are. */
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
        `the token ${foreign} is not one of the model's ${architecture.vocabularySize}; check it`,
      );
    }
    const text = tokenizer.decode(given, { cleanUpSpaces: false });
    return { prompt: given, source: { text, spans: {}, fields: {} } };
  };
}

/** A prompt as it is echoed before its answers. */
interface Echo {
  readonly text: string;
  /** For each of its tokens; nothing precedes the first one, so its probability is unknown. */
  readonly ratings: readonly (TokenRating | { readonly token: number })[];
  /** Where each of them begins in the text. */
  readonly places: readonly number[];
}

/** The echoed prompts of a request; the probabilities of their tokens are recorded while they are read. */
function echoesOf(
  { base: { model: { tokenizer } } }: Service,
  { echo, logprobs }: CompletionRequest,
  { prompts }: PreparedRequest,
) {
  const all = prompts.map(({ prompt, source: { text } }) => {
    const ratings: Echo["ratings"][number][] = echo && logprobs !== undefined ? [{ token: prompt[0]! }] : [];
    const shown = !echo ? "" : text === "" ? tokenizer.decode(prompt) : text;
    const places = ratings.length === 0 ? [] : new TokenPlaces(tokenizer, 0).next(prompt, shown);
    return { text: shown, ratings, places };
  });
  const rate = (rated: number) => (logits: Float32Array, at: number, number: number) => {
    const next = prompts[number]!.prompt[at + 1];
    if (next !== undefined) all[number]!.ratings.push(rateToken(logits, next, rated));
  };
  return { all, onPromptLogits: echo && logprobs !== undefined ? rate(logprobs) : undefined };
}

/** @param places Where the tokens begin in the completion's text. */
function logProbabilities(
  ratings: readonly (TokenRating | { readonly token: number })[],
  tokenizer: Tokenizer,
  places: readonly number[],
): LogProbabilities {
  const textOf = (token: number) => tokenText(tokenizer, token);
  const tokens = ratings.map(({ token }) => textOf(token));
  return {
    tokens,
    token_logprobs: ratings.map((rating) => "top" in rating ? rating.logProbability : null),
    top_logprobs: ratings.map((rating) => {
      if (!("top" in rating)) return null;
      const listed = [...rating.top, rating].map(({ token, logProbability }) => [textOf(token), logProbability]);
      // If several tokens have the same text, as parts of characters do, the likeliest counts.
      return Object.fromEntries(listed.reverse());
    }),
    text_offset: places,
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
  const writing = writingOf(service), either = AbortSignal.any([signal, left.signal]);
  return eventStream(async (send) => {
    const echoes = echoesOf(service, request, prepared), { onPromptLogits } = echoes;
    const shown = new Map<number, { readonly text: number; readonly rated: number; readonly places: TokenPlaces }>();
    const chunk = (
      index: number,
      text: string,
      { ratings, places }: Pick<Echo, "ratings" | "places">,
      finish: Answer["finish"],
    ) =>
      send({
        ...head,
        choices: [{
          index,
          text,
          logprobs: logprobs === undefined ? null : logProbabilities(ratings, tokenizer, places),
          finish_reason: finish ?? null,
        }],
      });
    const onAnswer = ({ index, text, settled, ratings, written, finish }: Answer, prompt: number) => {
      const number = prompt * n + index, echo = echoes.all[prompt]!;
      const before = shown.get(number) ?? { text: 0, rated: 0, places: new TokenPlaces(tokenizer, echo.text.length) };
      if (!shown.has(number) && echo.text !== "") chunk(number, echo.text, echo, undefined);
      const end = Math.max(before.text, settled), rated = ratings.slice(before.rated);
      shown.set(number, { ...before, text: end, rated: ratings.length });
      if (end === before.text && rated.length === 0 && finish === undefined) return;
      const placesOfRated = () => before.places.next(rated.map(tokenOf), echo.text + uncut(writing.tokenizer, written));
      const places = rated.length === 0 ? [] : placesOfRated();
      chunk(number, text.slice(before.text, end), { ratings: rated, places }, finish);
    };
    const all = await writeAnswers(service, request, prepared, {
      ...writing,
      rated: logprobs,
      signal: either,
      onAnswer,
      onPromptLogits,
    });
    if (includesUsage) send({ ...head, choices: [], usage: usageOf(all) });
  }, { onCancel: () => left.abort(new DOMException("the client left", "AbortError")), onEnd: prepared.leave });
}
