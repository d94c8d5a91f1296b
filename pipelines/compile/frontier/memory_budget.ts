/**
 * Cutting under a budget of bytes that a stage may keep for its rows.
 *
 * The price of kept bytes is raised until what is worth keeping fits: it is the Lagrange multiplier of the budget, and
 * the cheapest cut never keeps more at a higher price. As the price rises, a stage keeps all keys and values, then
 * those of the lower blocks only, with a hidden state to compute the others from, then hidden states only, then
 * nothing.
 *
 * @module
 */
import type { RowList } from "../../common/row_list.ts";
import { isWidenedWeight } from "../../../ops/passes/cost.ts";
import { type Bindings, type Shape, shapeSymbols } from "../../../ops/program/dimension.ts";
import { type Program, valuesOf } from "../../../ops/program/program.ts";
import { packedBytes } from "./packed_values.ts";
import { cut, type CutProgram, type KeptValue } from "./cut.ts";
import type { LaidOutRow } from "../rows/laid_out_rows.ts";

/** The factor by which the price of kept bytes rises from one attempt to the next, until they fit. */
const raise = 8;
/** Bisections of the last raise on a logarithmic scale: the price is then within 1 % of the lowest that fits. */
const halvings = 8;
/** At this price no frozen value is worth keeping. */
const highest = 8 ** 12;

/**
 * The cheapest cut whose kept values take no more than a budget. Keeping nothing always fits.
 *
 * @param rows All rows of the stage.
 * @param most The budget in bytes.
 */
export function cutWithin(
  program: Program,
  typical: Bindings,
  rows: RowList<LaidOutRow>,
  most: number,
): CutProgram {
  const at = (bytePrice: number) => cut(program, typical, { bytePrice });
  const fits = ({ kept }: CutProgram) => kept.length === 0 || packedBytes(kept, rows) <= most;
  let found = at(1), over = 1;
  while (!fits(found)) {
    over = found.bytePrice;
    found = at(over < highest ? over * raise : Infinity);
  }
  if (found.bytePrice === 1 || found.bytePrice === Infinity) return found;
  for (let halving = 0; halving < halvings; halving++) {
    const middle = at(Math.sqrt(over * found.bytePrice));
    if (fits(middle)) found = middle;
    else over = middle.bytePrice;
  }
  return found;
}

/** How much of the constant values a training keeps, in increasing order. */
export type KeptLevel = "nothing" | "hidden states" | "keys and values";

/**
 * What a cut program keeps. If it keeps only hidden states, every step computes the context's keys and values from
 * them, or there is no context.
 */
export function keptLevel(program: Program, kept: readonly KeptValue[]): KeptLevel {
  if (kept.length === 0) return "nothing";
  const isOfContext = kept.some(({ value }) => ofContext(value.shape));
  return isOfContext && !runsContext(program) ? "keys and values" : "hidden states";
}

/** Whether a program multiplies the context's tokens by the model's weights. */
export function runsContext(program: Program): boolean {
  return valuesOf(program).some(({ op, inputs, shape }) =>
    op === "matmul" && ofContext(shape) && inputs.some((operand) => operand.op === "weight" || isWidenedWeight(operand))
  );
}

function ofContext(shape: Shape): boolean {
  const symbols = shapeSymbols(shape);
  return symbols.has("context") || symbols.has("shared");
}
