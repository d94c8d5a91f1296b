/** Comparing the outputs of two models with a third model, as in AlpacaEval. @module */
import { RunError } from "../../common/errors.ts";
import type { RowList } from "../../common/row_list.ts";
import { keyOf } from "../../common/content_key.ts";
import { ask, type Endpoint, hostOf, type Patience, usualPatience } from "./endpoint.ts";
import { characters, type Pair } from "./outputs.ts";
import { type Judgement, judgementOf, preferenceOf, type Question, questionOf } from "./question.ts";

/** A store of judgements by the content of their questions. */
interface Judgements {
  get(key: string): Promise<Judgement | undefined>;
  put(key: string, judgement: Judgement): Promise<void>;
}

/** The comparisons for a judge, and what they require. */
interface JudgePlan {
  readonly pairs: RowList<Pair>;
  /** The number of questions that are not answered yet. */
  readonly questions: number;
  /** Their approximate number of tokens: a quarter of their characters. */
  readonly tokens: number;
}

/** How a judge is asked. */
interface Asking {
  readonly patience?: Patience;
  readonly onAnswer?: () => unknown;
  /** Receives a line once if the endpoint fails and is asked again, which may take minutes. */
  readonly warn?: (message: string) => void;
  /** The remedy to suggest if the endpoint returns no log-probabilities. */
  readonly unweighted?: string;
}

/** An AlpacaEval annotation. */
export interface Annotation {
  readonly index: number;
  readonly instruction: string;
  readonly output_1: string;
  readonly generator_1: string;
  readonly output_2: string;
  readonly generator_2: string;
  readonly dataset?: string;
  readonly annotator: string;
  /** From 1 to 2; null if the judge named neither. */
  readonly preference: number | null;
}

/** The store's documents by key. */
interface Documents {
  getJson(kind: "judge", key: string): Promise<unknown>;
  putJson(kind: "judge", key: string, value: Judgement): Promise<void>;
}

/** Judgements kept in the store. */
export function judgementsIn(store: Documents): Judgements {
  return {
    get: async (key) => await store.getJson("judge", key) as Judgement | undefined,
    put: (key, judgement) => store.putJson("judge", key, judgement),
  };
}

/** The prices of a million tokens, in dollars. */
interface Prices {
  readonly priceIn?: number | undefined;
  readonly priceOut?: number | undefined;
}

/**
 * The estimated cost of a plan's questions, as text.
 *
 * @param unknown The text instead of a price in dollars if the prices are not given.
 */
export function costOf(
  { pairs, questions, tokens }: JudgePlan,
  endpoint: Endpoint,
  { priceIn, priceOut }: Prices,
  unknown: string,
): string {
  const known = pairs.length - questions,
    prices = priceIn === undefined || priceOut === undefined
      ? `; ${unknown}`
      : `, about $${((tokens * priceIn + questions * priceOut) / 1e6).toFixed(2)}`;
  return `${questions} questions to ${endpoint.model} at ${
    hostOf(endpoint)
  } (${known} are answered in the store): about ` +
    `${tokens.toLocaleString("en")} tokens in and ${questions} out${questions === 0 ? "" : prices}`;
}

const atOnce = 4;

/** Plans the questions to ask, given the stored judgements. The key is not part of what is stored. */
export async function planJudge(
  pairs: RowList<Pair>,
  endpoint: Omit<Endpoint, "key">,
  weighted: boolean,
  kept: Judgements,
): Promise<JudgePlan> {
  let questions = 0, tokens = 0;
  for (const pair of pairs) {
    const question = questionOf(pair, weighted);
    if (await kept.get(keyOfQuestion(question, endpoint)) !== undefined) continue;
    questions++;
    tokens += characters(JSON.stringify(question.request)) / 4;
  }
  return { pairs, questions, tokens: Math.ceil(tokens) };
}

/** The key of a question's judgement. */
function keyOfQuestion({ request }: Question, { address, model }: Omit<Endpoint, "key">): string {
  return keyOf({ judge: { address, model }, request });
}

/**
 * Asks the questions that are not answered yet; each answer is stored when it arrives.
 *
 * @param weighted Whether answers are weighted by log-probabilities.
 * @param onAnswer Called after each answer.
 * @returns Each pair's preference, from 1 to 2; NaN if the judge named neither.
 * @throws {RunError} If the endpoint returns no log-probabilities, or all attempts fail.
 */
export async function judgePairs(
  { pairs }: JudgePlan,
  endpoint: Endpoint,
  weighted: boolean,
  kept: Judgements,
  { patience = usualPatience, onAnswer = () => {}, warn = () => {}, unweighted = "use --unweighted" }: Asking = {},
): Promise<Float64Array> {
  const preferences = new Float64Array(pairs.length);
  let next = 0, isStopped = false, isWarned = false;
  const onRetry = (reason: string) => {
    if (!isWarned) warn(`${reason}; requests that fail are repeated up to ${patience.tries - 1} times`);
    isWarned = true;
  };
  async function work(): Promise<void> {
    while (next < pairs.length && !isStopped) {
      const at = next++, question = questionOf(pairs.at(at)!, weighted), key = keyOfQuestion(question, endpoint);
      const known = await kept.get(key),
        judgement = known ?? await ask(endpoint, question.request, judgementOf, patience, onRetry);
      if (weighted && judgement.listed === undefined) {
        throw new RunError(
          `${hostOf(endpoint)} returns no log-probabilities for ${endpoint.model}, by which answers are weighted; ` +
            `${unweighted}, or another model`,
        );
      }
      if (known === undefined) await kept.put(key, judgement);
      preferences[at] = preferenceOf(judgement, question);
      await onAnswer();
    }
  }
  const stopping = async () => {
    try {
      await work();
    } catch (fault) {
      isStopped = true;
      throw fault;
    }
  };
  const results = await Promise.allSettled(Array.from({ length: atOnce }, stopping));
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return preferences;
}

/** A comparison as AlpacaEval writes it. */
export function annotationOf({ index, other, output }: Pair, annotator: string, preference: number): Annotation {
  return {
    index,
    instruction: output.instruction,
    output_1: other.output,
    generator_1: other.generator,
    output_2: output.output,
    generator_2: output.generator,
    ...output.dataset === undefined ? {} : { dataset: output.dataset },
    annotator,
    preference: Number.isNaN(preference) ? null : preference,
  };
}
