/** Members laid out by two axes of their sweep. @module */
import { ownValue } from "./own_value.ts";
import type { AxisValue, AxisView, MemberView } from "../report_view.ts";

/** The members with one value of each axis. */
export interface Cell {
  readonly x: number;
  readonly y: number;
  readonly row: AxisValue;
  readonly column: AxisValue;
  /** How many have the metric. */
  readonly count: number;
  /** The metric's mean. */
  readonly value: number;
}

/** The axes along which members differ. */
export function variedAxes(axes: readonly AxisView[]): AxisView[] {
  return axes.filter(({ values }) => values.length > 1);
}

/** The cells that have members with a metric, row by row. */
export function cellsOf(members: readonly MemberView[], rows: AxisView, columns: AxisView, metric: string): Cell[] {
  return rows.values.flatMap((row, y) =>
    columns.values.flatMap((column, x) => {
      const values = members.flatMap(({ axes, metrics }) => {
        const value = ownValue(metrics, metric);
        return ownValue(axes, rows.name) === row && ownValue(axes, columns.name) === column && value !== undefined
          ? [value]
          : [];
      });
      const count = values.length;
      return count === 0 ? [] : [{ x, y, row, column, count, value: values.reduce((sum, each) => sum + each) / count }];
    })
  );
}
