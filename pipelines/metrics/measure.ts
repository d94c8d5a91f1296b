/** Measuring what a model predicted. @module */
import { MadeRows, type RowList } from "../common/row_list.ts";
import { RequestError } from "../common/errors.ts";
import { atLocationOf } from "../common/source_location.ts";
import type { MetricSpec } from "./declared.ts";
import { mapped } from "./mapped.ts";
import { isLowerBetter, metricNameOf, metricOf } from "./mod.ts";
import type { Predicted } from "./predicted.ts";
import { type Estimate, estimate, rowValues, type Statistic } from "./statistic.ts";

/** The values of metrics for an evaluation's rows, by name. */
interface Measured {
  readonly metrics: Readonly<Record<string, number>>;
  /** The standard errors of the metrics that have one. */
  readonly standardErrors: Readonly<Record<string, number>>;
  /** The metrics for which lower is better. */
  readonly lowerIsBetter: readonly string[];
  /** The units of the metrics that have one. */
  readonly units: Readonly<Record<string, string>>;
}

/**
 * The metrics by name, with their standard errors.
 *
 * @param warn Receives the reason why a metric may be unreliable.
 * @throws {RequestError} If one of them is not finite, or a function of the pipeline throws.
 */
export function measure(
  specs: readonly MetricSpec[],
  predicted: Predicted,
  warn: (caution: string) => void = () => {},
): Measured {
  const found = specs.map((spec) => ({ spec, name: metricNameOf(spec), ...atLocationOf(spec, () => of(spec)) }));
  function of(spec: MetricSpec): Estimate {
    const name = metricNameOf(spec), measured = mapped(spec, predicted);
    const { value, isUnsure, ...rest } = estimateOf(spec, measured);
    for (const caution of cautions(spec, measured)) warn(`${name}: ${caution}`);
    if (isUnsure) warn(`${name}: it has no standard error, since it is undefined for a bootstrap sample of the rows`);
    if (Number.isFinite(value)) return { value, ...rest };
    throw new RequestError(`The metric ${name} is ${value}; the model's logits are not finite`);
  }
  return {
    metrics: Object.fromEntries(found.map(({ name, value }) => [name, value])),
    standardErrors: Object.fromEntries(found.flatMap(({ name, standardError }) => {
      return standardError === undefined ? [] : [[name, standardError]];
    })),
    lowerIsBetter: found.filter(({ spec }) => isLowerBetter(spec)).map(({ name }) => name),
    units: Object.fromEntries(found.flatMap(({ spec, name }) => {
      const unit = metricOf(spec).unit?.(spec);
      return unit === undefined ? [] : [[name, unit]];
    })),
  };
}

/**
 * Each row's contribution to the metrics, by name: see {@linkcode rowValues}. Metrics without known contributions are
 * omitted.
 */
export function measuredRows(
  specs: readonly MetricSpec[],
  predicted: Predicted,
): RowList<Readonly<Record<string, number>>> {
  const found = specs.flatMap((spec) => {
    const values = withStatistic(spec, mapped(spec, predicted), rowValues);
    return values === undefined ? [] : [[metricNameOf(spec), values] as const];
  });
  return new MadeRows(
    predicted.rows.length,
    (row) => Object.fromEntries(found.map(([name, values]) => [name, values[row]!])),
  );
}

const estimateOf = (spec: MetricSpec, predicted: Predicted) => withStatistic(spec, predicted, estimate);

/** Applies a function to a metric's statistic and the rows that it is computed from. */
function withStatistic<T>(
  spec: MetricSpec,
  predicted: Predicted,
  make: <Row>(statistic: Statistic<Row>, rows: RowList<Row>) => T,
): T {
  const { measures } = metricOf(spec);
  if (predicted.kind === "texts" || predicted.kind === "pairs") {
    const measured = measures[predicted.kind]?.(spec);
    if (measured !== undefined) return make(measured.statistic, predicted.rows);
  } else {
    const measured = measures[predicted.kind]?.(spec);
    if (measured !== undefined) return make(measured.statistic, predicted.rows);
  }
  throw new TypeError(`The metric ${spec.kind} does not apply to ${predicted.kind}`);
}

/** The reasons why a metric may be unreliable. */
function cautions(spec: MetricSpec, predicted: Predicted): readonly string[] {
  if (predicted.kind !== "numbers") return [];
  return [metricOf(spec).measures.numbers?.(spec).caution?.(predicted.rows) ?? []].flat();
}
