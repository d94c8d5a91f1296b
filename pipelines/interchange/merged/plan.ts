/** Determines which projections adaptations change, and checks that they can be merged exactly. @module */
import { interventions } from "../../../ops/interventions/mod.ts";
import { RequestError } from "../../common/errors.ts";
import type { Adaptation, Adapter, Intervention } from "../../compile/lower/adaptation.ts";
import { type BlockProjection, blockProjections } from "../../compile/lower/adapters.ts";
import { runOfSite } from "../../compile/lower/sites.ts";
import { requireEveryToken } from "../../compile/lower/every_token.ts";
import type { MergeSite } from "../../compile/programs/merge_program.ts";
import type { Architecture } from "../../models/architecture/architecture.ts";
import { onnxInstead } from "../../compile/lower/onnx_instead.ts";

/**
 * The sites to merge at, in the order in which they are first adapted.
 *
 * @throws {RequestError} If an adaptation cannot be folded into the weights.
 */
export function mergeSites(adaptations: readonly Adaptation[], architecture: Architecture): readonly MergeSite[] {
  const instead = onnxInstead({ adaptations, architecture });
  const places = blockProjections(architecture), found = new Map<BlockProjection, (Adapter | Intervention)[]>();
  for (const adaptation of adaptations) {
    const mergeable = requireMergeable(adaptation, instead);
    const { stack, block, site, kind } = mergeable;
    const place = places.find((each) => each.stack === stack && each.block === block && each.site === site);
    if (place === undefined) {
      const sites = [...new Set(places.map((each) => each.site))].join(", ");
      throw new RequestError(
        `the ${kind} edits ${site}, which is not a projection's output; an edit can be merged at ${sites}; otherwise ${instead}`,
      );
    }
    found.getOrInsertComputed(place, () => []).push(mergeable);
  }
  adaptations.forEach((each) => requireEverywhere(each, architecture, instead));
  return [...found].map(([{ weight, inputs, outputs, isTransposed = false }, own]) => {
    const bias = weight.replace(/\.weight$/, ".bias");
    return {
      ...{ weight, inputs, outputs, isTransposed, adaptations: own },
      bias: architecture.weights.has(bias) ? bias : undefined,
    };
  });
}

/** Requires what no option changes. */
function requireMergeable(adaptation: Adaptation, instead: string): Adapter | Intervention {
  const { form, kind } = adaptation;
  if (form === "adapter") {
    requireEveryToken(adaptation, "a weight acts on every token");
    return adaptation;
  }
  if (form === "prefix") {
    throw new RequestError("a prefix adds tokens, which a weight cannot do; export it --to peft or onnx");
  }
  if (form === "head") {
    throw new RequestError("the model has a head, which is not part of the base; merge one without a head");
  }
  const { options, subspace, head, site } = adaptation, where = `the ${kind} of ${site}`;
  if (subspace !== undefined) {
    throw new RequestError(`${where} edits different rows of its rank for each prompt; ${instead}`);
  }
  if (head !== undefined) throw new RequestError(`${where} edits one head; ${instead}`);
  if (interventions[kind].linearity(options) === "other") {
    throw new RequestError(
      `${where} is not an affine map, so a weight cannot express it; ${instead}`,
    );
  }
  return adaptation;
}

/** Requires that an edit acts on every token. */
function requireEverywhere(adaptation: Adaptation, { causal, encoder }: Architecture, instead: string): void {
  if (adaptation.form !== "intervention") return;
  const { kind, site, positions: { first, completion, selector }, positionsText } = adaptation;
  const isRead = runOfSite(adaptation) === "context" || (!causal && encoder === undefined);
  if (selector === undefined && first === Infinity && (completion || isRead)) return;
  throw new RequestError(
    `the ${kind} of ${site} edits the positions ${positionsText}, but a weight acts on every token; give --positions ` +
      `all+completion to make it do so, or ${instead}`,
  );
}
