/** The hook of members that are trained as one batch, each over its own copy of the rows. @module */
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
 * The hook of batched training, of several members with their own adaptations: at the lowest block that any of them edits,
 * the batch becomes one copy for each member, and from there on each copy gets its member's adaptations.
 *
 * @param members All of the same {@linkcode copyingBlock}, if there are several.
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
 * The block at whose output the batch is copied for each member; `undefined` if something acts where it cannot be: before
 * that output, on a projection, outside the blocks, or on what an encoder reads.
 */
export function copyingBlock(all: readonly Adaptation[]): number | undefined {
  const adaptations = withoutHead(all), lowest = Math.min(...adaptations.map(({ block }) => block ?? -1));
  const fits = Number.isFinite(lowest) && adaptations.every((adaptation) => {
    return adaptation.form === "intervention" && runOfSite(adaptation) === "tail" &&
      (adaptation.block !== lowest || adaptation.site === "block.output");
  });
  return fits && lowest >= 0 ? lowest : undefined;
}

/** The rows [batch, …] of one member in those of all. */
export function batchOf(x: Value, member: number, batch: Dimension = "batch"): Value {
  return o.slice(x, 0, multiplyDimensions(member, batch), multiplyDimensions(member + 1, batch));
}
