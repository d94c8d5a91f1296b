/**
 * Which experiment is best, and whether chance explains that. The page and the command line share it, so only files
 * that also run in a browser are imported.
 *
 * @module
 */
import { ownValue } from "../../ops/program/own_value.ts";
import { compare, type Comparison } from "./paired_test.ts";
import type { ExperimentMetric, ExperimentView, ReportView, UntrainedView } from "./report_view.ts";

/** What a run is judged by. */
export type Judged = Pick<ReportView, "experiments" | "lowerIsBetter" | "untrained" | "untrainedMetrics">;

/** An experiment with its value of a metric. */
interface Ranked {
  readonly experiment: ExperimentView;
  readonly found: ExperimentMetric;
}

/** Which experiment is best by a metric. */
export interface Verdict {
  /** The best; several if they are equal. */
  readonly best: readonly Ranked[];
  readonly lowerIsBetter: boolean;
  /** The next best. */
  readonly runnerUp?: Ranked;
  /** The best compared with the next best, if both were measured on the same rows. */
  readonly overRunnerUp?: Comparison;
  readonly base?: UntrainedView;
  /**
   * The best compared with the untrained model, corrected for the number of experiments that the best was selected
   * from.
   */
  readonly overBase?: Comparison;
}

/** Two means are equal if they differ only by rounding. */
const isEqual = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));

/** The experiments that have a metric, the best first; of equals, the one that ran first. */
export function ranking({ experiments, lowerIsBetter }: Judged, metric: string): Ranked[] {
  const sign = lowerIsBetter.includes(metric) ? 1 : -1;
  return experiments.flatMap((experiment) => {
    const found = ownValue(experiment.metrics, metric);
    return found === undefined ? [] : [{ experiment, found }];
  }).sort((a, b) => isEqual(a.found.mean, b.found.mean) ? 0 : sign * (a.found.mean - b.found.mean));
}

/** Compares a metric of two experiments; `undefined` if their rows are not known to be the same. */
export function compareMetrics(a: ExperimentMetric, b: ExperimentMetric, tests = 1): Comparison | undefined {
  if (a.values === undefined || b.values === undefined || a.rowsKey !== b.rowsKey) return undefined;
  return compare(a.values, b.values, tests);
}

/** Which experiment is best by a metric; `undefined` if no experiment has it, or only the untrained model has it. */
export function verdictOf(judged: Judged, metric: string): Verdict | undefined {
  if (judged.untrainedMetrics.includes(metric)) return undefined;
  const ranked = ranking(judged, metric), [first] = ranked, base = ownValue(judged.untrained, metric);
  if (first === undefined) return undefined;
  const best = ranked.filter(({ found }) => isEqual(found.mean, first.found.mean)), runnerUp = ranked[best.length];
  const overRunnerUp = runnerUp && compareMetrics(first.found, runnerUp.found);
  const overBase = base && compareMetrics(first.found, base, ranked.length);
  return {
    best,
    lowerIsBetter: judged.lowerIsBetter.includes(metric),
    ...runnerUp === undefined ? {} : { runnerUp },
    ...overRunnerUp === undefined ? {} : { overRunnerUp },
    ...base === undefined ? {} : { base },
    ...overBase === undefined ? {} : { overBase },
  };
}

/** A value with its standard error. */
export function valueText({ mean, standardError }: ExperimentMetric): string {
  return standardError === undefined ? number(mean) : `${number(mean)} ± ${standardError.toFixed(digitsOf(mean))}`;
}

/** The sample of a value, as in `n = 16 × 2 seeds`; empty if the results don't say. */
export function sampleText({ rows, repetitions }: ExperimentMetric): string {
  const counts = [rows === undefined ? "" : String(rows), repetitions > 1 ? `${repetitions} seeds` : ""];
  const sample = counts.filter((text) => text !== "").join(" × ");
  return sample === "" ? "" : `n = ${sample}`;
}

/** Both, as in `0.22 ± 0.09 (n = 16 × 2 seeds)`. */
export function measuredText(found: ExperimentMetric): string {
  const sample = sampleText(found);
  return sample === "" ? valueText(found) : `${valueText(found)} (${sample})`;
}

const number = (value: number) => value.toFixed(digitsOf(value));

/** Two decimals for values near 1, and more for small values. */
function digitsOf(value: number): number {
  const size = Math.abs(value);
  return size >= 100 ? 0 : size >= 0.1 || size === 0 ? 2 : 3;
}

/** A verdict as a sentence without a period, as in `rank=4 0.42 ± 0.03 (n = 80), better than base 0.19 (p < 0.001)`. */
export function verdictText(verdict: Verdict): string {
  const { best, runnerUp, overRunnerUp, base, overBase } = verdict;
  const beside = (comparison: Comparison | undefined, other: string) => {
    return comparedText(comparison, verdict.lowerIsBetter, other);
  };
  const [first] = best as readonly [Ranked];
  const names = best.map(({ experiment }) => experiment.id);
  const who = names.length === 1 ? names[0] === "main" ? "" : `${names[0]} ` : `${listed(names)} tie: `;
  const parts = [
    ...base === undefined ? [] : [beside(overBase, `${base.name} ${number(base.mean)}`)],
    ...runnerUp === undefined
      ? []
      : [beside(overRunnerUp, `the runner-up ${runnerUp.experiment.id} ${number(runnerUp.found.mean)}`)],
  ];
  return [`${who}${measuredText(first.found)}`, ...parts].join(", ");
}

function listed(names: readonly string[]): string {
  if (names.length > 4) return `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function comparedText(comparison: Comparison | undefined, isLowerBetter: boolean, other: string): string {
  if (comparison === undefined) return `beside ${other} (not tested: their rows are not known to be the same)`;
  const { p, isDistinguishable, differing, difference } = comparison;
  if (differing === 0) return `equal to ${other} on every row`;
  const than = isLowerBetter === difference < 0 ? "better than" : "worse than";
  return `${isDistinguishable ? than : "not distinguishable from"} ${other} (${probability(p)})`;
}

/** A probability as papers write it. */
export function probability(p: number): string {
  return p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(p < 0.1 ? 3 : 2)}`;
}
