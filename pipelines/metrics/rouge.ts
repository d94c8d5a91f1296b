/** ROUGE (Lin 2004), as the package rouge-score computes it without stemming. @module */
import { oneOf } from "../common/checks.ts";
import type { RougeVariant, SpecOf } from "./declared.ts";
import type { Metric } from "./metric.ts";
import { harmonic, runsOf, sharedCount } from "./overlap.ts";
import { referencesOf } from "./references.ts";
import { referenceSettings } from "./settings.ts";
import { meanOf } from "./statistic.ts";

const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];

function ofRuns(length: number): (answer: readonly string[], expected: readonly string[]) => number {
  return (answer, expected) => {
    const found = runsOf(answer, length), wanted = runsOf(expected, length);
    return harmonic(sharedCount(found, wanted), found.length, wanted.length);
  };
}

/** The length, in words, of the longest common subsequence. */
function longestCommon(one: readonly string[], other: readonly string[]): number {
  let previous = new Uint32Array(other.length + 1);
  for (const word of one) {
    const current = new Uint32Array(other.length + 1);
    for (let at = 0; at < other.length; at++) {
      current[at + 1] = word === other[at] ? previous[at]! + 1 : Math.max(previous[at + 1]!, current[at]!);
    }
    previous = current;
  }
  return previous.at(-1)!;
}

const variants: { readonly [K in RougeVariant]: (answer: readonly string[], expected: readonly string[]) => number } = {
  rouge1: ofRuns(1),
  rouge2: ofRuns(2),
  rougeL: (answer, expected) => harmonic(longestCommon(answer, expected), answer.length, expected.length),
};

/** The mean F1 of the overlap of answers with the completion, or with the best match of several references. */
export const rouge: Metric<SpecOf<"rouge">> = {
  call: 'rouge("rougeL")',
  settings: { ...referenceSettings, variant: oneOf(Object.keys(variants)) },
  lowerIsBetter: false,
  usualName: ({ variant }) => variant,
  measures: {
    texts: ({ variant, references }) => ({
      reads: "answers",
      statistic: meanOf((row) => {
        const answer = wordsOf(String(row.prediction ?? ""));
        return Math.max(...referencesOf(row, references).map((text) => variants[variant](answer, wordsOf(text))));
      }),
    }),
  },
};
