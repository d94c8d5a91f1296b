/**
 * Checks that declarations are what their types say. Pipeline files run without a type check, and a misspelt setting
 * would otherwise be ignored.
 *
 * @module
 */
import { among } from "../../common/checks.ts";
import type { Resolved, StageSpec } from "../../spec/mod.ts";
import { stageSettings } from "./stage_checks.ts";

const stage = among("the result of train(…), evaluate(…) or activations(…)", stageSettings);

/**
 * Checks a stage down to the last setting, except for bounds that depend on the model.
 *
 * @throws {RequestError} If a setting is missing, unknown or has an invalid value.
 */
export function validate(name: string, declared: Resolved<StageSpec>): void {
  stage(declared, name);
}
