/**
 * Matrix products that one kernel can compute: those of one operand by weights whose bytes lie one after the other. With
 * few rows a product takes less time than starting its kernel on all threads, so that fewer and larger ones are faster.
 *
 * @module
 */
import type { WeightLocation } from "../onnx/model.ts";
import { isLeaf, leafName, type Program, type Value, valuesOf } from "../program/program.ts";
import { isOperation } from "../table/mod.ts";
import { joinableLeaves } from "../table/product.ts";

/** A product, with the leaves of its weight. */
interface Candidate {
  readonly product: Value;
  readonly leaves: readonly WeightLocation[];
  /** Equal for products that a kernel can compute together, apart from where their weights lie. */
  readonly kind: string;
}

/**
 * The products of one token per row that are computed together, in the order of their weights' bytes.
 *
 * @returns For each such product, all that are computed with it, itself included.
 */
export function joinedProducts(
  program: Program,
  locate: (name: string) => WeightLocation,
): ReadonlyMap<Value, readonly Value[]> {
  const byOperand = new Map<Value, Candidate[]>();
  for (const product of valuesOf(program)) {
    if (!isOperation(product) || product.op !== "matmul") continue;
    const [x, weight] = product.inputs as readonly [Value, Value],
      { transposeA, transposeB, alpha } = product.attributes;
    if (transposeA || !transposeB || alpha !== 1 || x.shape[x.shape.length - 2] !== 1 || isLeaf(x)) continue;
    const leaves = joinableLeaves(weight);
    if (leaves === undefined) continue;
    const kind = JSON.stringify([weight.op, weight.shape[1], ...leaves.map(({ dtype }) => dtype)]);
    const candidate = { product, kind, leaves: leaves.map((leaf) => locate(leafName(leaf))) };
    byOperand.getOrInsertComputed(x, () => []).push(candidate);
  }
  const runs = [...byOperand.values()].flatMap(adjacent).filter(({ length }) => length > 1);
  return new Map(runs.flatMap((run) => {
    const products = run.map(({ product }) => product);
    return products.map((product) => [product, products] as const);
  }));
}

/** Products of one operand in runs of those whose weights' bytes lie one after the other. */
function adjacent(candidates: readonly Candidate[]): readonly (readonly Candidate[])[] {
  const runs: Candidate[][] = [];
  for (const candidate of candidates.toSorted((a, b) => a.leaves[0]!.offset - b.leaves[0]!.offset)) {
    const run = runs.at(-1), before = run?.at(-1);
    if (before !== undefined && follows(before, candidate)) run!.push(candidate);
    else runs.push([candidate]);
  }
  return runs;
}

function follows(before: Candidate, after: Candidate): boolean {
  return before.kind === after.kind && before.leaves.every(({ location, offset, length }, leaf) => {
    const next = after.leaves[leaf]!;
    return next.location === location && next.offset === offset + length;
  });
}
