/** The peer's work, counted by formula. @module */
import type { Architecture } from "../../pipelines/models/architecture/architecture.ts";
import { batchSize, type Setting } from "./jobs.ts";

/**
 * The floating-point operations of the peer's matrix products in all steps of one epoch; a multiply-add counts two.
 *
 * Each batch is padded to its longest row, of n tokens. Forward, every token passes all blocks (two operations a
 * weight, and 4·n·heads·headWidth for its scores and their sum over the values) and the head (whose logits are
 * computed for all tokens). Backward, the head and the blocks above the lowest edit compute the gradient of their input
 * (as much again, and twice as much for attention, which has two operands); frozen weights get none. So does the lowest
 * block with LoRA, except for its query, key and value projections, below which nothing is trained. The edits and
 * adapters themselves are not counted.
 *
 * @param lengths The rows' tokens in file order.
 */
export function peerFlops(architecture: Architecture, { kind, blocks }: Setting, lengths: readonly number[]): number {
  const { width, vocabularySize, heads } = architecture;
  const lowest = blocks === "all" ? 0 : Math.min(...blocks);
  const linear = 2 * blockWeights(architecture), head = 2 * width * vocabularySize;
  const projections = 2 * blockWeights(architecture, /\.self_attn\.[qkv]_proj\./);
  const above = architecture.blocks - 1 - lowest;
  let flops = 0;
  for (let start = 0; start < lengths.length; start += batchSize) {
    const batch = lengths.slice(start, start + batchSize);
    const longest = Math.max(...batch);
    const attention = 4 * longest * heads.heads * heads.headWidth;
    const forward = architecture.blocks * (linear + attention) + head;
    const throughLowest = kind === "lora" ? linear - projections + 2 * attention : 0;
    const backward = above * (linear + 2 * attention) + throughLowest + head;
    flops += batch.length * longest * (forward + backward);
  }
  return flops;
}

/** The elements of one block's matrices, or of those whose names match. */
function blockWeights({ weights }: Architecture, names = /./): number {
  return [...weights].filter(([name]) => name.startsWith("model.layers.0.") && names.test(name))
    .filter(([, shape]) => shape.length === 2)
    .reduce((sum, [, shape]) => sum + shape.reduce((product, extent) => product * extent, 1), 0);
}
