/** Experiments laid out by two axes of their sweep. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import type { AxisValue, AxisView, ExperimentView } from "../report_view.ts";

/** The experiments with one value of each axis. */
export interface Cell {
  readonly x: number;
  readonly y: number;
  readonly row: AxisValue;
  readonly column: AxisValue;
  /** How many members have the metric. */
  readonly count: number;
  /** The metric's mean. */
  readonly value: number;
}

type Placed = Pick<ExperimentView, "axes">;

/** The axes along which experiments differ, without those that only repeat one, such as a seed's. */
export function variedAxes(experiments: readonly Placed[]): AxisView[] {
  const axes = new Map<string, Set<AxisValue>>();
  for (const { axes: own } of experiments) {
    for (const [name, value] of Object.entries(own)) axes.set(name, (axes.get(name) ?? new Set()).add(value));
  }
  return [...axes].map(([name, values]) => ({ name, values: [...values] })).filter(({ values }) => values.length > 1);
}

/** The cells that have experiments with a metric, row by row. */
export function cellsOf(
  experiments: readonly Pick<ExperimentView, "axes" | "metrics">[],
  rows: AxisView,
  columns: AxisView,
  metric: string,
): Cell[] {
  return rows.values.flatMap((row, y) =>
    columns.values.flatMap((column, x) => {
      const found = experiments.flatMap(({ axes, metrics }) => {
        const each = ownValue(metrics, metric);
        return ownValue(axes, rows.name) === row && ownValue(axes, columns.name) === column && each !== undefined
          ? [each]
          : [];
      });
      const count = found.reduce((sum, { repetitions }) => sum + repetitions, 0);
      const value = found.reduce((sum, { mean, repetitions }) => sum + mean * repetitions, 0) / count;
      return count === 0 ? [] : [{ x, y, row, column, count, value }];
    })
  );
}
