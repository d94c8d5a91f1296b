/** The likelihoods of given answers after a prompt, which is prefilled once for all of them. @module */
import { targetFeeds } from "../compile/rows/labels.ts";
import { groupByLength } from "../data/batches.ts";
import type { TokenizedPrompt } from "../data/examples.ts";
import type { RowMove } from "../runtime/resident_rows.ts";
import type { Generator } from "./continuation.ts";
import { extendFeeds } from "./extend_feeds.ts";
import { pastTensors, type ReadRow, residentId } from "./key_value_cache.ts";
import type { BlockKeys, PrefixCache } from "./prefix_cache.ts";
import { Reading } from "./reading.ts";

/** A prompt with the answers that may follow it. */
interface AnsweredPrompt {
  readonly prompt: TokenizedPrompt;
  readonly answers: readonly (readonly number[])[];
}

/** Where the beginnings of prompts are cached. */
export interface CachedBeginnings {
  readonly prefixes: PrefixCache;
  /** The keys of a prompt's blocks, as far as they are to be cached. */
  readonly keysOf: (prompt: TokenizedPrompt) => BlockKeys;
}

/** An answer of more than one token, whose remaining likelihood after the first token is to be computed. */
interface LongAnswer {
  readonly prompt: TokenizedPrompt;
  readonly read: ReadRow;
  readonly tokens: readonly number[];
  add(logLikelihood: number): void;
}

/** The cost of one more run, in tokens that could be processed in the same time. */
const overhead = 40;

/** The maximum number of tokens in a run after prompts, including padding, since their logits are in memory at once. */
const mostRated = 512;

/** The maximum number of tokens before answers, including padding, whose keys and values are copied at once. */
const mostBefore = 4096;

/**
 * The log-likelihood of each answer after its prompt, the sum over its tokens in nats.
 *
 * @param cached Where the prompts' beginnings are cached, if they are.
 * @returns For each prompt, in the order of its answers.
 */
export async function rateAnswers(
  generator: Generator,
  prompts: readonly AnsweredPrompt[],
  cached?: CachedBeginnings,
): Promise<readonly (readonly number[])[]> {
  const rates = prompts.map(({ answers }) => answers.map(() => 0)), long: LongAnswer[] = [];
  const asked = prompts.map(({ prompt, answers }) => {
    return { prompt, keys: cached?.keysOf(prompt) ?? [], targets: answers.map(([first = 0]) => first) };
  });
  const together = groupByLength([...prompts.keys()], (at) => prompts[at]!.prompt.prompt.length, { overhead });
  const readings: Reading[] = [];
  try {
    for (const group of together.toReversed()) {
      const reading = new Reading(generator, group.map((at) => asked[at]!), cached?.prefixes);
      readings.push(reading);
      while (!reading.isDone) {
        for (const { number, logits, ...read } of await reading.advance()) {
          const at = group[number]!, { prompt, answers } = prompts[at]!, own = rates[at]!;
          answers.forEach((tokens, which) => {
            if (tokens.length > 0) own[which] = -logits(which)[0]!;
            if (tokens.length > 1) long.push({ prompt, read, tokens, add: (rate) => own[which]! += rate });
          });
        }
      }
    }
    for (const group of groupsOf(long)) await rateOn(generator, group);
  } finally {
    for (const reading of readings) await reading.close();
  }
  return rates;
}

/** Groups answers of similar lengths, as many as their prompts' keys and values allow. */
function groupsOf(answers: readonly LongAnswer[]): readonly (readonly LongAnswer[])[] {
  const length = (at: number) => answers[at]!.tokens.length - 1;
  return groupByLength([...answers.keys()], length, { overhead, most: mostRated }).toReversed().flatMap((group) => {
    const own = group.map((at) => answers[at]!).sort((a, b) => b.read.tokens - a.read.tokens);
    const parts: LongAnswer[][] = [];
    while (own.length > 0) parts.push(own.splice(0, Math.max(1, Math.floor(mostBefore / own[0]!.read.tokens))));
    return parts;
  });
}

/** Runs all but the last token of some answers, each after its prompt. */
async function rateOn(generator: Generator, answers: readonly LongAnswer[]): Promise<void> {
  const capacity = Math.max(...answers.map(({ read }) => read.tokens)), id = residentId();
  const moves = answers.map(({ read }, to): RowMove => {
    return { source: read.source, from: read.row, length: read.tokens, to, at: 0 };
  });
  const rows = answers.map(({ prompt, read, tokens }) => ({ prompt, at: read.tokens, tokens: tokens.slice(0, -1) }));
  const session = await generator.rate!();
  const { outputs } = await session.run(
    {
      ...extendFeeds(generator, rows, capacity, rows.map(({ tokens }) => [...tokens.keys()])),
      ...targetFeeds(answers.flatMap(({ tokens }) => tokens.slice(1))),
    },
    {
      ...{ id, ...pastTensors(generator), rows: rows.length, tokens: capacity },
      ...{ moves, reads: rows.length, writes: [] },
    },
  );
  await session.free(id);
  const losses = outputs["losses"]!.data;
  let next = 0;
  for (const { tokens, add } of answers) for (let at = 1; at < tokens.length; at++) add(-Number(losses[next++]));
}
