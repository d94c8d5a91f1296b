/** Scales of plots and their ticks. @module */

/** The position of a value on an axis. */
export type Scale = (value: number) => number;

/** The range of an axis, and its ticks; the first and last ticks are its ends. */
interface AxisTicks {
  readonly range: readonly [number, number];
  readonly ticks: readonly number[];
}

/** Maps the values of a range to pixels; a range with one value maps it to the middle. */
export function linearScale([from, to]: readonly [number, number], [start, end]: readonly [number, number]): Scale {
  return (value) => start + (to === from ? 0.5 : (value - from) / (to - from)) * (end - start);
}

/** Maps positive values to pixels by their logarithms. */
export function logarithmicScale([from, to]: readonly [number, number], ends: readonly [number, number]): Scale {
  const scale = linearScale([Math.log10(from), Math.log10(to)], ends);
  return (value) => scale(Math.log10(value));
}

/** If values are closer together than this share of the largest, the axis does not include 0. */
const near = 0.4;

/**
 * About `count` round numbers that bracket values: from 0 if they are spread out, zoomed in if all are close together.
 */
export function ticksAround(values: readonly number[], count = 5): AxisTicks {
  const least = Math.min(...values), most = Math.max(...values);
  if (values.length === 0 || !Number.isFinite(least + most)) return { range: [0, 1], ticks: [0, 1] };
  const isNear = least > 0 && most - least < near * most || most < 0 && most - least < near * -least;
  return ticksBetween(isNear ? least : Math.min(0, least), isNear ? most : Math.max(0, most), count);
}

/** About `count` round numbers, of which the first and the last bracket two values. */
export function ticksBetween(least: number, most: number, count = 5): AxisTicks {
  const spread = most - least || Math.abs(most) / 10 || 1, rough = spread / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5].map((each) => each * power).find((each) => each >= rough * (1 - 1e-9)) ?? 10 * power;
  const first = Math.floor(least / step + 1e-9), last = Math.max(first + 1, Math.ceil(most / step - 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
  return { range: [ticks[0]!, ticks.at(-1)!], ticks };
}

/** Powers of ten, times 1, 2 and 5, that bracket positive values; over many decades only the powers and the ends. */
export function logarithmicTicks(values: readonly number[]): AxisTicks {
  const least = Math.min(...values), most = Math.max(...values);
  const from = Math.floor(Math.log10(least)) - 1, to = Math.ceil(Math.log10(most)) + 1;
  const powers = Array.from({ length: to - from + 1 }, (_, at) => 10 ** (from + at));
  const all = powers.flatMap((power) => [1, 2, 5].map((times) => Number((times * power).toPrecision(1))));
  const first = all.findLast((tick) => tick <= least * (1 + 1e-9))!;
  const last = all.find((tick) => tick >= most * (1 - 1e-9) && tick > first)!;
  const between = all.filter((tick) => tick >= first && tick <= last);
  const isPower = (tick: number) => Math.abs(Math.log10(tick) - Math.round(Math.log10(tick))) < 1e-9;
  const ticks = between.length <= 9 ? between : between.filter((tick) => {
    return isPower(tick) || tick === first || tick === last;
  });
  return { range: [first, last], ticks };
}
