/** A metric against the one axis along which experiments differ. @module */
import type { AxisValue, AxisView, ExperimentMetric, ReportView } from "../report_view.ts";
import type { Drawing } from "./choices.ts";
import { byId, chooser, svg, tip } from "./dom.ts";
import { measured } from "./format.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import { colour, currentFrame, edges, type Frame, legend, plot } from "./plot.ts";
import { linearScale, logarithmicScale, logarithmicTicks, type Scale, ticksAround } from "./scales.ts";
import { variedAxes } from "./sweep.ts";

/** If an axis's largest value is more than this many times its smallest, the axis is logarithmic. */
const farApart = 8;

interface Point {
  readonly value: AxisValue;
  readonly found: ExperimentMetric;
}

/** Draws the section of a sweep along one axis, if experiments differ in one. */
export function drawAxis({ view, choices, redraw }: Drawing): void {
  const [axis, ...others] = variedAxes(view.experiments), { metric } = choices;
  const points = axis === undefined || others.length > 0 || metric === undefined ? [] : pointsOf(view, axis, metric);
  byId("axis").hidden = points.length < 2;
  if (axis === undefined || metric === undefined || points.length < 2) return;
  byId("axis-title").textContent = `By ${axis.name}`;
  const trained = view.metrics.filter((metric) => !view.untrainedMetrics.includes(metric));
  byId("axis-controls").replaceChildren(chooser("Metric", trained, metric, (option) => {
    choices.metric = option;
    redraw();
  }));
  const base = ownValue(view.untrained, metric), frame = currentFrame();
  const shown = points.flatMap((
    { found: { mean, standardError = 0 } },
  ) => [mean - standardError, mean + standardError]);
  const up = ticksAround([...shown, ...base === undefined ? [] : [base.mean]]), { y: vertical } = edges(frame);
  const y = linearScale(up.range, vertical), { x, ticks, name } = across(axis.name, points, frame);
  const picture = plot(
    `${metric} by ${axis.name}`,
    frame,
    { text: axis.name, scale: x, ticks, ...name === undefined ? {} : { name } },
    { text: metric, scale: y, ticks: up.ticks },
  );
  if (base !== undefined) picture.append(...baseLine(frame, y(base.mean)));
  picture.append(...drawn(axis.name, points, x, y));
  const entries = base === undefined ? [] : [{ colour: 1, text: `${base.name} ${measured(base.mean, undefined)}` }];
  byId("axis-plot").replaceChildren(picture, legend(entries));
}

function pointsOf({ experiments }: ReportView, axis: AxisView, metric: string): Point[] {
  return axis.values.flatMap((value) => {
    const experiment = experiments.find(({ axes }) => ownValue(axes, axis.name) === value);
    const found = experiment === undefined ? undefined : ownValue(experiment.metrics, metric);
    return found === undefined ? [] : [{ value, found }];
  }).sort((a, b) => typeof a.value === "number" && typeof b.value === "number" ? a.value - b.value : 0);
}

/** The horizontal axis: numbers to scale, and other values side by side. */
function across(
  _: string,
  points: readonly Point[],
  frame: Frame,
): { readonly x: (at: number) => number; readonly ticks: readonly number[]; readonly name?: (at: number) => string } {
  const { x: [left, right] } = edges(frame), numbers = points.map(({ value }) => value);
  if (numbers.every((value) => typeof value === "number")) {
    const least = Math.min(...numbers), most = Math.max(...numbers);
    if (least > 0 && most >= farApart * least) {
      const { range, ticks } = logarithmicTicks(numbers);
      return { x: logarithmicScale(range, [left, right]), ticks };
    }
    const { range, ticks } = ticksAround(numbers, Math.min(8, numbers.length));
    return { x: linearScale(range, [left, right]), ticks };
  }
  const step = (right - left) / points.length;
  return {
    x: (at) => left + (at + 0.5) * step,
    ticks: [...points.keys()],
    name: (at) => String(points[at]!.value),
  };
}

function baseLine({ width, left, right }: Frame, at: number): SVGElement[] {
  const style = `stroke:${colour(1)};stroke-width:2`;
  return [
    svg("line", { x1: left, x2: width - right, y1: at, y2: at, style, "stroke-dasharray": "6 4", class: "base" }),
  ];
}

/** A dot with its standard error for each value; a line through numeric ones. */
function drawn(axis: string, points: readonly Point[], x: Scale, y: Scale): SVGElement[] {
  const areNumbers = points.every(({ value }) => typeof value === "number"), paint = colour(0);
  const placed = points.map((point, at) => ({ ...point, cx: x(areNumbers ? Number(point.value) : at) }));
  const line = placed.map(({ cx, found }) => `${cx.toFixed(1)},${y(found.mean).toFixed(1)}`).join(" ");
  return [
    ...areNumbers
      ? [svg("polyline", { points: line, style: `fill:none;stroke:${paint};stroke-width:2`, class: "curve" })]
      : [],
    ...placed.flatMap(({ value, cx, found: { mean, standardError, repetitions } }) => {
      const many = repetitions > 1 ? `, the mean of ${repetitions}` : "";
      const text = `${axis} ${value}: ${measured(mean, standardError, 4)}${many}`;
      const look = { r: 5, style: `fill:${paint}`, tabindex: 0, role: "img", "aria-label": text, class: "dot" };
      const dot = tip(svg("circle", { cx, cy: y(mean), ...look }), text);
      if (standardError === undefined) return [dot];
      const bar = { x1: cx, x2: cx, y1: y(mean - standardError), y2: y(mean + standardError) };
      return [svg("line", { ...bar, style: `stroke:${paint};stroke-width:1.5`, class: "error" }), dot];
    }),
  ];
}
