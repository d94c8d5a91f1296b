/** What a model computes on the way: hidden states, logits, and the representation at any site. @module */
import { elementCount } from "../../ops/dimension.ts";
import * as o from "../../ops/operators.ts";
import type { Program, Value } from "../../ops/program.ts";
import { simplify } from "../../ops/simplify.ts";
import { RequestError } from "../errors.ts";
import type { Architecture, EditHook, Site, SiteName, WeightSource } from "../models/architecture.ts";
import { runInputs } from "../models/places.ts";

/** The names of the results that every model gives, in the order of transformers' `output_hidden_states`. */
export const hiddenStateName = (index: number) => `hidden_states.${index}`;

/** A site as the command line names it: `block.3.mlp.output`, `block.3.output`, `embedding.output`. */
export function siteText({ block, name }: Site): string {
  if (block === undefined) return name;
  return `block.${block}.${name.replace(/^block\./, "")}`;
}

/**
 * The site that a text names.
 *
 * @throws {RequestError} If the model has no such site; the message lists those that it has.
 */
export function parseSite(text: string, { blocks, sites }: Pick<Architecture, "blocks" | "sites">): Site {
  const [, block, rest] = /^block\.(\d+)\.(.+)$/.exec(text) ?? [];
  const outside = ["embedding.output", "finalNorm.output"], known = Object.keys(sites) as SiteName[];
  const named = known.find((name) =>
    block === undefined ? name === text : [name, name.replace(/^block\./, "")].includes(rest!)
  );
  const fits = named !== undefined && outside.includes(named) === (block === undefined) && Number(block ?? 0) < blocks;
  if (fits) return { block: block === undefined ? undefined : Number(block), name: named };
  const list = known.map((name) => siteText({ block: outside.includes(name) ? undefined : 0, name }));
  throw new RequestError(
    `there is no site ${JSON.stringify(text)}; the model has ${blocks} blocks and the sites ${list.join(", ")}`,
  );
}

/** What is asked of a model. */
export interface ActivationsRequest {
  readonly architecture: Architecture;
  readonly weights: WeightSource;
  readonly sites: readonly Site[];
  /** What edits make of each site; a site's representation is what they leave. */
  readonly edit?: EditHook;
}

/**
 * The program that gives, of rows that are fed as the run `tail`, `hidden_states.0` to `hidden_states.<blocks>` [batch,
 * tail, width], `logits` [batch, tail, vocabulary] (of a head that scores whole rows [batch, classes]) and the sites by
 * their texts.
 */
export function activationsProgram({ architecture, weights, sites, edit }: ActivationsRequest): Program {
  const wanted = new Map(sites.map((site) => [siteText(site), site]));
  const outputs: Record<string, Value> = {};
  const hook: EditHook = (site, hidden, projection) => {
    const edited = edit === undefined ? hidden : edit(site, hidden, projection);
    const text = siteText(site);
    if (wanted.has(text)) outputs[text] = edited;
    return edited;
  };
  const masks = architecture.places.causal ? 1 : "batch";
  const segment = runInputs(architecture, { name: "tail", batch: "batch", masks });
  const { hiddenStates } = architecture.forward({ ...segment, edit: hook }, weights);
  hiddenStates.slice(0, -1).forEach((hidden, index) => outputs[hiddenStateName(index)] = hidden);
  const last = hiddenStates[hiddenStates.length - 1] as Value;
  const { lastHiddenState } = architecture;
  outputs[hiddenStateName(hiddenStates.length - 1)] = lastHiddenState === "finished"
    ? architecture.finish(last, weights, hook)
    : last;
  const rows = o.reshape(last, [elementCount(last.shape.slice(0, -1)), last.shape[2]!]);
  const logits = architecture.logits(rows, weights, hook);
  outputs["logits"] = o.reshape(logits, [...last.shape.slice(0, -1), logits.shape[1]!]);
  return simplify({ name: "activations", outputs });
}
