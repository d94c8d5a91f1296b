/** The loss of every step. @module */
import type { CurveName, Drawing } from "./choices.ts";
import { type Curve, curvesOf, type Stroke, strokesOf } from "./curves.ts";
import { byId, chooser, element, svg, tip } from "./dom.ts";
import { decimal } from "./format.ts";
import { colour, colourCount, frame, legend, plot } from "./plot.ts";
import { linearScale, linearTicks, type Scale } from "./scales.ts";

/** How many curves are drawn at most, and how many have a name in the legend. */
const mostCurves = 40, mostNames = 16;

const texts: Readonly<Record<CurveName, { readonly title: string; readonly axis: string }>> = {
  losses: { title: "Loss of every step", axis: "loss" },
  margins: { title: "Margin of the rewards of every step", axis: "margin" },
};

/** Draws the section of losses, if anything was trained. */
export function drawLosses({ view, choices, redraw }: Drawing): void {
  const hasMargins = view.members.some(({ margins = [] }) => margins.length > 0),
    shown = hasMargins ? choices.curve : "losses";
  const all = curvesOf(view.members, choices.smoothing, shown), curves = all.slice(0, mostCurves);
  byId("curves").hidden = all.length === 0;
  if (all.length === 0) return;
  const note = all.length > curves.length ? `the first ${curves.length} of ${all.length}` : "steps";
  const { title, axis } = texts[shown];
  byId("curve-controls").replaceChildren(
    ...hasMargins
      ? [chooser("Curves of", ["losses", "margins"], shown, (option) => {
        choices.curve = option === "margins" ? "margins" : "losses";
        redraw();
      })]
      : [],
    chooser("Smooth over", ["1", "5", "20"], String(choices.smoothing), (option) => {
      choices.smoothing = Number(option);
      redraw();
    }),
    element("span", { class: "quiet" }, note),
  );
  const last = Math.max(2, ...curves.map(({ mean, stride }) => mean.length * stride));
  const top = Math.max(0, ...curves.flatMap(({ high }) => high)) * 1.05 || 1;
  const least = Math.min(0, ...curves.flatMap(({ low }) => low)) * 1.05;
  const x = linearScale([1, last], [frame.left, frame.width - frame.right]);
  const y = linearScale([least, top], [frame.height - frame.bottom, frame.top]);
  const picture = plot(
    title,
    { text: "step", scale: x, ticks: linearTicks([1, last]) },
    { text: axis, scale: y, ticks: linearTicks([least, top]) },
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
