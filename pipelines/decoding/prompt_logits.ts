/** What a model expects after each token of a prompt. @module */
import { exampleFeeds } from "../compile/rows/feeds.ts";
import { indexFeeds } from "../compile/rows/labels.ts";
import { groupExtents, layOut } from "../compile/rows/laid_out_rows.ts";
import { copyTensors } from "../compile/parameters/initial.ts";
import type { TokenizedPrompt } from "../data/examples.ts";
import { type Generator, logitsOf } from "./continuation.ts";

/** Of so many tokens the logits are there at once. */
const atOnce = 256;

/**
 * Reads a prompt and gives the logits of what follows each of its tokens, in order.
 *
 * @param take Gets the logits that follow the prompt's token at an index; they are there for the call alone.
 */
export async function readPromptLogits(
  { architecture, adaptations, tensors, prefill: { session, layout, kept } }: Generator,
  prompt: TokenizedPrompt,
  take: (logits: Float32Array, at: number) => void,
): Promise<void> {
  const row = layOut({ ...prompt, completion: [] }, layout), length = row.tail.length;
  for (let start = 0; start < length; start += atOnce) {
    const places = Array.from({ length: Math.min(atOnce, length - start) }, (_, at) => start + at);
    const { outputs } = await (await session()).run({
      ...exampleFeeds([row], layout, architecture, adaptations),
      ...kept([prompt]),
      ...copyTensors(tensors),
      ...indexFeeds([places], groupExtents([row]).tail),
    });
    const logits = logitsOf(outputs["logits"]!);
    places.forEach((place, at) => take(logits(at), place));
  }
}
