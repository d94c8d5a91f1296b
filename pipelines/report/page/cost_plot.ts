/** A metric by the parameters that members train. @module */
import { ownValue } from "./own_value.ts";
import type { Drawing } from "./choices.ts";
import { byId, chooser, svg, tip } from "./dom.ts";
import { decimal, whole } from "./format.ts";
import { colour, frame, legend, plot } from "./plot.ts";
import { linearScale, linearTicks, logarithmicRange, logarithmicTicks } from "./scales.ts";

/** Draws the section of costs, if members train different numbers of parameters. */
export function drawCosts({ view, choices, redraw }: Drawing): void {
  const { metric } = choices;
  const points = view.members.flatMap(({ id, method, parameters, metrics }) => {
    const value = metric === undefined ? undefined : ownValue(metrics, metric);
    return value === undefined || parameters === 0 ? [] : [{ id, method, parameters, value }];
  });
  const counts = points.map(({ parameters }) => parameters), isShown = new Set(counts).size > 1;
  byId("cost").hidden = !isShown;
  if (metric === undefined || !isShown) return;
  byId("cost-controls").replaceChildren(chooser("Metric", view.metrics, metric, (option) => {
    choices.metric = option;
    redraw();
  }));
  const values = points.map(({ value }) => value), least = Math.min(0, ...values), most = Math.max(...values) || 1;
  const range = logarithmicRange(counts);
  const place = linearScale(range, [frame.left + 10, frame.width - frame.right - 20]);
  const x = (count: number) => place(Math.log10(count));
  const y = linearScale([least, most * 1.05], [frame.height - frame.bottom, frame.top + 8]);
  const picture = plot(
    `${metric} by trainable parameters`,
    { text: "trainable parameters (logarithmic)", scale: x, ticks: logarithmicTicks(range) },
    { text: metric, scale: y, ticks: linearTicks([least, most]) },
  );
  const methods = [...new Set(points.map(({ method }) => method))];
  for (const { id, method, parameters, value } of points) {
    const dot = svg("circle", {
      cx: x(parameters),
      cy: y(value),
      r: 6,
      tabindex: 0,
      role: "img",
      "aria-label": `${id}: ${decimal(value)}`,
      style: `fill:${colour(methods.indexOf(method))};fill-opacity:0.8`,
      class: "dot",
    });
    picture.append(tip(dot, `${id}: ${decimal(value, 4)} with ${whole(parameters)} parameters`));
  }
  const named = methods.length > 1 ? methods : [];
  byId("cost-plot").replaceChildren(picture, legend(named.map((text, colour) => ({ colour, text }))));
}
