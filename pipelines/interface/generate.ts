/** Generates text with a model from a program. @module */
import { requireCall } from "../dsl/calls.ts";
import type { ModelSpec } from "../spec/mod.ts";
import { type GenerateOptions, requireGenerateOptions } from "./generate_options.ts";
import type { RunMember } from "./opened_run.ts";
import type { Prompt } from "./prompt.ts";

/**
 * What a model generates after a prompt: the next turn of a conversation if the model has a chat template, otherwise
 * the prompt's continuation.
 *
 * @param model A model with any edits, or a member of a run with its trained edits.
 * @returns The text, without special tokens.
 * @throws {RequestError} If the model, the prompt or an option is invalid, or the model has no room for the prompt.
 *
 * @example A model's answer, and those of a trained member
 * ```ts
 * import assert from "node:assert/strict";
 * import { baseModel, generate, greedy, type OpenedRun } from "refract";
 *
 * const store = await Deno.makeTempDir();
 * const answer = await generate(baseModel("builtin:tiny"), "the lion is", {
 *   decoding: greedy({ maxNewTokens: 3 }),
 *   store,
 *   threads: 1,
 * });
 * assert.equal(typeof answer, "string");
 * await Deno.remove(store, { recursive: true });
 *
 * async function compare(run: OpenedRun, prompt: string): Promise<string[]> {
 *   return await Promise.all(run.members.map((member) => generate(member, prompt)));
 * }
 * assert.equal(typeof compare, "function");
 * ```
 */
export async function generate(
  model: ModelSpec | RunMember,
  prompt: Prompt,
  options: GenerateOptions = {},
): Promise<string> {
  requireCall("generate", arguments);
  requireGenerateOptions(options);
  // Imported here because a pipeline file imports this module, and declares without what runs models.
  const { generateText } = await import("./generate_text.ts");
  return await generateText(model, prompt, options);
}
