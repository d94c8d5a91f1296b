/**
 * Cutting under a budget: how many bytes a stage may keep of its rows.
 *
 * Kept bytes get dearer until what is worth keeping fits: their price is the Lagrange multiplier of the budget, and what
 * the cheapest cut keeps never grows with it. From all keys and values the way leads over those of the lower blocks alone,
 * with a hidden state for the others to be made of, and hidden states alone, to nothing.
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

/** What kept bytes cost more from one try to the next, until they fit. */
const raise = 8;
/** Halvings of the last raise, on a logarithmic scale: the price is then within 1 % of the least that fits. */
const halvings = 8;
/** No frozen value is worth this. */
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

/** How much of what is constant a training keeps, from the least on. */
export type KeptLevel = "nothing" | "hidden states" | "keys and values";

/**
 * What a cut program keeps. With hidden states alone every step makes the context's keys and values of them, or has no
 * context.
 */
export function keptLevel(program: Program, kept: readonly KeptValue[]): KeptLevel {
  if (kept.length === 0) return "nothing";
  const isOfContext = kept.some(({ value }) => ofContext(value.shape));
  return isOfContext && !runsContext(program) ? "keys and values" : "hidden states";
}

/** Whether a program makes something of the context's tokens with the model's weights. */
export function runsContext(program: Program): boolean {
  return valuesOf(program).some(({ op, inputs, shape }) =>
    op === "matmul" && ofContext(shape) && inputs.some((operand) => operand.op === "weight" || isWidenedWeight(operand))
  );
}

function ofContext(shape: Shape): boolean {
  const symbols = shapeSymbols(shape);
  return symbols.has("context") || symbols.has("shared");
}
