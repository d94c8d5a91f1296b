/** The loss of every step. @module */
import type { Drawing } from "./choices.ts";
import { type Curve, curvesOf, type Stroke, strokesOf } from "./curves.ts";
import { byId, chooser, element, svg, tip } from "./dom.ts";
import { decimal } from "./format.ts";
import { colour, colourCount, frame, legend, plot } from "./plot.ts";
import { linearScale, linearTicks, type Scale } from "./scales.ts";

/** How many curves are drawn at most, and how many have a name in the legend. */
const mostCurves = 40, mostNames = 16;

/** Draws the section of losses, if anything was trained. */
export function drawLosses({ view, choices, redraw }: Drawing): void {
  const all = curvesOf(view.members, choices.smoothing), curves = all.slice(0, mostCurves);
  byId("curves").hidden = all.length === 0;
  if (all.length === 0) return;
  const note = all.length > curves.length ? `the first ${curves.length} of ${all.length}` : "steps";
  byId("curve-controls").replaceChildren(
    chooser("Smooth over", ["1", "5", "20"], String(choices.smoothing), (option) => {
      choices.smoothing = Number(option);
      redraw();
    }),
    element("span", { class: "quiet" }, note),
  );
  const last = Math.max(2, ...curves.map(({ mean, stride }) => mean.length * stride));
  const top = Math.max(...curves.flatMap(({ high }) => high)) * 1.05 || 1;
  const x = linearScale([1, last], [frame.left, frame.width - frame.right]);
  const y = linearScale([0, top], [frame.height - frame.bottom, frame.top]);
  const picture = plot(
    "Loss of every step",
    { text: "step", scale: x, ticks: linearTicks([1, last]) },
    { text: "loss", scale: y, ticks: linearTicks([0, top]) },
  );
  const strokes = strokesOf(curves, view.axes, colourCount);
  curves.forEach((curve, at) => picture.append(...drawn(curve, strokes[at]!, x, y)));
  const named = curves.length <= mostNames ? curves : [];
  byId("loss-plot").replaceChildren(
    picture,
    legend(named.map(({ id }, at) => ({ colour: strokes[at]!.colour, text: id }))),
  );
}

/** The line of the mean, over the range of several members. */
function drawn({ id, count, mean, low, high, stride }: Curve, stroke: Stroke, x: Scale, y: Scale): SVGElement[] {
  const points = (values: readonly number[]) => {
    return values.map((value, step) => `${x(1 + step * stride).toFixed(1)},${y(value).toFixed(1)}`);
  };
  const range = svg("polygon", {
    points: [...points(high), ...points(low).reverse()].join(" "),
    style: `fill:${colour(stroke.colour)};opacity:0.15`,
  });
  const end = `${decimal(mean.at(-1), 4)} at the end`;
  const line = svg("polyline", {
    points: points(mean).join(" "),
    tabindex: 0,
    role: "img",
    "aria-label": `${id}: ${end}`,
    style: `fill:none;stroke:${colour(stroke.colour)};stroke-width:2`,
    "stroke-dasharray": stroke.dash,
    class: "curve",
  });
  tip(line, `${id}: ${decimal(mean[0], 4)} at first, ${end}${count > 1 ? `, the mean of ${count}` : ""}`);
  return count > 1 ? [range, line] : [line];
}
