/** What all plots share: colours, a frame with axes, a legend. @module */
import { element, svg } from "./dom.ts";
import type { Scale } from "./scales.ts";

const series = getComputedStyle(document.documentElement).getPropertyValue("--series").split(",");

/** How many colours the style has. */
export const colourCount = series.length;

/** A colour of the style's series, which repeats after its last one. */
export function colour(index: number): string {
  return series[index % series.length]!.trim();
}

/** The size of a plot and its margins, in pixels. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const padding = 26;

/** A frame that fits the page's current width, so that no plot is wider than a phone's screen. */
export function currentFrame(): Frame {
  const main = document.querySelector("main")?.clientWidth ?? 900;
  const width = Math.max(240, Math.min(1040, main - 40 - padding));
  return { width, height: width < 600 ? 240 : 320, left: 56, right: 16, top: 22, bottom: 40 };
}

/** The ends of the horizontal and vertical axes in pixels. */
export function edges({ width, height, left, right, top, bottom }: Frame) {
  return { x: [left, width - right], y: [height - bottom, top] } as const;
}

/** An axis of a plot. */
interface Axis {
  readonly text: string;
  readonly scale: Scale;
  readonly ticks: readonly number[];
  /** The label of a tick; the number if omitted. */
  readonly name?: (tick: number) => string;
}

/** An empty plot with its axes. */
export function plot(label: string, frame: Frame, x: Axis, y: Axis): SVGSVGElement {
  const { width, height, left, right, bottom } = frame;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  const shown = (tick: number) => tick.toLocaleString("en", { maximumSignificantDigits: 6 });
  for (const tick of y.ticks) {
    const at = y.scale(tick);
    picture.append(
      svg("line", { x1: left, x2: width - right, y1: at, y2: at, class: "grid" }),
      svg("text", { x: left - 6, y: at + 4, "text-anchor": "end", class: "y-tick" }, (y.name ?? shown)(tick)),
    );
  }
  // Every second one if they would touch; the last is the axis's end.
  const names = x.ticks.map(x.name ?? shown), longest = Math.max(...names.map((name) => name.length));
  const stride = Math.ceil(x.ticks.length * (7 * longest + 10) / (width - left - right));
  x.ticks.forEach((tick, at) => {
    if ((x.ticks.length - 1 - at) % stride !== 0) return;
    const anchor = at === x.ticks.length - 1 && at > 0 ? "end" : "middle", end = anchor === "end" ? 8 : 0;
    picture.append(
      svg(
        "text",
        { x: x.scale(tick) + end, y: height - bottom + 18, "text-anchor": anchor, class: "x-tick" },
        names[at]!,
      ),
    );
  });
  picture.append(
    svg("text", { x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle", class: "strong" }, x.text),
    svg("text", { x: 4, y: 12, class: "strong" }, y.text),
  );
  return picture;
}

/** The meaning of each colour. */
export function legend(entries: readonly { readonly colour: number; readonly text: string }[]): HTMLElement {
  const items = entries.map((entry) => {
    return element("li", {}, element("i", { style: `background:${colour(entry.colour)}` }), entry.text);
  });
  return element("ul", { class: "legend" }, ...items);
}
