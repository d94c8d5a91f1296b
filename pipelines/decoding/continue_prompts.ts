/** Continuing the prompts of one model, each until it is done. @module */
import type { TokenizedPrompt } from "../data/examples.ts";
import type { Generator } from "./continuation.ts";
import { engineOf, EngineShare } from "./engine_share.ts";
import type { Writer } from "./writer.ts";

/**
 * Has every writer continue its prompt, in order. A prompt leaves the batch when its writer is done, and the next one
 * takes its place.
 *
 * @param writers One per prompt.
 * @param share The engine to use; if omitted, all prompts are decoded at once, as far as memory allows.
 */
export async function continuePrompts(
  generator: Generator,
  prompts: readonly TokenizedPrompt[],
  writers: readonly Writer[],
  share = new EngineShare(engineOf(Infinity, generator.mostKeyValueBytes)),
): Promise<void> {
  await share.write(prompts.map((prompt, at) => ({ generator, prompt, writer: writers[at]! })));
}
