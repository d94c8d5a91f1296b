/** Numbers computed from rows, with their standard errors. @module */
import type { RowList } from "../common/row_list.ts";
import { createRandom } from "../data/random.ts";

/** How a number is computed from rows. */
export type Statistic<Row> =
  | {
    readonly form: "mean";
    /** A row's own number. */
    readonly of: (row: Row) => number;
    /** Whether a row counts; all do if omitted. */
    readonly counts?: (row: Row) => boolean;
  }
  | {
    readonly form: "groups";
    /** The value that rows of one group have in common. */
    readonly by: (row: Row) => unknown;
    /** A group's own number; the statistic is their mean. */
    readonly of: (rows: readonly Row[]) => number;
  }
  | {
    readonly form: "whole";
    /** Prepares each row, and returns a function that computes the number of a sample of rows, given by index. */
    readonly of: (rows: RowList<Row>) => (sample: readonly number[]) => number;
    /** The number of bootstrap samples for the standard error; see `usualResamples` if omitted. */
    readonly resamples?: number;
  };

/** A number and its standard error. */
export interface Estimate {
  readonly value: number;
  /** Absent for a single row, or if not requested. */
  readonly standardError?: number;
  /** Whether there is no standard error because the number is undefined for a sample of the rows. */
  readonly isUnsure?: true;
}

/** The maximum number of rows for which each is omitted in turn. */
const mostOmitted = 1000;

/**
 * Each row's contribution: its own number for a mean, otherwise its jackknife pseudovalue (Tukey 1958), n·θ − (n −
 * 1)·θ₍₋ᵢ₎, whose mean is approximately the number of all rows. `undefined` if the number is undefined with a row
 * omitted, or if each of more than 1,000 rows would have to be omitted in turn.
 */
export function rowValues<Row>(statistic: Statistic<Row>, rows: RowList<Row>): readonly number[] | undefined {
  if (statistic.form === "mean") return rows.map(statistic.of);
  // With groups, the groups contribute, not their rows.
  if (statistic.form === "groups") return undefined;
  const count = rows.length, { resamples = usualResamples(count) } = statistic;
  if (count < 2 || count > mostOmitted || resamples < 2) return undefined;
  const of = statistic.of(rows), all = Array.from({ length: count }, (_, row) => row), value = of(all);
  const values = all.map((row) => count * value - (count - 1) * of(all.filter((each) => each !== row)));
  return values.every(Number.isFinite) ? values : undefined;
}

/** The mean of the rows' own numbers. */
export function meanOf<Row>(of: (row: Row) => number): Statistic<Row> {
  return { form: "mean", of };
}

/** A number of all rows, computed from a part of each. */
export function wholeOf<Row, Part>(part: (row: Row) => Part, of: (parts: readonly Part[]) => number): Statistic<Row> {
  return {
    form: "whole",
    of: (rows) => {
      const parts = rows.map(part);
      return (sample) => of(sample.map((row) => parts[row]!));
    },
  };
}

/**
 * A statistic of rows with its standard error: SD/√n for a mean, otherwise the SD over bootstrap samples of the rows.
 */
export function estimate<Row>(statistic: Statistic<Row>, rows: RowList<Row>): Estimate {
  if (statistic.form !== "whole") {
    const values = statistic.form === "mean"
      ? ownValues(statistic, rows).flatMap((own) => own ?? [])
      : groupValues(statistic, rows);
    const value = mean(values), { length } = values;
    return length < 2 ? { value } : { value, standardError: deviation(values) / Math.sqrt(length) };
  }
  const of = statistic.of(rows), value = of(Array.from({ length: rows.length }, (_, row) => row));
  const { resamples = usualResamples(rows.length) } = statistic;
  if (rows.length < 2 || resamples < 2) return { value };
  const standardError = deviation(bootstrap(of, rows.length, resamples));
  return Number.isFinite(standardError) ? { value, standardError } : { value, isUnsure: true };
}

/** A function that computes the number of a sample of rows, given by index; each row is prepared once. */
export function ofSamples<Row>(statistic: Statistic<Row>, rows: RowList<Row>): (sample: readonly number[]) => number {
  switch (statistic.form) {
    case "whole":
      return statistic.of(rows);
    case "mean": {
      const own = ownValues(statistic, rows);
      return (sample) => mean(sample.flatMap((row) => own[row] ?? []));
    }
    case "groups":
      return (sample) => mean(groupValues(statistic, sample.map((row) => rows.at(row)!)));
  }
}

/** Each row's own number, if it counts. */
function ownValues<Row>({ of, counts }: Extract<Statistic<Row>, { form: "mean" }>, rows: RowList<Row>) {
  return rows.map((row) => counts === undefined || counts(row) ? of(row) : undefined);
}

function groupValues<Row>({ by, of }: Extract<Statistic<Row>, { form: "groups" }>, rows: Iterable<Row>): number[] {
  return [...Map.groupBy(rows, by).values()].map(of);
}

const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;

/** The sample's standard deviation, with n − 1 in the denominator. */
function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, each) => sum + (each - middle) ** 2, 0) / (values.length - 1));
}

/** A thousand samples, or fewer for very many rows, whose samples differ less. */
const usualResamples = (rows: number) => Math.max(100, Math.min(1000, Math.floor(1e7 / rows)));

/** Efron's bootstrap (1979): the numbers of samples drawn from the rows with replacement. */
function bootstrap(of: (sample: readonly number[]) => number, rows: number, resamples: number): number[] {
  const random = createRandom(42, "bootstrap");
  return Array.from({ length: resamples }, () => of(Array.from({ length: rows }, () => random.integer(rows))));
}
