/**
 * Whether declarations are what their types say. Pipeline files run without a type check, and a setting whose name is
 * misspelt would otherwise be passed over.
 *
 * @module
 */
import { among } from "../../common/checks.ts";
import type { Resolved, StageSpec } from "../../spec/mod.ts";
import { stageSettings } from "./stage_checks.ts";

const stage = among("what train(…), evaluate(…) or activations(…) gave", stageSettings);

/**
 * Checks a stage down to the last setting; bounds that depend on the model are not looked at.
 *
 * @throws {RequestError} If a setting is missing, unknown, or no value that it can have.
 */
export function validate(name: string, declared: Resolved<StageSpec>): void {
  stage(declared, name);
}
