/**
 * What a command runs: a pipeline file, or a recipe that names one. Options win over the recipe.
 *
 * @module
 */
import type { Provider } from "../../../ops/onnx/model.ts";
import { overridesOfOptions } from "../../recipes/overrides.ts";
import { isRecipePath, readRecipe, type Recipe } from "../../recipes/recipe.ts";
import { redirect, type Redirected } from "../../schedule/expand/redirect.ts";
import type { Member } from "../../schedule/expand/member.ts";
import { callerPath } from "./caller_paths.ts";
import { type LoadedPipeline, loadPipeline } from "./load_pipeline.ts";

/** The options that a recipe has as well. */
interface RequestOptions {
  readonly set: ReadonlyMap<string, readonly string[]>;
  readonly threads: number | undefined;
  readonly provider: Provider | undefined;
}

/** A pipeline with all that it is to be run with. */
export interface Request extends LoadedPipeline, Redirected {
  /** The members as the pipeline declares them, before data and models were redirected. */
  readonly declared: readonly Member[];
  readonly recipe: Recipe | undefined;
  readonly threads: number;
  readonly provider: Provider;
}

/**
 * Loads a pipeline file or a recipe.
 *
 * @throws {RequestError} As of {@linkcode loadPipeline}, {@linkcode readRecipe} and {@linkcode redirect}.
 */
export async function loadRequest(path: string, options: RequestOptions): Promise<Request> {
  const recipe = isRecipePath(path) ? await readRecipe(callerPath(path)) : undefined;
  const overrides = new Map([...recipe?.set ?? [], ...overridesOfOptions(options.set)]);
  const loaded = await loadPipeline(recipe?.pipeline ?? path, overrides);
  return {
    ...loaded,
    ...await redirect(loaded.expansion, loaded.base, recipe ?? {}),
    declared: loaded.expansion.members,
    recipe,
    threads: options.threads ?? recipe?.threads ?? navigator.hardwareConcurrency,
    provider: options.provider ?? recipe?.provider ?? "cpu",
  };
}
