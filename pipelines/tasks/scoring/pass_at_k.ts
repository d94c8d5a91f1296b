/** The probability that at least one of k programs passes (Chen et al. 2021). @module */

/**
 * The unbiased estimate of the probability that at least one of `k` programs passes, from `n` of which `c` pass:
 * 1 - C(n - c, k) / C(n, k), as a product so that nothing overflows (Chen et al. 2021, equation 1).
 */
export function passAtK(n: number, c: number, k: number): number {
  if (n - c < k) return 1;
  let none = 1;
  for (let i = n - c + 1; i <= n; i++) none *= 1 - k / i;
  return 1 - none;
}

/** The values of k that are usually reported. */
const usual = [1, 10, 100] as const;

/** The values of k that can be reported for a number of programs per problem. */
export function reportedOf(programs: number): readonly number[] {
  return usual.filter((k) => k <= programs);
}

/** The mean of pass@k over problems, for each k for which every problem has enough programs. */
export function meanPasses(
  problems: Iterable<readonly boolean[]>,
): readonly { readonly k: number; readonly mean: number }[] {
  const all = [...problems], fewest = Math.min(...all.map(({ length }) => length));
  return reportedOf(fewest).map((k) => {
    const estimates = all.map((passed) => passAtK(passed.length, passed.filter(Boolean).length, k));
    return { k, mean: estimates.reduce((sum, each) => sum + each, 0) / all.length };
  });
}
