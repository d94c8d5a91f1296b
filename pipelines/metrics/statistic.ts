/** Numbers computed of rows, with their standard errors. @module */
import { createRandom } from "../data/random.ts";

/** How a number is computed of rows. */
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
    /** What rows have in common that make one group. */
    readonly by: (row: Row) => unknown;
    /** A group's own number, of which the mean is taken. */
    readonly of: (rows: readonly Row[]) => number;
  }
  | {
    readonly form: "whole";
    /** Makes ready what is needed of each row, and gives the number of a sample of them, by their indices. */
    readonly of: (rows: readonly Row[]) => (sample: readonly number[]) => number;
    /** How many samples are drawn for the standard error; as many as pay if omitted. */
    readonly resamples?: number;
  };

/** A number and how far it may be from what all possible rows would give. */
export interface Estimate {
  readonly value: number;
  /** Absent of a single row, or where it is not asked for. */
  readonly standardError?: number;
  /** Whether there is no standard error because a sample of the rows has no number. */
  readonly isUnsure?: true;
}

/** The mean of the rows' own numbers. */
export function meanOf<Row>(of: (row: Row) => number): Statistic<Row> {
  return { form: "mean", of };
}

/** A number of all rows, made of a part of each. */
export function wholeOf<Row, Part>(part: (row: Row) => Part, of: (parts: readonly Part[]) => number): Statistic<Row> {
  return {
    form: "whole",
    of: (rows) => {
      const parts = rows.map(part);
      return (sample) => of(sample.map((row) => parts[row]!));
    },
  };
}

/** A statistic of rows with its standard error: SD/√n of a mean, of anything else the SD over samples of the rows. */
export function estimate<Row>(statistic: Statistic<Row>, rows: readonly Row[]): Estimate {
  if (statistic.form !== "whole") {
    const values = statistic.form === "mean"
      ? rows.filter(statistic.counts ?? (() => true)).map(statistic.of)
      : groupValues(statistic, rows);
    const value = mean(values), { length } = values;
    return length < 2 ? { value } : { value, standardError: deviation(values) / Math.sqrt(length) };
  }
  const of = statistic.of(rows), value = of([...rows.keys()]);
  const { resamples = usualResamples(rows.length) } = statistic;
  if (rows.length < 2 || resamples < 2) return { value };
  const standardError = deviation(bootstrap(of, rows.length, resamples));
  return Number.isFinite(standardError) ? { value, standardError } : { value, isUnsure: true };
}

/** The number of a sample of rows, by their indices; what is needed of each row is made ready once. */
export function ofSamples<Row>(statistic: Statistic<Row>, rows: readonly Row[]): (sample: readonly number[]) => number {
  switch (statistic.form) {
    case "whole":
      return statistic.of(rows);
    case "mean": {
      const { of, counts = () => true } = statistic, own = rows.map((row) => counts(row) ? of(row) : undefined);
      return (sample) => mean(sample.flatMap((row) => own[row] ?? []));
    }
    case "groups":
      return (sample) => mean(groupValues(statistic, sample.map((row) => rows[row]!)));
  }
}

function groupValues<Row>({ by, of }: Extract<Statistic<Row>, { form: "groups" }>, rows: readonly Row[]): number[] {
  return [...Map.groupBy(rows, by).values()].map(of);
}

const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;

/** The sample's standard deviation, with n − 1 in the denominator. */
function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, each) => sum + (each - middle) ** 2, 0) / (values.length - 1));
}

/** A thousand samples, and fewer of very many rows, whose samples differ less. */
const usualResamples = (rows: number) => Math.max(100, Math.min(1000, Math.floor(1e7 / rows)));

/** Efron's bootstrap (1979): the numbers of samples that are drawn of the rows with replacement. */
function bootstrap(of: (sample: readonly number[]) => number, rows: number, resamples: number): number[] {
  const random = createRandom(42, "bootstrap");
  return Array.from({ length: resamples }, () => of(Array.from({ length: rows }, () => random.integer(rows))));
}
