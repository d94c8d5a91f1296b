/** What was measured while members were trained. @module */
import type { MemberView, ReportView, ValidationCurve } from "../report_view.ts";
import { ranking } from "../verdict.ts";
import type { Drawing } from "./choices.ts";
import { byId, chooser, svg, tip } from "./dom.ts";
import { decimal } from "./format.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import { colour, colourCount, currentFrame, edges, legend, plot } from "./plot.ts";
import { linearScale, type Scale, ticksAround, ticksBetween } from "./scales.ts";

/** The maximum number of curves, and of names in the legend. */
const mostCurves = 40, mostNames = 16;

/** A member's curve. */
interface Drawn extends ValidationCurve {
  readonly id: string;
}

/** Draws a metric of the validations over the training steps, if any training was validated. */
export function drawValidation({ view, choices, redraw }: Drawing): void {
  const names = [...new Set(view.members.flatMap(({ validation }) => Object.keys(validation)))];
  const chosen = choices.validated !== undefined && names.includes(choices.validated) ? choices.validated : names[0];
  byId("validation").hidden = chosen === undefined;
  if (chosen === undefined) return;
  byId("validation-controls").replaceChildren(
    chooser("Measure", names, chosen, (name) => {
      choices.validated = name;
      redraw();
    }),
  );
  const places = placesOf(view, choices.metric);
  const all = view.members.flatMap((member) => curveOf(member, chosen)).sort((a, b) => {
    return (places.get(a.id) ?? Infinity) - (places.get(b.id) ?? Infinity) || 0;
  });
  const curves = all.slice(0, mostCurves);
  const frame = currentFrame(), { x: horizontal, y: vertical } = edges(frame);
  const across = ticksBetween(0, Math.max(2, ...curves.flatMap((curve) => curve.steps)));
  const up = ticksAround(curves.flatMap((curve) => curve.values));
  const x = linearScale(across.range, horizontal), y = linearScale(up.range, vertical);
  const picture = plot(
    `${chosen} during training`,
    frame,
    { text: "step", scale: x, ticks: across.ticks },
    { text: chosen, scale: y, ticks: up.ticks },
  );
  curves.forEach((curve, at) => picture.append(...drawn(curve, at % colourCount, x, y)));
  const named = curves.length <= mostNames ? curves : [];
  byId("validation-plot").replaceChildren(picture, legend(named.map(({ id }, at) => ({ colour: at, text: id }))));
}

/** The ranks of members by the chosen metric, from 0. */
function placesOf(view: ReportView, metric: string | undefined): ReadonlyMap<string, number> {
  const ranked = metric === undefined ? [] : ranking(view, metric);
  return new Map(ranked.flatMap(({ experiment: { members } }) => members).map((id, at) => [id, at]));
}

function curveOf({ id, validation }: MemberView, name: string): Drawn[] {
  const curve = ownValue(validation, name);
  return curve === undefined ? [] : [{ id, ...curve }];
}

/** A line with a dot for each validation. */
function drawn({ id, steps, values }: Drawn, stroke: number, x: Scale, y: Scale): SVGElement[] {
  const paint = colour(stroke);
  const points = steps.map((step, at) => ({ step, value: values[at]!, cx: x(step), cy: y(values[at]!) }));
  const line = svg("polyline", {
    points: points.map(({ cx, cy }) => `${cx.toFixed(1)},${cy.toFixed(1)}`).join(" "),
    style: `fill:none;stroke:${paint};stroke-width:2`,
    class: "curve",
  });
  return [
    line,
    ...points.map(({ step, value, cx, cy }) => {
      const text = `${id}: ${decimal(value, 4)} after ${step} steps`;
      const look = { r: 4, style: `fill:${paint}`, tabindex: 0, role: "img", "aria-label": text, class: "dot" };
      return tip(svg("circle", { cx, cy, ...look }), text);
    }),
  ];
}
