/** Applying a metric's `extract` and `map` to the predictions. @module */
import { formatLocation, RequestError } from "../common/errors.ts";
import { suggest } from "../common/suggest.ts";
import { keptOf } from "../common/json_rows.ts";
import { madeOf } from "../common/row_list.ts";
import { calledFor, shownValue } from "./called.ts";
import type { AnswerSettings, MetricSpec } from "./declared.ts";
import type { Predicted } from "./predicted.ts";
import type { HeadPrediction, MeasuredRow } from "./prediction.ts";

/** The predictions after a metric's functions have been applied. */
export function mapped(spec: MetricSpec, predicted: Predicted): Predicted {
  const { extract, map }: Pick<AnswerSettings, "extract" | "map"> & Pick<MetricSpec, "kind"> = spec;
  if (extract === undefined && map === undefined) return predicted;
  const made = (row: MeasuredRow) => {
    const extracted = extract === undefined ? row.prediction : extractedOf(extract, row);
    return extracted === undefined || map === undefined ? extracted : mappedOf(map, extracted, row);
  };
  switch (predicted.kind) {
    case "texts": {
      const answers = keptOf(predicted.rows, (row) => made(row) ?? null);
      return {
        ...predicted,
        rows: madeOf(predicted.rows, (row, at) => {
          const { prediction: _, ...rest } = row, answer = answers.at(at) ?? null;
          return answer === null ? rest : { ...rest, prediction: String(answer) };
        }),
      };
    }
    case "classes": {
      const { rows, labels } = predicted, found = keptOf(rows, ({ row }) => classOf(row, made(row), labels));
      return { ...predicted, rows: madeOf(rows, (each, at) => withClass(each, found.at(at)!, labels)) };
    }
    case "numbers": {
      const { rows } = predicted, found = keptOf(rows, ({ row }) => numberOf(row, made(row)));
      return { ...predicted, rows: madeOf(rows, (each, at) => withNumber(each, found.at(at)!)) };
    }
    case "pairs":
      // Rewards are not predictions to which a function applies.
      return predicted;
  }
}

function extractedOf(extract: NonNullable<AnswerSettings["extract"]>, row: MeasuredRow): string | undefined {
  const found: unknown = calledFor("extract", row, (copy) => extract(String(copy.prediction ?? ""), copy));
  if (found === undefined || found === null) return undefined;
  if (typeof found === "string") return found;
  throw new RequestError(
    `extract returned ${shownValue(found)} at ${formatLocation(row.place)}; return a string, or undefined for none`,
  );
}

function mappedOf(
  map: NonNullable<AnswerSettings["map"]>,
  prediction: string | number,
  row: MeasuredRow,
): string | number {
  const found: unknown = calledFor("map", row, (copy) => map(prediction, copy));
  if (typeof found === "string" || (typeof found === "number" && Number.isFinite(found))) return found;
  throw new RequestError(
    `map returned ${shownValue(found)} at ${formatLocation(row.place)}; return a string or a finite number`,
  );
}

function classOf({ place }: MeasuredRow, name: string | number | undefined, labels: readonly string[]): number {
  const predicted = labels.indexOf(String(name));
  if (predicted >= 0) return predicted;
  throw new RequestError(
    `map returned ${shownValue(name)} at ${formatLocation(place)}, which is not a class; ${
      suggest(String(name), labels)
    }`,
  );
}

function withClass(each: HeadPrediction, predicted: number, labels: readonly string[]): HeadPrediction {
  return { ...each, predicted, row: { ...each.row, prediction: labels[predicted]! } };
}

function numberOf({ place }: MeasuredRow, predicted: string | number | undefined): number {
  if (typeof predicted === "number") return predicted;
  throw new RequestError(
    `map returned ${shownValue(predicted)} at ${formatLocation(place)}; return a finite number`,
  );
}

function withNumber(each: HeadPrediction, predicted: number): HeadPrediction {
  return { ...each, predicted, row: { ...each.row, prediction: predicted } };
}
