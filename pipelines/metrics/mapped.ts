/** Applying a metric's `extract` and `map` to the predictions. @module */
import { formatLocation, RequestError } from "../common/errors.ts";
import { suggest } from "../common/suggest.ts";
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
    case "texts":
      return {
        ...predicted,
        rows: predicted.rows.map((row) => {
          const { prediction: _, ...rest } = row, answer = made(row);
          return answer === undefined ? rest : { ...rest, prediction: String(answer) };
        }),
      };
    case "classes":
      return { ...predicted, rows: predicted.rows.map((each) => withClass(each, made(each.row), predicted.labels)) };
    case "numbers":
      return { ...predicted, rows: predicted.rows.map((each) => withNumber(each, made(each.row))) };
    case "pairs":
      // Rewards are not predictions to which a function applies.
      return predicted;
  }
}

function extractedOf(extract: NonNullable<AnswerSettings["extract"]>, row: MeasuredRow): string | undefined {
  const found: unknown = calledFor("extract", row, () => extract(String(row.prediction ?? ""), row));
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
  const found: unknown = calledFor("map", row, () => map(prediction, row));
  if (typeof found === "string" || (typeof found === "number" && Number.isFinite(found))) return found;
  throw new RequestError(
    `map returned ${shownValue(found)} at ${formatLocation(row.place)}; return a string or a finite number`,
  );
}

function withClass(
  each: HeadPrediction,
  name: string | number | undefined,
  labels: readonly string[],
): HeadPrediction {
  const predicted = labels.indexOf(String(name));
  if (predicted >= 0) return { ...each, predicted, row: { ...each.row, prediction: labels[predicted]! } };
  throw new RequestError(
    `map returned ${shownValue(name)} at ${formatLocation(each.row.place)}, which is not a class; ${
      suggest(String(name), labels)
    }`,
  );
}

function withNumber(each: HeadPrediction, predicted: string | number | undefined): HeadPrediction {
  if (typeof predicted === "number") return { ...each, predicted, row: { ...each.row, prediction: predicted } };
  throw new RequestError(
    `map returned ${shownValue(predicted)} at ${formatLocation(each.row.place)}; return a finite number`,
  );
}
