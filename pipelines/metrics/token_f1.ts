/** The overlap of an answer's words with the correct answer's, as in SQuAD's evaluation script. @module */
import { split } from "../data/python/split.ts";
import type { SpecOf } from "./declared.ts";
import type { Metric } from "./metric.ts";
import { harmonic, sharedCount } from "./overlap.ts";
import { referencesOf } from "./references.ts";
import { referenceSettings } from "./settings.ts";
import { meanOf } from "./statistic.ts";

/** Python's string.punctuation. */
const punctuation = /[!-/:-@[-`{-~]/g;

/** Articles as separate words; JavaScript's `\b` does not treat letters beyond ASCII as word characters. */
const articles = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;

/** The words of a text in lower case, without punctuation and articles. */
function wordsOf(text: string): readonly string[] {
  return split(text.toLowerCase().replace(punctuation, "").replace(articles, " "), undefined);
}

/** F1 of words, as in version 2.0 of the script: if one side has no words, 1 if neither has any, otherwise 0. */
function overlapOf(answer: readonly string[], expected: readonly string[]): number {
  if (answer.length === 0 || expected.length === 0) return Number(answer.length === expected.length);
  return harmonic(sharedCount(answer, expected), answer.length, expected.length);
}

/** The mean F1 of words (Rajpurkar et al. 2016), with the best match of several correct answers. */
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
