/** Writing what a request asks for. @module */
import type { TokenizedPrompt } from "../data/examples.ts";
import { type Generator, roomOf } from "../decoding/continuation.ts";
import { ApiError } from "./api_error.ts";
import { type Answer, AnswerWriter } from "./answer_writer.ts";
import type { Service } from "./service.ts";
import { tokenChooser } from "./token_chooser.ts";
import { roomAfter, type WritingRequest } from "./writing_request.ts";

/** A request that is ready to be written. */
export interface PreparedRequest {
  readonly generator: Generator;
  readonly prompts: readonly TokenizedPrompt[];
  /** How many tokens may follow each prompt. */
  readonly rooms: readonly number[];
  /** To be called when nothing of it is written any more. */
  readonly leave: () => void;
}

/** Answers to one prompt of a request. */
interface PromptAnswers {
  readonly prompt: TokenizedPrompt;
  readonly answers: readonly Answer[];
}

/**
 * Makes a request ready: its edits are opened, and its prompts have room.
 *
 * @param usual How many tokens are written where the request does not say.
 * @throws {ApiError} If it names no model, is too long, or too many wait already.
 */
export async function prepareRequest(
  { admission, models, limits }: Service,
  { edits, maxTokens, n }: WritingRequest,
  prompts: readonly TokenizedPrompt[],
  usual: number,
): Promise<PreparedRequest> {
  const generator = await models.generator(edits), context = roomOf(generator);
  const rooms = prompts.map(({ prompt }) =>
    roomAfter(prompt.length, maxTokens, { context, usual, most: limits.newTokens })
  );
  return { generator, prompts, rooms, leave: admission.enter(prompts.length * n) };
}

/** What is written besides a request's own settings. */
interface WritingOptions {
  readonly endTokens: ReadonlySet<number>;
  /** How many of the likeliest tokens are listed with each; `undefined` for none, and no rating. */
  readonly rated: number | undefined;
  /** Whether the token that ends an answer by itself is rated, too. */
  readonly ratesEnd?: boolean;
  readonly signal: AbortSignal;
  /** Gets an answer whenever it has grown, with the number of its prompt. */
  readonly onAnswer?: (answer: Answer, prompt: number) => void;
  /** Gets the logits of what follows each token of a prompt, in order, if they are wanted. */
  readonly onPromptLogits?: ((logits: Float32Array, at: number, prompt: number) => void) | undefined;
}

/**
 * Writes the answers to all prompts of a request.
 *
 * @throws {ApiError} If it takes too long. The signal's reason if it is aborted.
 */
export async function writeAnswers(
  { engine, metrics, base: { model: { tokenizer } }, limits }: Service,
  { stop, choice, n }: WritingRequest,
  { generator, prompts, rooms }: PreparedRequest,
  { endTokens, rated, ratesEnd = false, signal, onAnswer, onPromptLogits }: WritingOptions,
): Promise<readonly PromptAnswers[]> {
  const start = performance.now(), since = () => (performance.now() - start) / 1000;
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new ApiError(504, `the answer took more than ${limits.seconds} s; ask for fewer tokens`));
  }, limits.seconds * 1000);
  const either = AbortSignal.any([signal, late.signal]);
  let isFirst = true;
  const writers = prompts.map(({ prompt }, at) => {
    const choosers = Array.from({ length: n }, (_, answer) => tokenChooser(choice, at * n + answer));
    return new AnswerWriter(prompt, {
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

/** How many tokens a request took, as OpenAI's API says it. */
export function usageOf(all: readonly PromptAnswers[]) {
  const prompt = all.reduce((sum, { prompt: { prompt } }) => sum + prompt.length, 0);
  const completion = all.reduce((sum, { answers }) => sum + writtenBy(answers), 0);
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}
