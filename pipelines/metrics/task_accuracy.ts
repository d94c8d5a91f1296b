/** The share of answers that a task's published rule accepts. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { isText, leaf, text } from "../common/checks.ts";
import { RequestError } from "../common/errors.ts";
import { quote, suggest } from "../common/suggest.ts";
import { judge } from "../tasks/scoring/mod.ts";
import type { SpecOf } from "./declared.ts";
import type { Metric } from "./metric.ts";
import type { MeasuredRow } from "./prediction.ts";
import { namedSettings } from "./settings.ts";
import { meanOf } from "./statistic.ts";

/** The label as printed by Python; it is a string in the suites' files. */
function labelOf({ fields, place }: MeasuredRow, name: string): string {
  const label = ownValue(fields, name);
  if (typeof label === "string" || typeof label === "number" || typeof label === "boolean") return String(label);
  throw new RequestError(
    `the row has no label ${quote(name)}, which the rule compares answers with; ${suggest(name, Object.keys(fields))}`,
    place,
  );
}

/** The share of answers that a task's published rule accepts. */
export const taskAccuracy: Metric<SpecOf<"taskAccuracy">> = {
  call: 'taskAccuracy("boolq")',
  settings: {
    ...namedSettings,
    scoring: text,
    rule: leaf("a rule", (value) => typeof value === "object" && value !== null && "kind" in value),
    label: leaf("a field's name", isText),
  },
  lowerIsBetter: false,
  usualName: ({ scoring }) => scoring,
  measures: {
    texts: ({ rule, label }) => ({
      reads: "answers",
      statistic: meanOf((row: MeasuredRow) => {
        const answered = { prompt: row.prompt, generation: String(row.prediction ?? ""), label: labelOf(row, label) };
        return Number(judge(rule, answered).correct);
      }),
    }),
  },
};
