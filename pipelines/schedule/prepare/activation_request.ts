/** What an activations stage requests: resolves which sites, and which tokens of each prompt. @module */
import type { RowList } from "../../common/row_list.ts";
import { RequestError } from "../../common/errors.ts";
import { isEdited } from "../../compile/lower/edited_tokens.ts";
import { positionsOf } from "../../compile/lower/positions.ts";
import { blocksOf, columnsOfSite, stackOf } from "../../compile/lower/sites.ts";
import type { KeptSite } from "../../compile/programs/activations_program.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import { editedModel } from "../../models/open/model.ts";
import type { ActivationsSpec, Resolved } from "../../spec/mod.ts";
import type { PreparedModel } from "./prepared_model.ts";

/** What is requested. */
export interface ActivationRequest {
  readonly sites: readonly KeptSite[];
  /**
   * For each row, the indices of the prompt's tokens that are kept; of the encoder's tokens, if an encoder reads the
   * prompt.
   */
  readonly kept: readonly (readonly number[])[];
}

/**
 * What a stage requests from a model and its rows.
 *
 * @throws {RequestError} If it requests nothing, or something that the model does not have.
 */
export function activationRequestOf(
  name: string,
  spec: Resolved<ActivationsSpec>,
  { model, adaptations }: Pick<PreparedModel, "model" | "adaptations">,
  examples: RowList<TokenizedExample>,
): ActivationRequest {
  if (!spec.hiddenStates && !spec.logits && spec.sites === undefined) {
    throw new RequestError(`${name} keeps nothing; name sites, or ask for hiddenStates or logits`);
  }
  if (adaptations.some(({ form }) => form === "prefix")) {
    throw new RequestError(`${name} cannot read a model with prefix tuning; use one with edits or adapters`);
  }
  const edited = editedModel(model);
  const sites = (spec.sites ?? []).flatMap((site): KeptSite[] => {
    const stack = stackOf(edited, site.stack), { width, head } = columnsOfSite(site, stack);
    const kept = { stack: site.stack, name: site.site, ...(head === undefined ? {} : { head, width }) };
    if (site.blocks === undefined) return [{ block: undefined, ...kept }];
    return blocksOf(site.blocks, stack.blocks).map((block) => ({ block, ...kept }));
  });
  const positions = positionsOf(spec.positions, edited.decode);
  if (positions.completion) {
    throw new RequestError(`${name} reads only prompts; give positions of the prompt`);
  }
  const kept = examples.map((example) =>
    [...example.prompt.keys()].filter((index) => isEdited({ positions, side: "both" }, example, index))
  );
  return { sites, kept };
}
