import { located } from "../places.ts";
import type { AdaptationSpec, BaseModelSpec, Blocks, ModelSpec, SiteSpec, Sweepable } from "../spec.ts";
import { withMethods } from "./methods.ts";

/** A model with what is to be learned of it. */
export interface Model extends ModelSpec {
  /** The model with further edits, applied after those it has. */
  with(...edits: readonly Sweepable<AdaptationSpec>[]): Model;
}

/** Settings of a base model. */
export interface BaseModelOptions {
  /** A branch, tag or commit of a Hugging Face repository; `main` if left out. */
  readonly revision?: string;
}

/**
 * The frozen model that edits are made to.
 *
 * @param source A Hugging Face id (`"owner/name"`), a folder (absolute, or relative to the pipeline file), or
 * `"builtin:tiny"`.
 */
export function baseModel(source: Sweepable<string>, options: BaseModelOptions = {}): Model {
  return modelOf(located({ ...options, kind: "baseModel", source }), []);
}

function modelOf(base: BaseModelSpec, edits: readonly Sweepable<AdaptationSpec>[]): Model {
  const data: ModelSpec = { kind: "model", base, edits };
  return withMethods(data, {
    with: (...more: readonly Sweepable<AdaptationSpec>[]) => modelOf(base, [...edits, ...more]),
  });
}

/** The sites of some blocks. */
export interface BlockSites {
  /** The residual stream behind the block [batch, tokens, width]. */
  readonly output: SiteSpec;
}

/**
 * Blocks by number (from 0), in the order given, or all of them.
 *
 * @example
 * ```ts
 * import { block, loreft } from "refract";
 *
 * loreft({ at: block([10, 15]).output, positions: "l1", rank: 4 });
 * ```
 */
export function block(blocks: Sweepable<Blocks>): BlockSites {
  return { output: located({ blocks, site: "block.output" }) };
}
