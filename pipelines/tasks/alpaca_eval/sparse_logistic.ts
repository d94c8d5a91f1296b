/** Logistic regression with an L1 penalty and no intercept, of a few features. @module */
import { mersenne } from "pure-rand/generator/mersenne";

/** Rows to fit. */
interface WeightedRows {
  readonly features: readonly (readonly number[])[];
  /** 1 or 0. */
  readonly labels: readonly number[];
  readonly weights: readonly number[];
}

/** Where scikit-learn 1.9 has liblinear stop. */
const [tolerance, mostSteps] = [1e-4, 100];

/** liblinear's own bounds. */
const [mostSweeps, mostHalvings, longestMove, leastMove, ridge, sufficient] = [1000, 20, 10, 1e-12, 1e-12, 0.01];

/** Steps without a move after which there is nothing to gain. */
const mostIdle = 10;

/**
 * The weights that minimize |w|₁ + C Σᵢ sᵢ log(1 + exp(-yᵢ w·xᵢ)), which liblinear approximates (Fan et al. 2008,
 * equation 6), by Newton steps that each minimize the penalized quadratic by coordinate descent (Yuan et al. 2012).
 */
export function fitSparse(rows: WeightedRows, C: number, seed: number): number[] {
  const { x, y, cost } = ordered(rows, C), count = y.length, width = rows.features[0]?.length ?? 0;
  const draw = drawing(seed), order = [...Array(width).keys()];
  const positive = y.filter((sign) => sign > 0).length;
  const target = tolerance * Math.max(Math.min(positive, count - positive), 1) / count;
  const w = new Float64Array(width), odds = new Float64Array(count).fill(1);
  const pull = new Float64Array(count), curve = new Float64Array(count);
  const fixed = x.map((column) => sumOf(count, (row) => y[row]! < 0 ? cost[row]! * column[row]! : 0));
  let norm = 0, first = 0, worst = Infinity, idle = 0, accuracy = 1;
  const refresh = () => {
    for (let row = 0; row < count; row++) {
      const miss = 1 / (1 + odds[row]!);
      pull[row] = cost[row]! * miss;
      curve[row] = cost[row]! * odds[row]! * miss * miss;
    }
  };
  refresh();

  for (let step = 0; step < mostSteps; step++) {
    const gradient = new Float64Array(width), hessian = new Float64Array(width);
    let left = 0, largest = 0;
    const active = sift(order, width, (k) => {
      const column = x[k]!;
      hessian[k] = ridge + sumOf(count, (row) => column[row]! * column[row]! * curve[row]!);
      gradient[k] = fixed[k]! - sumOf(count, (row) => column[row]! * pull[row]!);
      const violation = violationOf(w[k]!, gradient[k]!, worst / count);
      if (violation === undefined) return false;
      largest = Math.max(largest, violation);
      left += violation;
      return true;
    });
    if (step === 0) first = left;
    if (left <= target * first || idle >= mostIdle) break;

    const { next, moved, sweeps, isIdle } = descend(gradient, hessian, active);
    idle = isIdle ? idle + 1 : 0;
    take(gradient, next, moved);
    if (sweeps === 1) accuracy /= 4;
    worst = largest;
  }
  return [...w];

  /** Minimizes the penalized quadratic around the weights. */
  function descend(gradient: Float64Array, hessian: Float64Array, active: number) {
    const next = w.slice(), moved = new Float64Array(count);
    let most = active, bound = Infinity, sweeps = 0, isIdle = true;
    while (sweeps < mostSweeps) {
      let left = 0, largest = 0;
      for (let at = 0; at < most; at++) swap(order, at + draw(most - at), at);
      most = sift(order, most, (k) => {
        const column = x[k]!, at = next[k]!, curvature = hessian[k]!;
        const start = gradient[k]! + (at - w[k]!) * ridge;
        const slope = sumOf(count, (row) => column[row]! * curve[row]! * moved[row]!, start);
        const violation = violationOf(at, slope, bound / count);
        if (violation === undefined) return false;
        const move = moveOf(at, slope, curvature);
        if (Math.abs(move) < leastMove) return true;
        const bounded = Math.min(Math.max(move, -longestMove), longestMove);
        isIdle = false;
        largest = Math.max(largest, violation);
        left += violation;
        next[k]! += bounded;
        for (let row = 0; row < count; row++) moved[row]! += column[row]! * bounded;
        return true;
      });
      sweeps++;
      bound = largest;
      if (left > accuracy * first) continue;
      if (most === active) break;
      // What was set aside is looked at again.
      [most, bound] = [active, Infinity];
    }
    return { next, moved, sweeps, isIdle };
  }

  /** Goes as far along the step as the objective falls enough. */
  function take(gradient: Float64Array, next: Float64Array, moved: Float64Array): void {
    let length = sumOf(width, (k) => Math.abs(next[k]!));
    let slope = sumOf(width, (k) => gradient[k]! * (next[k]! - w[k]!)) + (length - norm);
    let against = sumOf(count, (row) => y[row]! < 0 ? cost[row]! * moved[row]! : 0);
    const tried = new Float64Array(count);
    for (let halving = 0; halving < mostHalvings; halving++) {
      const change = sumOf(count, (row) => {
        const factor = Math.exp(moved[row]!);
        tried[row] = odds[row]! * factor;
        return cost[row]! * Math.log((1 + tried[row]!) / (factor + tried[row]!));
      }, length - norm + against - sufficient * slope);
      if (change <= 0) {
        norm = length;
        w.set(next);
        odds.set(tried);
        return refresh();
      }
      for (let k = 0; k < width; k++) next[k] = (w[k]! + next[k]!) / 2;
      length = sumOf(width, (k) => Math.abs(next[k]!));
      [slope, against] = [slope / 2, against / 2];
      for (let row = 0; row < count; row++) moved[row]! /= 2;
    }
    for (let row = 0; row < count; row++) odds[row] = Math.exp(sumOf(width, (k) => w[k]! * x[k]![row]!));
  }
}

