/**
 * Training under a memory budget for activations: how many blocks are recomputed for the gradient, so that the longest
 * row's run fits.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import { peakBytes } from "../../../ops/passes/cost.ts";
import type { Bindings } from "../../../ops/program/dimension.ts";
import type { Program, Value } from "../../../ops/program/program.ts";
import { type Boundary, recomputableRuns, recompute } from "../../../ops/passes/recompute.ts";

/**
 * The default budget for one row's activations, in bytes. A machine with 8 GB has room for them next to the models that
 * it can train, and only long prompts should pay for recomputing blocks, which makes these blocks' part of a step 1.5
 * times as long. The budget does not depend on free memory, since that would change the program, and with it whether an
 * earlier result is found.
 */
export const usualActivations = 2e9;

/** A program with as many blocks recomputed as necessary. */
interface FittedProgram {
  readonly program: Program;
  /** How many blocks are recomputed. */
  readonly recomputedBlocks: number;
}

/**
 * The program with the fewest blocks recomputed for its activations to fit into a budget; with all blocks recomputed if
 * none fits.
 *
 * @param extents The extents of the longest row.
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

/** A program changed by a pass, with its new boundaries. */
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
