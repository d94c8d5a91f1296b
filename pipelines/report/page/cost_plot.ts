/** A metric against the number of trained parameters. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import type { Drawing } from "./choices.ts";
import { byId, chooser, svg, tip } from "./dom.ts";
import { decimal, measured, whole } from "./format.ts";
import { colour, currentFrame, edges, legend, plot } from "./plot.ts";
import { linearScale, logarithmicScale, logarithmicTicks, ticksAround } from "./scales.ts";

/** Draws the section of costs, if experiments train different numbers of parameters. */
export function drawCosts({ view, choices, redraw }: Drawing): void {
  const { metric } = choices;
  const points = view.experiments.flatMap(({ id, method, parameters, metrics }) => {
    const found = metric === undefined ? undefined : ownValue(metrics, metric);
    return found === undefined || parameters === 0 ? [] : [{ id, method, parameters, found }];
  });
  const counts = points.map(({ parameters }) => parameters), isShown = new Set(counts).size > 1;
  byId("cost").hidden = !isShown;
  if (metric === undefined || !isShown) return;
  const trained = view.metrics.filter((metric) => !view.untrainedMetrics.includes(metric));
  byId("cost-controls").replaceChildren(chooser("Metric", trained, metric, (option) => {
    choices.metric = option;
    redraw();
  }));
  const frame = currentFrame(), { x: [left, right], y: vertical } = edges(frame);
  const across = logarithmicTicks(counts), up = ticksAround(points.map(({ found }) => found.mean));
  const x = logarithmicScale(across.range, [left, right]), y = linearScale(up.range, vertical);
  const picture = plot(
    `${metric} by trainable parameters`,
    frame,
    { text: "trainable parameters (logarithmic)", scale: x, ticks: across.ticks },
    { text: metric, scale: y, ticks: up.ticks },
  );
  const methods = [...new Set(points.map(({ method }) => method))];
  for (const { id, method, parameters, found: { mean, standardError } } of points) {
    const dot = svg("circle", {
      cx: x(parameters),
      cy: y(mean),
      r: 6,
      tabindex: 0,
      role: "img",
      "aria-label": `${id}: ${decimal(mean)}`,
      style: `fill:${colour(methods.indexOf(method))};fill-opacity:0.8`,
      class: "dot",
    });
    picture.append(tip(dot, `${id}: ${measured(mean, standardError, 4)} with ${whole(parameters)} parameters`));
  }
  const named = methods.length > 1 ? methods : [];
  byId("cost-plot").replaceChildren(picture, legend(named.map((text, colour) => ({ colour, text }))));
}
