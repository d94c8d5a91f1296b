/**
 * The report's page: draws the view that the page holds, and those that a server sends while a run goes on. The
 * deno.json in this folder has its modules checked with the browser's types instead of Deno's.
 *
 * @module
 */
import type { ReportView } from "../report_view.ts";
import type { Choices, Drawing } from "./choices.ts";
import { drawCosts } from "./cost_plot.ts";
import { byId } from "./dom.ts";
import { drawHeadline } from "./headline.ts";
import { drawHeatmap } from "./heatmap.ts";
import { drawLosses } from "./loss_plot.ts";
import { drawMembers } from "./member_table.ts";
import { drawPapers } from "./paper_tables.ts";
import { drawRepeats } from "./repeat_table.ts";
import { drawManifest, drawSamples } from "./samples.ts";
import { drawTime } from "./time_bar.ts";
import { drawValidation } from "./validation_plot.ts";

const sections: readonly ((drawing: Drawing) => void)[] = [
  drawHeadline,
  drawHeatmap,
  drawLosses,
  drawValidation,
  drawCosts,
  drawMembers,
  drawPapers,
  drawRepeats,
  drawTime,
  drawSamples,
  drawManifest,
];

const choices: Choices = { metric: undefined, rows: undefined, columns: undefined, smoothing: 1, validated: undefined };

function draw(view: ReportView): void {
  const { metric } = choices;
  choices.metric = metric !== undefined && view.metrics.includes(metric) ? metric : view.metrics[0];
  for (const section of sections) section({ view, choices, redraw: () => draw(view) });
}

const embedded: ReportView = JSON.parse(byId("data").textContent);
draw(embedded);

if (embedded.isLive) {
  const events = new EventSource("events"), fault = byId("fault");
  events.addEventListener("message", ({ data }) => {
    fault.hidden = true;
    draw(JSON.parse(data));
  });
  events.addEventListener("fault", ({ data }) => {
    fault.textContent = JSON.parse(data);
    fault.hidden = false;
  });
}
