/** The preference in a judge's answer, parsed as in AlpacaEval. @module */

/** The names of the outputs for the judge: of the first one shown, and of the second. */
export const [first, second] = ["m", "M"] as const;

/** A possible token of the judge's answer, and its log-probability in nats. */
export interface TokenLogProbability {
  readonly token: string;
  readonly logprob: number;
}

/**
 * The preference weighted by log-probabilities: 2 - P(m) / (P(m) + P(M)), where a token that is not listed has
 * probability 0; NaN if neither is listed.
 */
export function weightedPreference(listed: readonly TokenLogProbability[]): number {
  const probability = (name: string) => {
    const found = listed.find(({ token }) => token === name);
    return found === undefined ? 0 : Math.exp(found.logprob);
  };
  const one = probability(first), other = probability(second);
  return 2 - one / (one + other);
}

/** The preference that a text names; NaN if it names neither output. */
export function namedPreference(text: string): number {
  const name = text.trim();
  return name === first ? 1 : name === second ? 2 : NaN;
}

/** The preference in a Python list that ranks `model_1` and `model_2`; NaN if there is none. */
export function rankedPreference(text: string): number {
  const list = /\[[^[\]]*\]/.exec(text)?.[0] ?? "";
  const entries = [...list.matchAll(/\{\s*'model'\s*:\s*'(\w+)'\s*,\s*'rank'\s*:\s*(\d+)\s*\}/g)];
  const rank = entries.find(([, name]) => name === "model_1")?.[2];
  return rank === "1" || rank === "2" ? Number(rank) : NaN;
}
