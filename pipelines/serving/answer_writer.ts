/** Generates the answers of one request to one prompt, which share the prompt's prefill. @module */
import type { AnswerTokenizer } from "../decoding/answer.ts";
import type { Step } from "../decoding/continuation.ts";
import { type Logits, ofRows } from "../decoding/row_logits.ts";
import type { Writer } from "../decoding/writer.ts";
import { AnswerReader } from "./answer_text.ts";
import { rateToken, type TokenRating } from "./log_probabilities.ts";
import type { ChooseToken } from "./token_chooser.ts";

/** Why an answer ended: at an end token or a stop text, or at its limit. */
type FinishReason = "stop" | "length";

/** A growing answer. */
export interface Answer {
  readonly index: number;
  readonly written: readonly number[];
  /** For each generated token, and the one that ends it, if requested. */
  readonly ratings: readonly TokenRating[];
  readonly text: string;
  /** How many characters of the text are final. */
  readonly settled: number;
  readonly finish: FinishReason | undefined;
}

/** How answers are generated. */
interface AnswerSettings {
  readonly tokenizer: AnswerTokenizer;
  readonly endTokens: ReadonlySet<number>;
  readonly stop: readonly string[];
  /** The maximum number of tokens in each. */
  readonly room: number;
  /** How many of the likeliest tokens are listed with each generated one; `undefined` for no log-probabilities. */
  readonly rated: number | undefined;
  /** Whether the token that ends an answer is listed too. */
  readonly ratesEnd: boolean;
  /** One for each answer. */
  readonly choosers: readonly ChooseToken[];
  /** Receives an answer whenever it has grown or ended. */
  readonly onAnswer?: ((answer: Answer) => void) | undefined;
}

interface OpenAnswer extends Answer {
  readonly written: number[];
  readonly ratings: TokenRating[];
  text: string;
  settled: number;
  finish: FinishReason | undefined;
  readonly reader: AnswerReader;
}

/** Generates all answers to one prompt, each in its own row. */
export class AnswerWriter implements Writer {
  readonly answers: readonly Answer[];
  readonly #settings: AnswerSettings;
  readonly #before: readonly number[];
  /** Those still in progress, in the order of their rows. */
  #open: readonly OpenAnswer[];

  /** @param before The tokens before the generated ones. */
  constructor(before: readonly number[], settings: AnswerSettings) {
    this.#before = before;
    this.#settings = settings;
    this.#open = settings.choosers.map((_, index): OpenAnswer => {
      const reader = new AnswerReader(settings.stop, settings.tokenizer);
      return { index, written: [], ratings: [], text: "", settled: 0, finish: undefined, reader };
    });
    this.answers = this.#open;
  }

  get room(): number {
    return this.#settings.room;
  }

  get rows(): number {
    return this.answers.length;
  }

  get isDone(): boolean {
    return this.#open.length === 0;
  }

  get isForeseen(): boolean {
    const { choosers, rated, room } = this.#settings;
    return rated === undefined &&
      this.#open.every(({ index, written }) => choosers[index]!.isLikeliest && written.length + 1 < room);
  }

  advance(logits: Logits): readonly Step[] {
    const grown = this.#open.map((answer, row) => {
      return { answer, step: { from: row, token: this.#grow(answer, ofRows(logits, () => row)) } };
    });
    const open = grown.filter(({ answer }) => answer.finish === undefined);
    this.#open = open.map(({ answer }) => answer);
    return open.map(({ step }) => step);
  }

  #grow(answer: OpenAnswer, logits: Logits): number {
    const { endTokens, room, rated, ratesEnd, choosers, onAnswer } = this.#settings;
    const choose = choosers[answer.index]!;
    const token = choose.isLikeliest ? logits.likeliest(0) : choose(logits(0), this.#before, answer.written);
    const isEnd = endTokens.has(token);
    if (rated !== undefined && (ratesEnd || !isEnd)) answer.ratings.push(rateToken(logits(0), token, rated));
    if (isEnd) answer.finish = "stop";
    else {
      answer.written.push(token);
      const { text, settled, isStopped } = answer.reader.read(answer.written);
      Object.assign(answer, { text, settled });
      if (isStopped) answer.finish = "stop";
      else if (answer.written.length >= room) answer.finish = "length";
    }
    if (answer.finish !== undefined) answer.settled = answer.text.length;
    onAnswer?.(answer);
    return token;
  }
}
