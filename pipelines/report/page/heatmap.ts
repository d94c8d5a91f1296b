/** A metric against two axes of the sweep. @module */
import type { AxisView, ReportView } from "../report_view.ts";
import type { Drawing } from "./choices.ts";
import { byId, chooser, svg, tip } from "./dom.ts";
import { decimal } from "./format.ts";
import { type Cell, cellsOf, variedAxes } from "./sweep.ts";

/** Draws the section of the sweep, if members differ along two axes. */
export function drawHeatmap({ view, choices, redraw }: Drawing): void {
  const axes = variedAxes(view.experiments), [first, second] = axes, { metric } = choices;
  byId("sweep").hidden = second === undefined || metric === undefined;
  if (first === undefined || second === undefined || metric === undefined) return;
  const rows = axes.find(({ name }) => name === choices.rows) ?? first;
  const columns = axes.find(({ name }) => name === choices.columns) ?? second;
  // Chosen once, so that axes which vary later in a run do not transpose the map.
  [choices.rows, choices.columns] = [rows.name, columns.name];
  const names = axes.map(({ name }) => name);
  const choose = (key: "rows" | "columns" | "metric") => (option: string) => {
    choices[key] = option;
    redraw();
  };
  byId("sweep-controls").replaceChildren(
    chooser("Rows", names, rows.name, choose("rows")),
    chooser("Columns", names, columns.name, choose("columns")),
    chooser("Metric", view.metrics.filter((name) => !view.untrainedMetrics.includes(name)), metric, choose("metric")),
  );
  byId("heatmap").replaceChildren(picture(view, rows, columns, metric));
}

const head = 44;

function picture(
  { experiments, lowerIsBetter }: ReportView,
  rows: AxisView,
  columns: AxisView,
  metric: string,
): SVGSVGElement {
  const cells = cellsOf(experiments, rows, columns, metric), isLower = lowerIsBetter.includes(metric);
  const left = 20 + 7 * Math.max(...rows.values.map((row) => String(row).length), rows.name.length);
  const cell = { width: Math.max(58, Math.min(110, 700 / columns.values.length)), height: 40 };
  const width = left + columns.values.length * cell.width + 8, height = head + rows.values.length * cell.height;
  const centre = (x: number) => left + (x + 0.5) * cell.width,
    baseline = (y: number) => head + (y + 0.62) * cell.height;
  const values = cells.map(({ value }) => value), least = Math.min(...values), most = Math.max(...values);
  const share = (value: number) => {
    return most === least ? 1 : (isLower ? most - value : value - least) / (most - least);
  };
  const box = ({ x, y, row, column, count, value }: Cell) => {
    const text = `${rows.name} ${row}, ${columns.name} ${column}: `;
    const group = svg(
      "g",
      { tabindex: 0, role: "img", "aria-label": text + decimal(value) },
      svg("rect", {
        x: left + x * cell.width + 1,
        y: head + y * cell.height + 1,
        width: cell.width - 2,
        height: cell.height - 2,
        rx: 5,
        style: `fill:${heat(share(value))}`,
      }),
      svg("text", {
        x: centre(x),
        y: baseline(y),
        "text-anchor": "middle",
        style: `fill:${share(value) > 0.55 ? "var(--ground)" : "var(--ink)"}`,
      }, decimal(value)),
    );
    return tip(group, `${text}${decimal(value, 4)}${count > 1 ? `, the mean of ${count}` : ""}`);
  };
  return svg(
    "svg",
    {
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": `${metric} by ${rows.name} and ${columns.name}`,
      style: `max-width:${Math.max(width * 1.2, 320)}px`,
    },
    ...columns.values.map((column, x) => svg("text", { x: centre(x), y: 34, "text-anchor": "middle" }, String(column))),
    svg("text", { x: left, y: 14, class: "strong" }, columns.name),
    svg("text", { x: 4, y: 34, class: "strong" }, rows.name),
    ...rows.values.map((row, y) => svg("text", { x: left - 8, y: baseline(y), "text-anchor": "end" }, String(row))),
    ...cells.map(box),
  );
}

function heat(share: number): string {
  return `color-mix(in oklab, var(--heat-high) ${Math.round(100 * share)}%, var(--heat-low))`;
}
