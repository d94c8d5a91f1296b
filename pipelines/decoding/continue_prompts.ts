/** Continuing prompts of one model, each until it is done. @module */
import type { TokenizedPrompt } from "../data/examples.ts";
import type { Generator } from "./continuation.ts";
import { Engine } from "./engine.ts";
import type { Writer } from "./writer.ts";

/**
 * Lets every writer continue its prompt. A prompt leaves the batch when its writer is done, and the next one takes its
 * place; the first ones begin.
 *
 * @param writers One a prompt.
 * @param rows The most rows that are written at once; as many as there are if omitted.
 */
export async function continuePrompts(
  generator: Generator,
  prompts: readonly TokenizedPrompt[],
  writers: readonly Writer[],
  rows = Infinity,
): Promise<void> {
  const engine = new Engine({
    rows,
    // A pass over one prompt reads all weights, as one over several does.
    leastFree: rows === Infinity ? 1 : Math.ceil(rows / 4),
    promptTokens: Infinity,
    keyValueBytes: generator.mostKeyValueBytes,
  });
  const ends = prompts.map((prompt, at) => engine.write({ generator, prompt, writer: writers[at]! }));
  // All are waited for, so that nothing is written any more when one has failed.
  const [failed] = (await Promise.allSettled(ends)).filter((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
