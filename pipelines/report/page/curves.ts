/** Curves of quantities that every step has. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import type { AxisView, MemberView } from "../report_view.ts";

/** The quantities of steps that are drawn. */
export type StepQuantity = "losses" | "gradientNorms" | "margins";

/** A quantity over the steps of members that repeat one experiment, up to the number of steps that all of them have. */
export interface Curve {
  /** The experiment. */
  readonly id: string;
  readonly axes: MemberView["axes"];
  /** The number of members. */
  readonly count: number;
  /** The number of steps between two points. */
  readonly stride: number;
  readonly mean: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** How a curve is drawn: its colour in the series, and its SVG dash pattern. */
export interface Stroke {
  readonly colour: number;
  readonly dash: string;
}

/** The exponential mean of values: each new one has the weight 1 / width. */
export function smoothed(values: readonly number[], width: number): number[] {
  const kept = 1 - 1 / width;
  let mean = values[0] ?? 0;
  return values.map((value) => (mean = kept * mean + (1 - kept) * value));
}

/** A curve for each experiment whose steps have the quantity. */
export function curvesOf(members: readonly MemberView[], smoothing: number, quantity: StepQuantity): Curve[] {
  const trained = members.filter((member) => member[quantity].length > 0);
  return [...Map.groupBy(trained, ({ repeated }) => repeated)].map(([id, members]) => {
    const { axes, stride } = members[0]!;
    const lists = members.map((member) => smoothed(member[quantity], smoothing));
    const steps = Array.from({ length: Math.min(...lists.map((list) => list.length)) }, (_, step) => {
      return lists.map((list) => list[step]!);
    });
    return {
      id,
      axes,
      count: lists.length,
      stride,
      mean: steps.map((values) => values.reduce((sum, each) => sum + each, 0) / lists.length),
      low: steps.map((values) => Math.min(...values)),
      high: steps.map((values) => Math.max(...values)),
    };
  });
}

/** The curves of the best experiments first; of those without a rank, the one with the lowest end. */
export function byRank(curves: readonly Curve[], places: ReadonlyMap<string, number>): Curve[] {
  const place = ({ id }: Curve) => places.get(id) ?? Infinity;
  return [...curves].sort((a, b) => {
    return place(a) === place(b) ? (a.mean.at(-1) ?? 0) - (b.mean.at(-1) ?? 0) : place(a) - place(b);
  });
}

const dashes = ["", "7 3", "2 3", "8 3 2 3"];

/**
 * A colour for each curve; if there are more curves than colours, the first axis determines the colour and the second
 * the dashes.
 */
export function strokesOf(curves: readonly Curve[], axes: readonly AxisView[], colours: number): Stroke[] {
  const [first, second] = axes;
  if (curves.length <= colours || first === undefined) return curves.map((_, at) => ({ colour: at, dash: "" }));
  return curves.map((curve) => ({
    colour: Math.max(0, valueIndex(first, curve)),
    dash: second === undefined ? "" : dashes[valueIndex(second, curve) % dashes.length] ?? "",
  }));
}

function valueIndex({ name, values }: AxisView, { axes }: Curve): number {
  return values.findIndex((value) => value === ownValue(axes, name));
}
