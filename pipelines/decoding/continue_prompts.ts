/** Continuing the prompts of one model, each until it is done. @module */
import type { TokenizedPrompt } from "../data/examples.ts";
import type { Generator } from "./continuation.ts";
import { Engine } from "./engine.ts";
import type { Writer } from "./writer.ts";

/**
 * Has every writer continue its prompt, in order. A prompt leaves the batch when its writer is done, and the next one
 * takes its place.
 *
 * @param writers One per prompt.
 * @param rows The maximum number of rows that are decoded at once; all of them if omitted.
 */
export async function continuePrompts(
  generator: Generator,
  prompts: readonly TokenizedPrompt[],
  writers: readonly Writer[],
  rows = Infinity,
): Promise<void> {
  const engine = new Engine({
    rows,
    // The prefill of one prompt reads all weights, like that of several.
    leastFree: rows === Infinity ? 1 : Math.ceil(rows / 4),
    promptTokens: Infinity,
    keyValueBytes: generator.mostKeyValueBytes,
  });
  const ends = prompts.map((prompt, at) => engine.write({ generator, prompt, writer: writers[at]! }));
  // Wait for all, so that nothing is still being generated when one has failed.
  const [failed] = (await Promise.allSettled(ends)).filter((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
