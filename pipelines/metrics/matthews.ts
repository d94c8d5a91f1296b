/** Matthews' correlation of classes, as scikit-learn defines it. @module */
import type { SpecOf } from "./declared.ts";
import type { Metric } from "./metric.ts";
import type { Labelled } from "./prediction.ts";
import { mappedSettings } from "./settings.ts";
import { wholeOf } from "./statistic.ts";

/** Of several classes in Gorodkin's form (2004); 0 where a factor of the denominator is. */
function matthewsOf(rows: readonly Labelled[]): number {
  const size = rows.length, right = rows.filter(({ expected, predicted }) => expected === predicted).length;
  const expected = countsOf(rows.map((row) => row.expected)), predicted = countsOf(rows.map((row) => row.predicted));
  const products = (a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>) => {
    return [...a].reduce((sum, [id, count]) => sum + count * (b.get(id) ?? 0), 0);
  };
  const spread = (size * size - products(expected, expected)) * (size * size - products(predicted, predicted));
  return spread === 0 ? 0 : (right * size - products(expected, predicted)) / Math.sqrt(spread);
}

function countsOf(ids: readonly number[]): ReadonlyMap<number, number> {
  return new Map([...Map.groupBy(ids, (id) => id)].map(([id, equal]) => [id, equal.length]));
}

/** Matthews' correlation. */
export const matthews: Metric<SpecOf<"matthews">> = {
  call: "matthews()",
  settings: mappedSettings,
  lowerIsBetter: false,
  measures: { classes: () => ({ statistic: wholeOf(({ expected, predicted }): Labelled => ({ expected, predicted }), matthewsOf) }) },
};
