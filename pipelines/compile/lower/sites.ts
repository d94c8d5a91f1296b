/** Resolving a declared site in a model: its stack, blocks, columns, and the run of tokens there. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import type { EditedModel, SiteName, SiteShape, StackName } from "../../models/architecture/architecture.ts";
import { suggest } from "../../common/suggest.ts";
import type { Blocks, Resolved, SiteSpec } from "../../spec/mod.ts";

/** One stack of blocks. */
export type Stack = Pick<EditedModel, "blocks" | "sites">;

/**
 * The stack that a declared site belongs to.
 *
 * @throws {RequestError} If the model has two stacks and the site names none, or it has one and the site names one.
 */
export function stackOf(model: EditedModel, name: StackName | undefined): Stack {
  if (model.encoder === undefined) {
    if (name === undefined) return model;
    throw new RequestError(`the model has one stack of blocks; write its sites without ${name}, as in block(0).output`);
  }
  if (name === undefined) {
    throw new RequestError(
      "the model has an encoder and a decoder; choose one, as in encoder.block(0).output or " +
        "decoder.block(0).output",
    );
  }
  return name === "encoder" ? model.encoder : model;
}

/** The run of tokens at a site: the context if an encoder reads them. */
export function runOfSite(
  { stack, site }: { readonly stack?: StackName | undefined; readonly site: SiteName },
): "context" | "tail" {
  const isEncoded = stack === "encoder" || site === "crossAttention.key" || site === "crossAttention.value";
  return isEncoded ? "context" : "tail";
}

/** The columns of the representation at a site: all, or one head's. */
export function columnsOfSite(
  { site, head }: Resolved<SiteSpec>,
  { sites }: Stack,
): { readonly width: number; readonly head?: number } {
  const shape: SiteShape | undefined = ownValue<SiteShape | undefined>(sites, site);
  if (shape === undefined) {
    throw new RequestError(`the model has no site ${site}; ${suggest(site, Object.keys(sites))}`);
  }
  if (shape.heads === undefined) return { width: shape.width };
  if (head === undefined || !Number.isInteger(head) || head < 0 || head >= shape.heads) {
    throw new RequestError(`head ${head} does not exist; the model has heads 0 to ${shape.heads - 1}`);
  }
  return { width: shape.width / shape.heads, head };
}

/**
 * The declared blocks, in the order given.
 *
 * @throws {RequestError} If one does not exist or is named twice.
 */
export function blocksOf(blocks: Resolved<Blocks>, count: number): readonly number[] {
  if (blocks === "all") return Array.from({ length: count }, (_, block) => block);
  const listed = typeof blocks === "number" ? [blocks] : blocks;
  if (listed.length === 0) throw new RequestError('an edit names no block; give at least one, or "all"');
  for (const [at, block] of listed.entries()) {
    if (!Number.isInteger(block) || block < 0 || block >= count) {
      throw new RequestError(`block ${block} does not exist; the model has blocks 0 to ${count - 1}`);
    }
    if (listed.indexOf(block) !== at) throw new RequestError(`block ${block} is named twice; name each block once`);
  }
  return listed;
}
