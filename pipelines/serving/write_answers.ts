/** Generates what a request asks for. @module */
import type { TokenizedPrompt } from "../data/examples.ts";
import type { AnswerTokenizer } from "../decoding/answer.ts";
import { type Generator, readBefore, roomOf } from "../decoding/continuation.ts";
import { ApiError } from "./api_error.ts";
import { type Answer, AnswerWriter } from "./answer_writer.ts";
import type { Service } from "./service.ts";
import { tokenChooser } from "./token_chooser.ts";
import { type EndpointDefaults, roomAfter, type WritingRequest } from "./writing_request.ts";

/** A prepared request. */
export interface PreparedRequest {
  readonly generator: Generator;
  readonly prompts: readonly TokenizedPrompt[];
  /** How many tokens may follow each prompt. */
  readonly rooms: readonly number[];
  /** To be called when its generation has ended. */
  readonly leave: () => void;
}

/** Answers to one prompt of a request. */
interface PromptAnswers {
  readonly prompt: TokenizedPrompt;
  readonly answers: readonly Answer[];
}

/**
 * Prepares a request: opens its edits, and checks that its prompts have room.
 *
 * @throws {ApiError} If it names a model that does not exist, is too long, or too many requests are waiting.
 */
export async function prepareRequest(
  { admission, models, limits }: Service,
  { edits, maxTokens, n }: WritingRequest,
  prompts: readonly TokenizedPrompt[],
  defaults: EndpointDefaults,
): Promise<PreparedRequest> {
  const generator = await models.generator(edits), context = roomOf(generator);
  const rooms = prompts.map(({ prompt }) =>
    roomAfter(prompt.length, maxTokens, defaults, { context, most: limits.newTokens })
  );
  return { generator, prompts, rooms, leave: admission.enter(prompts.length * n) };
}

/** What is returned besides a request's own settings. */
interface WritingOptions {
  readonly tokenizer: AnswerTokenizer;
  readonly endTokens: ReadonlySet<number>;
  /** How many of the likeliest tokens are listed with each; `undefined` for no log-probabilities. */
  readonly rated: number | undefined;
  /** Whether the token that ends an answer is listed too. */
  readonly ratesEnd?: boolean;
  readonly signal: AbortSignal;
  /** Receives an answer whenever it has grown, with the index of its prompt. */
  readonly onAnswer?: (answer: Answer, prompt: number) => void;
  /** Receives the logits after each token of a prompt, in order, if requested. */
  readonly onPromptLogits?: ((logits: Float32Array, at: number, prompt: number) => void) | undefined;
}

/**
 * Generates the answers to all prompts of a request.
 *
 * @throws {ApiError} If it takes too long. The signal's reason if it is aborted.
 */
export async function writeAnswers(
  { engine, metrics, limits }: Service,
  { stop, choice, n }: WritingRequest,
  { generator, prompts, rooms }: PreparedRequest,
  { tokenizer, endTokens, rated, ratesEnd = false, signal, onAnswer, onPromptLogits }: WritingOptions,
): Promise<readonly PromptAnswers[]> {
  const start = performance.now(), since = () => (performance.now() - start) / 1000;
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new ApiError(504, `the answer took more than ${limits.seconds} s; request fewer tokens`));
  }, limits.seconds * 1000);
  const either = AbortSignal.any([signal, late.signal]);
  let isFirst = true;
  const writers = prompts.map((prompt, at) => {
    const choosers = Array.from({ length: n }, (_, answer) => tokenChooser(choice, at * n + answer));
    return new AnswerWriter(readBefore(generator, prompt), {
      tokenizer,
      endTokens,
      stop,
      room: rooms[at]!,
      rated,
      ratesEnd,
      choosers,
      onAnswer(answer) {
        if (isFirst) metrics.firstToken.observe(since());
        isFirst = false;
        onAnswer?.(answer, at);
      },
    });
  });
  try {
    await Promise.all(
      prompts.map((prompt, at) => {
        const onOwnLogits = onPromptLogits &&
          ((logits: Float32Array, token: number) => onPromptLogits(logits, token, at));
        return engine.write({ generator, prompt, writer: writers[at]!, signal: either, onPromptLogits: onOwnLogits });
      }),
    );
  } finally {
    clearTimeout(timer);
    metrics.readTokens.add(prompts.reduce((sum, { prompt }) => sum + prompt.length, 0));
    metrics.writtenTokens.add(writers.reduce((sum, { answers }) => sum + writtenBy(answers), 0));
    metrics.whole.observe(since());
  }
  return prompts.map((prompt, at) => ({ prompt, answers: writers[at]!.answers }));
}

const writtenBy = (answers: readonly Answer[]) => answers.reduce((sum, { written }) => sum + written.length, 0);

/** How many tokens a request used, as in OpenAI's API. */
export function usageOf(all: readonly PromptAnswers[]) {
  const prompt = all.reduce((sum, { prompt: { prompt } }) => sum + prompt.length, 0);
  const completion = all.reduce((sum, { answers }) => sum + writtenBy(answers), 0);
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}
