/** Lowering declared edits to interventions, each at one site of one block for one side of the prompt. @module */
import type { InterventionExtents, InterventionOptions } from "../../../ops/interventions/intervention.ts";
import { usualOptions } from "../../../ops/interventions/intervention.ts";
import { type InterventionName, interventions } from "../../../ops/interventions/mod.ts";
import { RequestError } from "../../common/errors.ts";
import type { EditedModel } from "../../models/architecture/architecture.ts";
import { atLocationOf } from "../../common/source_location.ts";
import type { EditSpec, Resolved } from "../../spec/mod.ts";
import type { LoweredIntervention } from "./adaptation.ts";
import { selectorName, subspaceOf } from "./token_selectors.ts";
import { decoderPositionsOf, positionsOf, sidesOf } from "./positions.ts";
import { blocksOf, columnsOfSite, runOfSite, stackOf } from "./sites.ts";

/** The interventions of an edit: one for each block, and with two sides first all those for the prefix. */
export function lowerEdit(edit: Resolved<EditSpec>, architecture: EditedModel): LoweredIntervention[] {
  const { kind, at, rank = 1, tied, dropout = 0 } = edit;
  const { activation, orthogonal, projectionBias } = { ...usualOptions, ...edit };
  const options: InterventionOptions = { activation, orthogonal, projectionBias };
  const stack = atLocationOf(at, () => stackOf(architecture, at.stack));
  const { width, head } = atLocationOf(at, () => columnsOfSite(at, stack));
  if (!Number.isInteger(rank) || rank < 1 || rank > width) {
    throw new RequestError(
      `the rank ${rank} is out of range; give a whole number from 1 to the ${
        head === undefined ? "model's" : "head's"
      } width ${width}`,
    );
  }
  const positions = at.stack === "decoder" && runOfSite(at) === "tail"
    ? decoderPositionsOf(edit.positions)
    : positionsOf(edit.positions, architecture.decode, edit.short);
  const subspace = edit.subspace === undefined ? {} : { subspace: subspaceOf(edit.subspace, rank) };
  const listed = atLocationOf(at, () => at.blocks === undefined ? [undefined] : blocksOf(at.blocks, stack.blocks));
  const tensors = tensorsOf(kind, { width, rank }, options);
  const location = { site: at.site, ...(at.stack && { stack: at.stack }), ...(head === undefined ? {} : { head }) };
  const common = { form: "intervention", kind, options, ...location } as const;
  return sidesOf(positions, tied).flatMap((side) =>
    listed.map((block) => {
      return {
        ...common,
        block,
        side,
        positions,
        positionsText: selectorName(edit.positions),
        rank,
        ...subspace,
        width,
        dropout,
        inputs: width,
        tensors,
      };
    })
  );
}

function tensorsOf(
  kind: InterventionName,
  extents: InterventionExtents,
  options: InterventionOptions,
): LoweredIntervention["tensors"] {
  try {
    return interventions[kind].tensors(extents, options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RequestError(`${error.message}; use another edit or another site`);
  }
}
