/**
 * Corpus BLEU (Papineni et al. 2002) over all answers, as in sacrebleu: tokenizer 13a, exponential smoothing.
 *
 * @module
 */
import { split, strip } from "../data/python/split.ts";
import type { SpecOf } from "./declared.ts";
import type { Metric } from "./metric.ts";
import { countsOf, runsOf } from "./overlap.ts";
import { referencesOf } from "./references.ts";
import { referenceSettings } from "./settings.ts";
import { wholeOf } from "./statistic.ts";

/** The longest n-grams that are counted. */
const longest = 4, orders = Array.from({ length: longest }, (_, at) => at + 1);

const entities = [["&quot;", '"'], ["&amp;", "&"], ["&lt;", "<"], ["&gt;", ">"]] as const;

/** The words of a text by the tokenizer 13a, that of the mteval-v13a script. */
function wordsOf(text: string): readonly string[] {
  const line = strip(text, "right").replaceAll("<skipped>", "").replaceAll("-\n", "").replaceAll("\n", " ");
  const plain = entities.reduce((sofar, [entity, character]) => sofar.replaceAll(entity, character), line);
  const spaced = ` ${plain} `.replace(/([{-~[-` -&(-+:-@/])/g, " $1 ").replace(/([^0-9])([.,])/gu, "$1 $2 ")
    .replace(/([.,])([^0-9])/gu, " $1 $2").replace(/([0-9])(-)/g, "$1 $2 ");
  return split(spaced, undefined);
}

/** The counts of a row. */
interface Counts {
  readonly length: number;
  /** The length of the reference closest in length, the shorter one on a tie. */
  readonly expected: number;
  /** For each order, how many n-grams the answer has, and how many of these are in a reference. */
  readonly runs: readonly { readonly total: number; readonly right: number }[];
}

function countOf(answer: string, references: readonly string[]): Counts {
  const words = wordsOf(answer), expected = references.map(wordsOf);
  const lengths = expected.map(({ length }) => length).sort((a, b) => {
    return Math.abs(a - words.length) - Math.abs(b - words.length) || a - b;
  });
  const runs = orders.map((order) => {
    const counts = expected.map((each) => countsOf(runsOf(each, order))), found = runsOf(words, order);
    const right = [...countsOf(found)].reduce((sum, [run, count]) => {
      return sum + Math.min(count, Math.max(...counts.map((each) => each.get(run) ?? 0)));
    }, 0);
    return { total: found.length, right };
  });
  return { length: words.length, expected: lengths[0]!, runs };
}

/** The score of all rows' counts together, from 0 to 100. */
function scoreOf(rows: readonly Counts[]): number {
  const sum = (of: (row: Counts) => number) => rows.reduce((total, row) => total + of(row), 0);
  const length = sum((row) => row.length), expected = sum((row) => row.expected);
  const runs = orders.map((_, at) => ({
    right: sum((row) => row.runs[at]!.right),
    total: sum((row) => row.runs[at]!.total),
  }));
  // Without an n-gram of the greatest length a precision is zero, and its logarithm −∞.
  if (runs.every(({ right }) => right === 0) || runs.some(({ total }) => total === 0)) return 0;
  let smoothing = 1;
  const logarithms = runs.map(({ right, total }) => {
    if (right === 0) smoothing *= 2;
    return Math.log(100 * (right === 0 ? 1 / smoothing : right) / total);
  });
  const brevity = length < expected ? Math.exp(1 - expected / length) : 1;
  return brevity * Math.exp(logarithms.reduce((total, each) => total + each, 0) / longest);
}

/** BLEU, from 0 to 100. */
export const bleu: Metric<SpecOf<"bleu">> = {
  call: "bleu()",
  settings: referenceSettings,
  lowerIsBetter: false,
  measures: {
    texts: ({ references }) => ({
      reads: "answers",
      statistic: wholeOf((row) => countOf(String(row.prediction ?? ""), referencesOf(row, references)), scoreOf),
    }),
  },
};
