/** The mean, standard error and deviation of repeated experiments. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import type { Drawing } from "./choices.ts";
import { byId, fillTable, labelledRow, plainHeading } from "./dom.ts";
import { decimal, measured } from "./format.ts";

/** Draws the section of repeated experiments, if there are any. */
export function drawRepeats({ view: { experiments, untrainedMetrics } }: Drawing): void {
  const repeats = experiments.filter(({ members }) => members.length > 1);
  byId("repeats").hidden = repeats.length === 0;
  const metrics = [...new Set(repeats.flatMap((repeat) => Object.keys(repeat.metrics)))]
    .filter((metric) => !untrainedMetrics.includes(metric));
  const names = ["experiment", ...metrics.flatMap((metric) => [metric, "SD over seeds"]), "seeds"];
  const rows = repeats.map(({ id, members, metrics: all }) => {
    const cells = metrics.flatMap((metric) => {
      const found = ownValue(all, metric);
      return [
        { name: metric, text: found === undefined ? "" : measured(found.mean, found.standardError, 4) },
        { name: "SD over seeds", text: decimal(found?.deviation, 4) },
      ];
    });
    return labelledRow([{ name: "experiment", text: id }, ...cells, { name: "seeds", text: String(members.length) }]);
  });
  fillTable("repeat-table", plainHeading(names), rows);
}
