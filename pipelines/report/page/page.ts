/**
 * The report's page: draws the view that is embedded in the page, and those that a server sends during a run. The
 * deno.json in this folder makes its modules checked with the browser's types instead of Deno's.
 *
 * @module
 */
import type { ReportView } from "../report_view.ts";
import { drawAxis } from "./axis_plot.ts";
import { type Drawing, initialChoices } from "./choices.ts";
import { drawComparison } from "./compare.ts";
import { drawCosts } from "./cost_plot.ts";
import { byId } from "./dom.ts";
import { drawHeadline } from "./headline.ts";
import { drawHeatmap } from "./heatmap.ts";
import { drawLosses } from "./loss_plot.ts";
import { drawMembers } from "./member_table.ts";
import { drawPapers } from "./paper_tables.ts";
import { drawRepeats } from "./repeat_table.ts";
import { drawRows } from "./rows.ts";
import { drawSources } from "./sources.ts";
import { drawTime } from "./time_bar.ts";
import { drawValidation } from "./validation_plot.ts";

const sections: readonly ((drawing: Drawing) => void)[] = [
  drawHeadline,
  drawHeatmap,
  drawAxis,
  drawLosses,
  drawValidation,
  drawCosts,
  drawMembers,
  drawRepeats,
  drawComparison,
  drawRows,
  drawPapers,
  drawTime,
  drawSources,
];

const choices = initialChoices();

let current: ReportView = JSON.parse(byId("data").textContent);

function draw(): void {
  const { metric } = choices, view = current;
  choices.metric = metric !== undefined && view.metrics.includes(metric) ? metric : view.metrics[0];
  for (const section of sections) section({ view, choices, redraw: draw });
}

draw();

// Plots are as wide as the page.
let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  draw();
});

if (current.isLive) {
  const events = new EventSource("events"), fault = byId("fault");
  events.addEventListener("message", ({ data }) => {
    fault.hidden = true;
    current = JSON.parse(data);
    draw();
  });
  events.addEventListener("fault", ({ data }) => {
    fault.textContent = JSON.parse(data);
    fault.hidden = false;
  });
}
