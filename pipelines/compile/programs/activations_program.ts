/** A model's activations: hidden states, logits, and the representation at any site. @module */
import { putValue } from "../../../ops/program/own_value.ts";
import { elementCount } from "../../../ops/program/dimension.ts";
import * as o from "../../../ops/operators.ts";
import type { Program, Value } from "../../../ops/program/program.ts";
import { simplify } from "../../../ops/passes/simplify.ts";
import { RequestError } from "../../common/errors.ts";
import type {
  Architecture,
  EditHook,
  Site,
  SiteName,
  StackName,
  WeightSource,
} from "../../models/architecture/architecture.ts";
import type { ModelInputs } from "../../models/inputs/kinds.ts";
import type { Layout } from "../rows/layout.ts";
import type { AtTokens } from "../lower/at_tokens.ts";
import { runOf, runSegments } from "./run_segments.ts";

/**
 * The name of a hidden state, in the order of transformers' `output_hidden_states`; in a model with two stacks, it
 * includes the stack.
 */
export const hiddenStateName = (index: number, stack?: StackName) =>
  `${stack === undefined ? "" : `${stack}_`}hidden_states.${index}`;

const outsideBlocks: readonly SiteName[] = ["embedding.output", "finalNorm.output"];

/**
 * The name of a site on the command line: `block.3.mlp.output`, `block.3.output`, `embedding.output`; in a model with
 * two stacks, `encoder.block.3.output`.
 */
function siteText({ stack, block, name }: Site): string {
  const within = block === undefined ? name : `block.${block}.${name.replace(/^block\./, "")}`;
  return stack === undefined ? within : `${stack}.${within}`;
}

/**
 * Parses the name of a site.
 *
 * @throws {RequestError} If the model has no such site; the message lists those that it has.
 */
export function parseSite(text: string, architecture: Pick<Architecture, "blocks" | "sites" | "encoder">): Site {
  const { encoder } = architecture;
  if (encoder === undefined) return siteOf(text, architecture);
  if (text.startsWith("encoder.")) return siteOf(text, encoder, "encoder");
  if (text.startsWith("decoder.")) return siteOf(text, architecture, "decoder");
  throw new RequestError(
    `the site ${JSON.stringify(text)} does not name its stack; write encoder.${text} or decoder.${text}`,
  );
}

function siteOf(text: string, { blocks, sites }: Pick<Architecture, "blocks" | "sites">, stack?: StackName): Site {
  const known = Object.keys(sites) as SiteName[], ofStack = stack === undefined ? {} : { stack };
  const block = Number(/(?:^|^encoder\.|^decoder\.)block\.(\d+)\./.exec(text)?.[1] ?? 0);
  const all = known.map((name): Site => {
    return { ...ofStack, block: outsideBlocks.includes(name) ? undefined : block, name };
  });
  const found = all.find((site) => siteText(site) === text);
  if (found !== undefined && block < blocks) return found;
  const list = all.map((site) => siteText({ ...site, block: site.block === undefined ? undefined : 0 })).join(", ");
  throw new RequestError(
    `there is no site ${JSON.stringify(text)}; the ${stack ?? "model"} has blocks 0 to ${blocks - 1} and ${list}`,
  );
}

/** A site whose representation, or that of one of its heads, is kept. */
export interface KeptSite extends Site {
  readonly head?: number;
  /** The head's width. */
  readonly width?: number;
}

/** Like {@linkcode siteText}; for a head, for example `block.3.attention.head.2.output`. */
export function keptText(site: KeptSite): string {
  return site.head === undefined ? siteText(site) : siteText(site).replace(/head(?=\.output$)/, `head.${site.head}`);
}

/** The activations to compute. */
interface ActivationsRequest {
  readonly architecture: Architecture;
  readonly weights: WeightSource;
  /** Whether to return the hidden states between the blocks, and the logits. */
  readonly hiddenStates: boolean;
  readonly logits: boolean;
  readonly sites: readonly KeptSite[];
  /** Applies the edits at each site; a site's representation is the edited one. */
  readonly edit?: (atTokens?: AtTokens) => EditHook;
  /** How rows are laid out; each segment must be the last one of its stack. */
  readonly layout: Layout;
}

/**
 * The program that computes, for rows fed as the run `tail`, `hidden_states.0` to `hidden_states.<blocks>` [batch,
 * tail, width], `logits` [batch, tail, vocabulary] (or [batch, classes] for a head that scores whole rows) and the
 * sites by name. An encoder, if any, reads the rows fed as the run `context`, and the hidden states are
 * `encoder_hidden_states.0` … [batch, context, width] and, for the tail, `decoder_hidden_states.0` ….
 *
 * @throws {RequestError} If logits are requested and the checkpoint has no head.
 */
export function activationsProgram(request: ActivationsRequest): Program {
  const { architecture, weights, sites, layout } = request;
  const outputs: Record<string, Value> = {};
  const noting = (edit: EditHook | undefined): EditHook => (site, hidden, projection) => {
    const edited = edit === undefined ? hidden : edit(site, hidden, projection);
    for (const kept of sites) {
      if (kept.stack !== site.stack || kept.block !== site.block || kept.name !== site.name) continue;
      const { head, width = 0 } = kept;
      putValue(
        outputs,
        keptText(kept),
        head === undefined ? edited : o.slice(edited, -1, head * width, (head + 1) * width),
      );
    }
    return edited;
  };
  const edit = noting(request.edit?.());
  const runs = runSegments({ architecture, layout, weights, virtual: [], edit });
  const tail = runOf(runs, "tail"), finished = architecture.finish(tail.last, weights, edit);
  for (const segment of request.hiddenStates ? layout.segments : []) {
    const { hiddenStates, last, finished: ofStack = finished } = runOf(runs, segment.name);
    const named = [...hiddenStates.slice(0, -1), architecture.lastHiddenState === "finished" ? ofStack : last];
    named.forEach((hidden, index) => putValue(outputs, hiddenStateName(index, segment.stack), hidden));
  }
  if (request.logits) outputs["logits"] = logitsOf(request, { ...tail.inputs, last: tail.last, finished });
  return simplify({ name: "activations", outputs });
}

/**
 * The logits of the checkpoint's head, from the last block's rows or from the head's input, each [batch, tail, width].
 */
function logitsOf(
  { architecture, weights, edit }: ActivationsRequest,
  { last, finished, pooling }: Pick<ModelInputs, "pooling"> & { readonly last: Value; readonly finished: Value },
): Value {
  const { family, head, classifier } = architecture, [batch, tokens, width] = last.shape;
  if (typeof head === "object" && classifier !== undefined && pooling !== undefined) {
    const pooled = o.reshape(o.matmul(pooling, finished), [batch!, width!]);
    return classifier.scores(pooled, weights, head.classes);
  }
  const byRow: AtTokens = (x) => o.reshape(x, [elementCount(x.shape.slice(0, 2)), ...x.shape.slice(2)]);
  const logits = architecture.logits?.(byRow(last), weights, edit?.(byRow));
  if (logits !== undefined) return o.reshape(logits, [batch!, tokens!, logits.shape[1]!]);
  throw new RequestError(`the ${family} checkpoint has no head, so it has no logits; omit them`);
}
