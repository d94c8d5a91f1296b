/** Comparing the outputs of two models with a third model, as in AlpacaEval. @module */
import { RunError } from "../../common/errors.ts";
import { keyOf } from "../../common/content_key.ts";
import { ask, type Endpoint, hostOf, type Patience, usualPatience } from "./endpoint.ts";
import { characters, type Pair } from "./outputs.ts";
import { type Judgement, judgementOf, preferenceOf, type Question, questionOf } from "./question.ts";

/** A store of judgements by the content of their questions. */
interface Judgements {
  get(key: string): Promise<Judgement | undefined>;
  put(key: string, judgement: Judgement): Promise<void>;
}

/** A comparison to make. */
interface Open {
  readonly pair: Pair;
  readonly question: Question;
  readonly key: string;
  /** The stored judgement, if any. */
  readonly known: Judgement | undefined;
}

/** The comparisons for a judge, and what they require. */
interface JudgePlan {
  readonly open: readonly Open[];
  /** The number of questions that are not answered yet. */
  readonly questions: number;
  /** Their approximate number of tokens: a quarter of their characters. */
  readonly tokens: number;
}

/** How a judge is asked. */
interface Asking {
  readonly patience?: Patience;
  readonly onAnswer?: () => unknown;
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
  { open, questions, tokens }: JudgePlan,
  endpoint: Endpoint,
  { priceIn, priceOut }: Prices,
  unknown: string,
): string {
  const known = open.length - questions,
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
  pairs: readonly Pair[],
  { address, model }: Omit<Endpoint, "key">,
  weighted: boolean,
  kept: Judgements,
): Promise<JudgePlan> {
  const open = await Promise.all(pairs.map(async (pair) => {
    const question = questionOf(pair, weighted), key = keyOf({ judge: { address, model }, request: question.request });
    return { pair, question, key, known: await kept.get(key) };
  }));
  const unanswered = open.filter(({ known }) => known === undefined);
  const tokens = unanswered.reduce((sum, { question }) => sum + characters(JSON.stringify(question.request)) / 4, 0);
  return { open, questions: unanswered.length, tokens: Math.ceil(tokens) };
}

/**
 * Asks the questions that are not answered yet; each answer is stored when it arrives.
 *
 * @param weighted Whether answers are weighted by log-probabilities.
 * @param onAnswer Called after each answer.
 * @throws {RunError} If the endpoint returns no log-probabilities, or all attempts fail.
 */
export async function judgePairs(
  { open }: JudgePlan,
  endpoint: Endpoint,
  weighted: boolean,
  kept: Judgements,
  { patience = usualPatience, onAnswer = () => {}, unweighted = "use --unweighted" }: Asking = {},
): Promise<Annotation[]> {
  const annotations: Annotation[] = new Array(open.length), queue = open.entries();
  let isStopped = false;
  async function work(): Promise<void> {
    for (const [at, { pair, question, key, known }] of queue) {
      if (isStopped) return;
      const judgement = known ?? await ask(endpoint, question.request, judgementOf, patience);
      if (weighted && judgement.listed === undefined) {
        throw new RunError(
          `${hostOf(endpoint)} returns no log-probabilities for ${endpoint.model}, by which answers are weighted; ` +
            `${unweighted}, or another model`,
        );
      }
      if (known === undefined) await kept.put(key, judgement);
      annotations[at] = annotationOf(pair, endpoint.model, preferenceOf(judgement, question));
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
  return annotations;
}

function annotationOf({ index, other, output }: Pair, annotator: string, preference: number): Annotation {
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
