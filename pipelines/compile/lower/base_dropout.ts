/** The frozen model's own dropout: a fed factor at each place where its family has any. @module */
import * as o from "../../../ops/operators.ts";
import { input } from "../../../ops/program/program.ts";
import type { Architecture, DropHook, DropoutPlace } from "../../models/architecture/architecture.ts";

/** The name of the factor that a host feeds for a place. */
export function baseDropoutName(place: DropoutPlace, block: number | undefined): string {
  return `baseDropout.${block === undefined ? "" : `${block}.`}${place}`;
}

/** Multiplies by a fed factor wherever the rate is above 0. */
export function baseDropout({ dropout = {} }: Pick<Architecture, "dropout">): DropHook {
  return (place, block, x) => {
    return (dropout[place] ?? 0) === 0 ? x : o.mul(x, input(baseDropoutName(place, block), x.shape));
  };
}

/** Whether a model has any dropout of its own. */
export function hasDropout({ dropout = {} }: Pick<Architecture, "dropout">): boolean {
  return Object.values(dropout).some((rate) => rate > 0);
}
