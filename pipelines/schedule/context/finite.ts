/** Numbers that a model's logits give. @module */
import { RequestError } from "../../common/errors.ts";

/**
 * A sum of log-likelihoods.
 *
 * @param stage Whose it is.
 * @throws {RequestError} If it is not finite.
 */
export function finite(sum: number, stage: string): number {
  if (Number.isFinite(sum)) return sum;
  throw new RequestError(`the log-likelihoods of ${stage} are not finite; the model's logits are not`);
}
