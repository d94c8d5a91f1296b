/** Scales of plots and the ticks on them. @module */

/** Where a value lies on an axis. */
export type Scale = (value: number) => number;

/** Maps the values of a range to pixels; a range of one value has it in the middle. */
export function linearScale([from, to]: readonly [number, number], [start, end]: readonly [number, number]): Scale {
  return (value) => start + (to === from ? 0.5 : (value - from) / (to - from)) * (end - start);
}

/** Round numbers of a range, about `count` of them. */
export function linearTicks([least, most]: readonly [number, number], count = 5): number[] {
  const rough = (most - least || 1) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5].map((each) => each * power).find((each) => each >= rough) ?? 10 * power;
  const found = [];
  for (let tick = Math.ceil(least / step) * step; tick <= most + step / 1e6; tick += step) {
    found.push(Number(tick.toPrecision(12)));
  }
  return found;
}

/** The decimal logarithms between which positive values lie, to the half. */
export function logarithmicRange(values: readonly number[]): [number, number] {
  const logs = values.map(Math.log10);
  return [Math.floor(Math.min(...logs) * 2) / 2, Math.ceil(Math.max(...logs) * 2) / 2];
}

/** Powers of ten and thrice these within a range of logarithms. */
export function logarithmicTicks([from, to]: readonly [number, number]): number[] {
  const first = Math.floor(from), powers = Array.from({ length: 1 + Math.ceil(to) - first }, (_, at) => first + at);
  return powers.flatMap((power) => [10 ** power, 3 * 10 ** power]).filter((tick) => {
    return Math.log10(tick) >= from && Math.log10(tick) <= to;
  });
}
