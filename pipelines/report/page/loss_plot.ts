/** The loss of every step, the margin of its rewards and its gradient norm. @module */
import type { Drawing } from "./choices.ts";
import { byRank, type Curve, curvesOf, type StepQuantity, type Stroke, strokesOf } from "./curves.ts";
import { byId, chooser, element, svg, tip } from "./dom.ts";
import { decimal } from "./format.ts";
import { variedAxes } from "./sweep.ts";
import { ranking } from "../verdict.ts";
import { colour, colourCount, currentFrame, edges, legend, plot } from "./plot.ts";
import { linearScale, type Scale, ticksAround, ticksBetween } from "./scales.ts";

/** The maximum number of curves, and of names in the legend. */
const mostCurves = 40, mostNames = 16;

/** What is drawn below the losses, for members that have it. */
const further: readonly { readonly quantity: StepQuantity; readonly label: string; readonly text: string }[] = [
  { quantity: "margins", label: "Margin of the rewards of every step", text: "margin" },
  {
    quantity: "gradientNorms",
    label: "Gradient norm of every step, before clipping",
    text: "gradient norm",
  },
];

/** Draws the section of losses, if anything was trained. */
export function drawLosses({ view, choices, redraw }: Drawing): void {
  const { metric } = choices, ranked = metric === undefined ? [] : ranking(view, metric);
  const places = new Map(ranked.map(({ experiment }, at) => [experiment.id, at]));
  const all = byRank(curvesOf(view.members, choices.smoothing, "losses"), places), curves = all.slice(0, mostCurves);
  // If there are many members, the view has only the curves of the best.
  const count = new Set(view.members.filter(({ trainings }) => trainings > 0).map(({ repeated }) => repeated)).size;
  byId("curves").hidden = all.length === 0;
  if (all.length === 0) return;
  const by = places.size > 0 ? `by ${metric}` : "by the last loss";
  const note = count > curves.length ? `the best ${curves.length} of ${count} ${by}` : "";
  byId("curve-controls").replaceChildren(
    chooser("Smooth over", ["1", "5", "20"], String(choices.smoothing), (option) => {
      choices.smoothing = Number(option);
      redraw();
    }),
    element("span", { class: "quiet" }, note),
  );
  const strokes = strokesOf(curves, variedAxes(view.experiments), colourCount);
  const strokeOf = new Map(curves.map(({ id }, at) => [id, strokes[at]!]));
  const named = curves.length <= mostNames ? curves : [];
  byId("loss-plot").replaceChildren(
    picture("Loss of every step", "loss", curves, strokeOf),
    ...further.flatMap(({ quantity, label, text }) => {
      const found = curvesOf(view.members, choices.smoothing, quantity).filter(({ id }) => strokeOf.has(id));
      return found.length === 0 ? [] : [picture(label, text, found, strokeOf)];
    }),
    legend(named.map(({ id }, at) => ({ colour: strokes[at]!.colour, text: id }))),
  );
}

/** A plot of a quantity that every step has. */
function picture(
  label: string,
  text: string,
  curves: readonly Curve[],
  strokeOf: ReadonlyMap<string, Stroke>,
): SVGSVGElement {
  const last = Math.max(2, ...curves.map(({ mean, stride }) => mean.length * stride));
  const frame = currentFrame(), { x: horizontal, y: vertical } = edges(frame);
  const across = ticksBetween(0, last), up = ticksAround(curves.flatMap(({ low, high }) => [...low, ...high]));
  const x = linearScale(across.range, horizontal), y = linearScale(up.range, vertical);
  const found = plot(
    label,
    frame,
    { text: "step", scale: x, ticks: across.ticks },
    { text, scale: y, ticks: up.ticks },
  );
  for (const curve of curves) found.append(...drawn(curve, strokeOf.get(curve.id)!, x, y));
  return found;
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
