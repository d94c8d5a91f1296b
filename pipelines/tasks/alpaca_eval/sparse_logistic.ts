/** Logistic regression with an L1 penalty, no intercept and few features. @module */

/** Rows to fit. */
interface WeightedRows {
  readonly features: readonly (readonly number[])[];
  /** 1 or 0. */
  readonly labels: readonly number[];
  readonly weights: readonly number[];
}

const mostSteps = 200, mostSweeps = 100;

/**
 * The weights that minimize |w|₁ + C Σᵢ sᵢ log(1 + exp(-yᵢ w·xᵢ)), which liblinear approximates (Fan et al. 2008,
 * equation 6), by Newton steps that each minimize the penalized quadratic by coordinate descent (Yuan et al. 2012).
 */
export function fitSparse({ features, labels, weights }: WeightedRows, C: number): number[] {
  const width = features[0]?.length ?? 0;
  let w: number[] = new Array(width).fill(0), value = objective(w);

  function objective(at: readonly number[]): number {
    const loss = features.reduce((sum, x, row) => {
      const margin = (labels[row] === 1 ? 1 : -1) * dot(at, x);
      return sum + weights[row]! * (Math.max(-margin, 0) + Math.log1p(Math.exp(-Math.abs(margin))));
    }, 0);
    return at.reduce((sum, each) => sum + Math.abs(each), 0) + C * loss;
  }

  for (let step = 0; step < mostSteps; step++) {
    const { gradient, hessian } = derivatives(w);
    const direction = penalizedStep(w, gradient, hessian);
    let scale = 1, next = w, found = value;
    for (; scale > 1e-10; scale /= 2) {
      next = w.map((each, k) => each + scale * direction[k]!);
      found = objective(next);
      if (found < value) break;
    }
    if (!(found < value)) break;
    const gained = value - found;
    [w, value] = [next, found];
    if (gained < 1e-13 * value) break;
  }
  return w;

  function derivatives(at: readonly number[]) {
    const gradient: number[] = new Array(width).fill(0);
    const hessian = Array.from({ length: width }, (): number[] => new Array(width).fill(0));
    features.forEach((x, row) => {
      const p = sigmoid(dot(at, x)), weight = C * weights[row]!;
      for (let i = 0; i < width; i++) {
        gradient[i]! += weight * (p - labels[row]!) * x[i]!;
        for (let j = 0; j < width; j++) hessian[i]![j]! += weight * p * (1 - p) * x[i]! * x[j]!;
      }
    });
    hessian.forEach((line, k) => line[k]! += 1e-12);
    return { gradient, hessian };
  }
}

/** The step that minimizes g·d + d·H·d / 2 + |w + d|₁. */
function penalizedStep(w: readonly number[], gradient: readonly number[], hessian: readonly (readonly number[])[]) {
  const d: number[] = new Array(w.length).fill(0);
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    let moved = 0;
    for (let k = 0; k < w.length; k++) {
      const curvature = hessian[k]![k]!, slope = gradient[k]! + dot(hessian[k]!, d), at = w[k]! + d[k]!;
      const target = at - slope / curvature;
      const next = Math.sign(target) * Math.max(Math.abs(target) - 1 / curvature, 0);
      moved = Math.max(moved, Math.abs(next - at));
      d[k]! += next - at;
    }
    if (moved < 1e-14) break;
  }
  return d;
}

/** The logistic function. */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** The inner product. */
export function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, each, k) => sum + each * b[k]!, 0);
}
