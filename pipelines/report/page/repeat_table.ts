/** The mean and the deviation of repeated experiments. @module */
import { ownValue } from "./own_value.ts";
import type { Drawing } from "./choices.ts";
import { byId, element, fillTable } from "./dom.ts";
import { decimal } from "./format.ts";

/** Draws the section of repeated experiments, if there are any. */
export function drawRepeats({ view: { repeats } }: Drawing): void {
  byId("repeats").hidden = repeats.length === 0;
  const metrics = [...new Set(repeats.flatMap((repeat) => Object.keys(repeat.metrics)))];
  const headings = ["experiment", ...metrics, "members"].map((name) => {
    return element("th", { scope: "col", style: "padding:0.5rem 0.75rem" }, name);
  });
  const rows = repeats.map(({ id, count, metrics: found }) => {
    const summaries = metrics.map((metric) => {
      const summary = ownValue(found, metric);
      return summary === undefined ? "" : `${decimal(summary.mean, 4)} ± ${decimal(summary.deviation, 4)}`;
    });
    return element("tr", {}, ...[id, ...summaries, String(count)].map((text) => element("td", {}, text)));
  });
  fillTable("repeat-table", element("tr", {}, ...headings), rows);
}
