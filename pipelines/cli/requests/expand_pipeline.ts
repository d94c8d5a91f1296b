/** Expands the members of a pipeline that a program has declared. @module */
import { declaringInto } from "../../common/declared.ts";
import { RequestError } from "../../common/errors.ts";
import { locationOf } from "../../common/source_location.ts";
import { quote } from "../../common/suggest.ts";
import type { Overrides } from "../../recipes/overrides.ts";
import { expand } from "../../schedule/expand/expand.ts";
import type { Expansion } from "../../schedule/expand/member.ts";
import type { Pipeline } from "../../spec/mod.ts";

/**
 * Expands the members of a pipeline that a program has declared.
 *
 * @throws {RequestError} If the pipeline is invalid, or an override names nothing in it.
 */
export function expandPipeline(pipeline: Pipeline, overrides: Overrides): Expansion {
  requireName(pipeline);
  const declared = new Set<object>();
  return declaringInto(declared, () => expand(pipeline, overrides, new Map(), declared));
}

/**
 * Requires that a pipeline's name can be a folder's name.
 *
 * @throws {RequestError} If it cannot.
 */
export function requireName(pipeline: Pipeline, file?: string): void {
  if (/^\w[\w.-]*$/.test(pipeline.name)) return;
  const problem = `the pipeline's name ${quote(pipeline.name)} is not a file name; use letters, digits, -, . and _`;
  throw new RequestError(problem, locationOf(pipeline) ?? (file === undefined ? undefined : { file }));
}
