/** Lines over a numeric axis, drawn as SVG. @module */
import { element, escaped, shortNumber } from "./markup.ts";

/** A line with its name. */
export interface Line {
  readonly name: string;
  /** Its points, x before y. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** What is drawn. */
interface LinePlot {
  readonly title: string;
  readonly xName: string;
  readonly lines: readonly Line[];
  /** Whether single points are marked, as when there are few values. */
  readonly isMarked?: boolean;
}

const width = 420, height = 240, left = 56, right = 12, top = 28, bottom = 36;

/** Colours that are distinguishable with colour blindness (Okabe and Ito 2008), on light and dark pages. */
const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999999"];

/** The maximum number of lines with a name beside the plot. */
const mostNamed = 12;

/** Draws lines; returns nothing if there are no points. */
export function linePlot({ title, xName, lines, isMarked = false }: LinePlot): string {
  const points = lines.flatMap(({ points }) => points).filter(([, y]) => Number.isFinite(y));
  if (points.length === 0) return "";
  const x = scaleOf(points.map(([value]) => value), left, width - right);
  const y = scaleOf(points.map(([, value]) => value), height - bottom, top);
  const label = (at: number, from: number, text: string, anchor: string) =>
    element("text", { x: at, y: from, "text-anchor": anchor, "font-size": 11, fill: "currentColor" }, escaped(text));
  const axes = element("path", {
    d: `M${left} ${top}V${height - bottom}H${width - right}`,
    fill: "none",
    stroke: "currentColor",
  });
  const ticks = [
    ...x.ticks.map((value) => label(x.at(value), height - bottom + 14, shortNumber(value), "middle")),
    ...y.ticks.map((value) => label(left - 6, y.at(value) + 4, shortNumber(value), "end")),
  ];
  const drawn = lines.map(({ points }, at) => {
    const colour = colours[at % colours.length]!, finite = points.filter(([, value]) => Number.isFinite(value));
    const places = finite.map(([from, to]) => [x.at(from), y.at(to)] as const);
    const path = element("polyline", {
      points: places.map((place) => place.join()).join(" "),
      fill: "none",
      stroke: colour,
    });
    const marks = isMarked ? places.map(([cx, cy]) => element("circle", { cx, cy, r: 3, fill: colour })) : [];
    return path + marks.join("");
  });
  const names = lines.length < 2 ? [] : lines.slice(0, mostNamed).map(({ name }, at) => {
    const fill = colours[at % colours.length]!;
    return element("text", { x: width, y: top + 14 * at, "font-size": 11, fill }, escaped(name));
  });
  if (lines.length > mostNamed) {
    const y = top + 14 * mostNamed, rest = `and ${lines.length - mostNamed} more`;
    names.push(element("text", { x: width, y, "font-size": 11, fill: "currentColor" }, rest));
  }
  const longest = names.length === 0 ? 0 : Math.max(...lines.slice(0, mostNamed).map(({ name }) => name.length));
  return element(
    "svg",
    { width: width + 7 * longest, height, role: "img", "aria-label": title, style: "max-width:100%" },
    label(left, 14, title, "start"),
    label((left + width - right) / 2, height - 6, xName, "middle"),
    axes,
    ...ticks,
    ...drawn,
    ...names,
  );
}

/** Maps numbers to positions, and chooses which numbers are labelled. */
function scaleOf(values: readonly number[], from: number, to: number) {
  const least = Math.min(...values), most = Math.max(...values), range = most - least || 1;
  const at = (value: number) => Number((from + (to - from) * (value - least) / range).toFixed(1));
  const distinct = [...new Set(values)].sort((one, other) => one - other);
  return { at, ticks: distinct.length <= 6 ? distinct : roundNumbers(least, most) };
}

/** Up to five round numbers between two values. */
function roundNumbers(least: number, most: number): number[] {
  const about = (most - least) / 5, power = 10 ** Math.floor(Math.log10(about));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= about)!;
  const first = Math.ceil(least / step), count = Math.floor(most / step) - first + 1;
  return Array.from({ length: count }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}
