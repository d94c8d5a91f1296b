/** The candidates of a beam search: the likeliest continuations of its beams, or sampled ones. @module */
import type { Random } from "../data/random.ts";
import { keepLikely, type Sampling } from "./logits.ts";
import { torchTopk } from "./torch_topk.ts";

/** A token that may follow a beam. */
export interface Candidate {
  readonly beam: number;
  readonly token: number;
  /** The log-likelihood of the beam with the token. */
  readonly sum: number;
}

/** The open beams. */
interface Beams {
  /** The log-likelihoods of the next token after each beam. */
  readonly likelihoods: readonly Float32Array[];
  /** The log-likelihood of each beam. */
  readonly sums: readonly number[];
}

/** Selects `count` candidates, ordered by their sums. */
export type Take = (beams: Beams, count: number) => Candidate[];

/** The candidates with the largest sums. */
export const takeLikeliest: Take = ({ likelihoods, sums }, count) => {
  const candidates = likelihoods.flatMap((scores, beam) =>
    likeliest(scores, count).map((token) => ({ beam, token, sum: Math.fround(scores[token]! + sums[beam]!) }))
  );
  return candidates.sort((a, b) => b.sum - a.sum || a.beam - b.beam || a.token - b.token).slice(0, count);
};

/** The smallest normal number of float32: less probable tokens are not sampled. */
const leastProbability = 2 ** -126;

/**
 * Candidates sampled without replacement by the softmax of their sums: those with the largest quotients of their
 * probability and an exponentially distributed number, as in torch.multinomial. If fewer candidates than requested have
 * a probability above 0, the rest follow in torch's order.
 *
 * @param leastKept The minimum number of tokens of a beam that can be sampled.
 */
export function takeDrawn(sampling: Sampling, leastKept: number, random: Random): Take {
  return ({ likelihoods, sums }, count) => {
    const width = likelihoods[0]!.length, scores = new Float32Array(width * sums.length);
    likelihoods.forEach((each, beam) => {
      keepLikely(each, sampling, leastKept).forEach((score, token) =>
        scores[beam * width + token] = score + sums[beam]!
      );
    });
    const most = scores.reduce((most, score) => Math.max(most, score));
    const weights = Float64Array.from(scores, (score) => Math.exp(score - most));
    const total = weights.reduce((total, weight) => total + weight);
    const quotients = Float32Array.from(weights, (weight) => {
      const probability = weight / total;
      return probability < leastProbability ? 0 : probability / -Math.log(1 - random.uniform());
    });
    return torchTopk(quotients, count)
      .map((place) => ({ beam: Math.floor(place / width), token: place % width, sum: scores[place]! }))
      .sort((a, b) => b.sum - a.sum || 0);
  };
}

/** The tokens with the largest scores, in order. */
function likeliest(scores: Float32Array, count: number): number[] {
  const kept: number[] = [];
  for (let token = 0; token < scores.length; token++) {
    if (kept.length === count && scores[token]! <= scores[kept[count - 1]!]!) continue;
    let at = kept.length;
    while (at > 0 && scores[kept[at - 1]!]! < scores[token]!) at--;
    kept.splice(at, 0, token);
    if (kept.length > count) kept.pop();
  }
  return kept;
}
