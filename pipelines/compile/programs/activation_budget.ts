/**
 * Training under a budget for activations: how many blocks are computed again for the gradient, so that a row's longest
 * run fits.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import { peakBytes } from "../../../ops/passes/cost.ts";
import type { Bindings } from "../../../ops/program/dimension.ts";
import type { Program, Value } from "../../../ops/program/program.ts";
import { type Boundary, recomputableRuns, recompute } from "../../../ops/passes/recompute.ts";

/**
 * What the activations of one row may take if nobody says, in bytes. A machine of 8 GB has room for them beside the
 * models that it can train, and only long prompts should pay for computing blocks again, which makes their part of a
 * step half as long again. It is not the memory that is free: that would decide the program, and with it whether an
 * earlier result is found.
 */
export const usualActivations = 2e9;

/** A program whose blocks are computed again, as far as need be. */
interface FittedProgram {
  readonly program: Program;
  /** How many blocks are computed again. */
  readonly recomputedBlocks: number;
}

/**
 * The program with as few of its blocks computed again as it takes for its activations to fit a budget; with all, if no
 * number does.
 *
 * @param extents Those of the longest row.
 * @param most The budget in bytes.
 */
export function fitActivations(
  program: Program,
  boundaries: readonly Boundary[],
  extents: Bindings,
  most: number,
): FittedProgram {
  const at = (blocks: number) => blocks === 0 ? program : recompute(program, boundaries, blocks);
  const fits = (blocks: number) => peakBytes(at(blocks), extents) <= most;
  if (fits(0)) return { program, recomputedBlocks: 0 };
  let tooFew = 0, enough = recomputableRuns(program, boundaries);
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (fits(middle)) enough = middle;
    else tooFew = middle;
  }
  return { program: at(enough), recomputedBlocks: enough };
}

/** A program changed by a pass, with what its boundaries are then. */
export function withBoundaries(
  program: Program,
  boundaries: readonly Boundary[],
  pass: (program: Program) => Program,
): { readonly program: Program; readonly boundaries: readonly Boundary[] } {
  const values = boundaries.map(({ state, cotangent }, index): [string, Value][] => {
    const named: [string, Value][] = [[`state ${index}`, state]];
    return cotangent === undefined ? named : [...named, [`cotangent ${index}`, cotangent]];
  });
  const { name, outputs } = pass({ ...program, outputs: { ...program.outputs, ...Object.fromEntries(values.flat()) } });
  return {
    program: {
      name,
      outputs: Object.fromEntries(Object.keys(program.outputs).map((each) => [each, ownValue(outputs, each)!])),
    },
    boundaries: boundaries.map((_, index) => {
      return { state: outputs[`state ${index}`]!, cotangent: outputs[`cotangent ${index}`] };
    }),
  };
}