/** The rows that weigh something, those of label 0 first, by feature; where there is one label, as if it were 1. */
function ordered({ features, labels, weights }: WeightedRows, C: number) {
  const kept = [0, 1].map((label) => [...labels.keys()].filter((row) => labels[row] === label && weights[row]! > 0));
  const rows = kept.flat(), isMixed = kept.every(({ length }) => length > 0);
  return {
    x: (features[0] ?? []).map((_, k) => Float64Array.from(rows, (row) => features[row]![k]!)),
    y: rows.map((row) => isMixed && labels[row] === 0 ? -1 : 1),
    cost: Float64Array.from(rows, (row) => weights[row]! * C),
  };
}

/** How far a weight is from a minimum; `undefined` where it is 0 and well within what the penalty holds there. */
function violationOf(weight: number, slope: number, margin: number): number | undefined {
  const [up, down] = [slope + 1, slope - 1];
  if (weight > 0) return Math.abs(up);
  if (weight < 0) return Math.abs(down);
  if (up < 0) return -up;
  if (down > 0) return down;
  return up > margin && down < -margin ? undefined : 0;
}

/** The move to the minimum of one weight's penalized quadratic. */
function moveOf(weight: number, slope: number, curvature: number): number {
  const [up, down] = [slope + 1, slope - 1];
  if (up < curvature * weight) return -up / curvature;
  if (down > curvature * weight) return -down / curvature;
  return -weight;
}

/** Asks each of a list's first entries in turn, and puts those that are not kept behind the others. */
function sift(list: number[], count: number, keeps: (entry: number) => boolean): number {
  for (let at = 0; at < count;) {
    if (keeps(list[at]!)) at++;
    else swap(list, at, --count);
  }
  return count;
}

function swap(list: number[], one: number, other: number): void {
  [list[one], list[other]] = [list[other]!, list[one]!];
}

function sumOf(count: number, of: (index: number) => number, from = 0): number {
  let sum = from;
  for (let index = 0; index < count; index++) sum += of(index);
  return sum;
}

/** Whole numbers from 0 to below a bound, by the products of Lemire (2019). */
function drawing(seed: number): (below: number) => number {
  const generator = mersenne(seed);
  return (below) => {
    for (;;) {
      const product = BigInt(generator.next() >>> 0) * BigInt(below);
      if (Number(product & 0xffff_ffffn) >= 2 ** 32 % below) return Number(product >> 32n);
    }
  };
}

/** The seeds that scikit-learn gives liblinear one after another with some `random_state`. */
export function seedsOf(randomState: number, count: number): number[] {
  const generator = mersenne(randomState), most = 2 ** 31 - 2, seeds: number[] = [];
  while (seeds.length < count) {
    const word = generator.next() & 0x7fff_ffff;
    if (word <= most) seeds.push(word);
  }
  return seeds;
}

/** The logistic function. */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** The inner product. */
export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, each, k) => sum + each * b[k]!, 0);
}
