/** The hook for members that are trained as one batch, each on its own copy of the rows. @module */
import { type Dimension, multiplyDimensions } from "../../../ops/program/dimension.ts";
import * as o from "../../../ops/operators.ts";
import type { Value } from "../../../ops/program/program.ts";
import type { EditHook } from "../../models/architecture/architecture.ts";
import { type Adaptation, withoutHead } from "./adaptation.ts";
import { type AtTokens, everyToken } from "./at_tokens.ts";
import { editHook, isAt } from "./edit_hook.ts";
import { runOfSite } from "./sites.ts";
import type { TensorForm } from "./tensor_forms.ts";

/**
 * The hook for batched training of several members: at the lowest block that any of them edits, the batch is copied
 * once for each member, and from there on each copy gets its member's adaptations.
 *
 * @param members If there are several, all must have the same {@linkcode copyingBlock}.
 */
export function membersHook(
  members: readonly (readonly Adaptation[])[],
  form: TensorForm,
  atTokens: AtTokens = everyToken,
): EditHook {
  const hooks = members.map((list) => editHook(list, form, atTokens));
  const [only] = hooks;
  if (hooks.length === 1 && only !== undefined) return only;
  const lowest = copyingBlock(members.flat());
  return (site, hidden, projection) => {
    if (!members.flat().some((adaptation) => isAt(adaptation, site))) return hidden;
    const part = (member: number) => site.block === lowest ? hidden : batchOf(hidden, member);
    return o.concat(hooks.map((hook, member) => hook(site, part(member), projection)), 0);
  };
}

/**
 * The block at whose output the batch is copied for each member; `undefined` if an adaptation acts where copying is not
 * possible: before that output, on a projection, outside the blocks, or in an encoder.
 */
export function copyingBlock(all: readonly Adaptation[]): number | undefined {
  const adaptations = withoutHead(all), lowest = Math.min(...adaptations.map(({ block }) => block ?? -1));
  const fits = Number.isFinite(lowest) && adaptations.every((adaptation) => {
    return adaptation.form === "intervention" && runOfSite(adaptation) === "tail" &&
      (adaptation.block !== lowest || adaptation.site === "block.output");
  });
  return fits && lowest >= 0 ? lowest : undefined;
}

/** One member's rows [batch, …] among those of all members. */
export function batchOf(x: Value, member: number, batch: Dimension = "batch"): Value {
  return o.slice(x, 0, multiplyDimensions(member, batch), multiplyDimensions(member + 1, batch));
}
