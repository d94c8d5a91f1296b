/** The frozen model's own dropout: a fed factor at each place where its family has dropout. @module */
import * as o from "../../../ops/operators.ts";
import type { Shape } from "../../../ops/program/dimension.ts";
import { input, type Value } from "../../../ops/program/program.ts";
import type { Architecture, DropoutRates, DropoutSite } from "../../models/architecture/architecture.ts";
import type { AtTokens } from "./at_tokens.ts";

/**
 * Applies dropout to a representation at a place.
 *
 * @param atTokens Selects the tokens that the representation [labelled, width] belongs to from a value of the tail's
 * tokens, if it does not cover all of them.
 */
export type BaseDropout = (site: DropoutSite, x: Value, atTokens?: AtTokens) => Value;

/** The properties of a model that decide where it has dropout. */
interface DroppingModel extends Pick<Architecture, "dropout"> {
  readonly encoder?: Pick<Architecture, "dropout">;
}

/** The name of the factor that the host feeds for a place. */
export function baseDropoutName({ stack, block, place }: DropoutSite): string {
  return ["baseDropout", stack, block, place].filter((part) => part !== undefined).join(".");
}

/** Dropout that multiplies by a fed factor wherever the rate is above 0. */
export function baseDropout({ dropout = {}, encoder }: DroppingModel): BaseDropout {
  return (site, x, atTokens) => {
    const rates: DropoutRates = site.stack === "encoder" ? encoder?.dropout ?? {} : dropout;
    if ((rates[site.place] ?? 0) === 0) return x;
    const factor = (shape: Shape) => input(baseDropoutName(site), shape);
    return o.mul(x, atTokens === undefined ? factor(x.shape) : atTokens(factor(["batch", "tail", x.shape[1]!])));
  };
}

/** Whether a model has any dropout of its own. */
export function hasDropout({ dropout = {} }: Pick<Architecture, "dropout">): boolean {
  return Object.values(dropout).some((rate) => rate > 0);
}
