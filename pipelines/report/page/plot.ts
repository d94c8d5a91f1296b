/** What all plots share: colours, a frame with axes, a legend. @module */
import { element, svg } from "./dom.ts";
import { whole } from "./format.ts";
import type { Scale } from "./scales.ts";

const series = getComputedStyle(document.documentElement).getPropertyValue("--series").split(",");

/** How many colours the style has. */
export const colourCount = series.length;

/** A colour of the style's series, which starts again after its last. */
export function colour(index: number): string {
  return series[index % series.length]!.trim();
}

/** The size of a plot and its margins, in pixels. */
export const frame = { width: 900, height: 320, left: 56, right: 12, top: 12, bottom: 40 } as const;

/** An axis of a plot. */
interface Axis {
  readonly text: string;
  readonly scale: Scale;
  readonly ticks: readonly number[];
}

/** An empty plot with its axes. */
export function plot(label: string, x: Axis, y: Axis): SVGSVGElement {
  const { width, height, left, right, top, bottom } = frame;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  for (const tick of y.ticks) {
    const at = y.scale(tick);
    picture.append(
      svg("line", { x1: left, x2: width - right, y1: at, y2: at, class: "grid" }),
      svg("text", { x: left - 6, y: at + 4, "text-anchor": "end" }, String(tick)),
    );
  }
  for (const tick of x.ticks) {
    picture.append(svg("text", { x: x.scale(tick), y: height - bottom + 18, "text-anchor": "middle" }, whole(tick)));
  }
  picture.append(
    svg("text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle", class: "strong" }, x.text),
    svg("text", { x: 4, y: top - 1, class: "strong" }, y.text),
  );
  return picture;
}

/** What each colour is. */
export function legend(entries: readonly { readonly colour: number; readonly text: string }[]): HTMLElement {
  const items = entries.map((entry) => {
    return element("li", {}, element("i", { style: `background:${colour(entry.colour)}` }), entry.text);
  });
  return element("ul", { class: "legend" }, ...items);
}
