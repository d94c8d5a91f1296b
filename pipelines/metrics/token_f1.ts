/** The overlap of an answer's words with the right one's, as SQuAD's evaluation script measures it. @module */
import { split } from "../data/python/split.ts";
import type { SpecOf } from "./declared.ts";
import type { Metric } from "./metric.ts";
import { harmonic, sharedCount } from "./overlap.ts";
import { referencesOf } from "./references.ts";
import { referenceSettings } from "./settings.ts";
import { meanOf } from "./statistic.ts";

/** Python's string.punctuation. */
const punctuation = /[!-/:-@[-`{-~]/g;

/** Words by themselves; of JavaScript's `\b` a letter beyond ASCII is none. */
const articles = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;

/** The words of a text in lower case, without punctuation and articles. */
function wordsOf(text: string): readonly string[] {
  return split(text.toLowerCase().replace(punctuation, "").replace(articles, " "), undefined);
}

/** F1 of words, as version 2.0 of the script has it: where one side has none, whether the other has none either. */
function overlapOf(answer: readonly string[], expected: readonly string[]): number {
  if (answer.length === 0 || expected.length === 0) return Number(answer.length === expected.length);
  return harmonic(sharedCount(answer, expected), answer.length, expected.length);
}

/** The mean F1 of words (Rajpurkar et al. 2016), the best of several right answers'. */
export const tokenF1: Metric<SpecOf<"tokenF1">> = {
  call: "tokenF1()",
  settings: referenceSettings,
  lowerIsBetter: false,
  measures: {
    texts: ({ references }) => ({
      reads: "answers",
      statistic: meanOf((row) => {
        const answer = wordsOf(String(row.prediction ?? ""));
        return Math.max(...referencesOf(row, references).map((expected) => overlapOf(answer, wordsOf(expected))));
      }),
    }),
  },
};
