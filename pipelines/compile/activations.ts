/** What a model computes on the way: hidden states, logits, and the representation at any site. @module */
import { elementCount } from "../../ops/dimension.ts";
import * as o from "../../ops/operators.ts";
import type { Program, Value } from "../../ops/program.ts";
import { simplify } from "../../ops/simplify.ts";
import { RequestError } from "../errors.ts";
import type { Architecture, EditHook, Segment, Site, SiteName, WeightSource } from "../models/architecture.ts";
import { runInputs } from "../models/places.ts";
import type { AtTokens } from "./adaptations.ts";

/** The names of the results that every model gives, in the order of transformers' `output_hidden_states`. */
export const hiddenStateName = (index: number) => `hidden_states.${index}`;

const outsideBlocks: readonly SiteName[] = ["embedding.output", "finalNorm.output"];

/** A site as the command line names it: `block.3.mlp.output`, `block.3.output`, `embedding.output`. */
export function siteText({ block, name }: Site): string {
  return block === undefined ? name : `block.${block}.${name.replace(/^block\./, "")}`;
}

/**
 * The site that a text names.
 *
 * @throws {RequestError} If the model has no such site; the message lists those that it has.
 */
export function parseSite(text: string, { blocks, sites }: Pick<Architecture, "blocks" | "sites">): Site {
  const known = Object.keys(sites) as SiteName[];
  const block = Number(/^block\.(\d+)\./.exec(text)?.[1] ?? 0);
  const all = known.map((name): Site => ({ block: outsideBlocks.includes(name) ? undefined : block, name }));
  const found = all.find((site) => siteText(site) === text);
  if (found !== undefined && block < blocks) return found;
  const list = all.map((site) => siteText({ ...site, block: site.block === undefined ? undefined : 0 })).join(", ");
  throw new RequestError(
    `there is no site ${JSON.stringify(text)}; the model has blocks 0 to ${blocks - 1} and ${list}`,
  );
}

/** A site whose representation is kept, or one of its heads'. */
export interface KeptSite extends Site {
  readonly head?: number;
  /** The head's width. */
  readonly width?: number;
}

/** As of {@linkcode siteText}; a head as in `block.3.attention.head.2.output`. */
export function keptText(site: KeptSite): string {
  return site.head === undefined ? siteText(site) : siteText(site).replace(/head(?=\.output$)/, `head.${site.head}`);
}

/** What is asked of a model. */
export interface ActivationsRequest {
  readonly architecture: Architecture;
  readonly weights: WeightSource;
  /** Whether the hidden states between the blocks are wanted, and the logits. */
  readonly hiddenStates: boolean;
  readonly logits: boolean;
  readonly sites: readonly KeptSite[];
  /** What edits make of each site; a site's representation is what they leave. */
  readonly edit?: (atTokens?: AtTokens) => EditHook;
}

/**
 * The program that gives, of rows that are fed as the run `tail`, `hidden_states.0` to `hidden_states.<blocks>` [batch,
 * tail, width], `logits` [batch, tail, vocabulary] (of a head that scores whole rows [batch, classes]) and the sites by
 * their texts.
 *
 * @throws {RequestError} If logits are wanted of a checkpoint without a head.
 */
export function activationsProgram(request: ActivationsRequest): Program {
  const { architecture, weights, sites } = request;
  const outputs: Record<string, Value> = {};
  const noting = (edit: EditHook | undefined): EditHook => (site, hidden, projection) => {
    const edited = edit === undefined ? hidden : edit(site, hidden, projection);
    for (const kept of sites) {
      if (kept.block !== site.block || kept.name !== site.name) continue;
      const { head, width = 0 } = kept;
      outputs[keptText(kept)] = head === undefined ? edited : o.slice(edited, -1, head * width, (head + 1) * width);
    }
    return edited;
  };
  const masks = architecture.places.causal ? 1 : "batch", hook = noting(request.edit?.());
  const segment = runInputs(architecture, { name: "tail", batch: "batch", masks });
  const { hiddenStates } = architecture.forward({ ...segment, edit: hook }, weights);
  const last = hiddenStates[hiddenStates.length - 1] as Value;
  const finished = architecture.finish(last, weights, hook);
  if (request.hiddenStates) {
    hiddenStates.slice(0, -1).forEach((hidden, index) => outputs[hiddenStateName(index)] = hidden);
    outputs[hiddenStateName(hiddenStates.length - 1)] = architecture.lastHiddenState === "finished" ? finished : last;
  }
  if (request.logits) outputs["logits"] = logitsOf(request, { ...segment, last, finished });
  return simplify({ name: "activations", outputs });
}

/** What the checkpoint's head gives of the last block's rows, or of what stands before the head, each [batch, tail, width]. */
function logitsOf(
  { architecture, weights, edit }: ActivationsRequest,
  { last, finished, pooling }: Pick<Segment, "pooling"> & { readonly last: Value; readonly finished: Value },
): Value {
  const { family, head, classifier } = architecture, [batch, tokens, width] = last.shape;
  if (typeof head === "object" && classifier !== undefined && pooling !== undefined) {
    const pooled = o.reshape(o.matmul(pooling, finished), [batch!, width!]);
    return classifier.scores(pooled, weights, head.classes);
  }
  const byRow: AtTokens = (x) => o.reshape(x, [elementCount(x.shape.slice(0, 2)), ...x.shape.slice(2)]);
  const logits = architecture.logits?.(byRow(last), weights, edit?.(byRow));
  if (logits !== undefined) return o.reshape(logits, [batch!, tokens!, logits.shape[1]!]);
  throw new RequestError(`the ${family} checkpoint has no head, so it gives no logits; leave them out`);
}
