/**
 * A training as programs: what to encode once, and what every step runs.
 *
 * @module
 */
import type { RowList } from "../../common/row_list.ts";
import { bytesOf, isWidenedWeight, peakBytes, programFlops } from "../../../ops/passes/cost.ts";
import { addDimensions, type Bindings, evaluateDimension } from "../../../ops/program/dimension.ts";
import { leafName, leavesOf, type Program, type Value, valuesOf } from "../../../ops/program/program.ts";
import type { TensorShape } from "../programs/optimizer_step.ts";
import type { Stepping } from "../programs/stepping.ts";
import { substitute } from "../../../ops/passes/rewrite.ts";
import { fitActivations, usualActivations, withBoundaries } from "../programs/activation_budget.ts";
import { cut, type CutProgram, fedFor } from "./cut.ts";
import type { LaidOutRow } from "../rows/laid_out_rows.ts";
import { runsContext } from "./memory_budget.ts";
import { type Layout, type SegmentName, segmentNames } from "../rows/layout.ts";
import type { CompiledModel } from "../programs/forward.ts";
import { trainingPrograms, trainProgram } from "../programs/training_programs.ts";
import { lengthsOf, longest, type RowLengths, total } from "../rows/row_lengths.ts";

/** The compiled programs of a training, and the values that the encode program provides for them. */
export interface CompiledTraining extends Omit<CutProgram, "program"> {
  /** Loss and gradients of a group of rows; the gradients are added to those fed. */
  readonly accumulate: Program;
  /** One step of the optimizer with the gradients fed. */
  readonly update: Program;
  /** Both in one program, for steps whose rows all run together. */
  readonly train: Program;
  readonly save: Program;
  /** Names and shapes of the trainable tensors. */
  readonly parameters: readonly TensorShape[];
  /** The optimizer's state of these, which starts at 0. */
  readonly state: readonly TensorShape[];
  /** Whether a step runs over the context itself, not only over values kept from it. */
  readonly readsContext: boolean;
  /** Whether a step also runs over the tokens that all rows share. */
  readonly readsShared: boolean;
  /** The cost of one more run of the program, in tokens of the tail. */
  readonly runOverhead: number;
  /** The memory of a run's activations, in bytes per token of the tail. */
  readonly activationBytes: number;
  /** The cost of a token of the context, in tokens of the tail. */
  readonly contextWeight: number;
  /** How many blocks a step recomputes for the gradient, so that the activations of the longest row fit. */
  readonly recomputedBlocks: number;
}

/** The cost of a row in a step, in tokens of the tail. */
export function rowWork(
  { tail, context }: Pick<RowLengths, "tail" | "context">,
  row: number,
  { contextWeight }: Pick<CompiledTraining, "contextWeight">,
): number {
  return tail[row]! + contextWeight * context[row]!;
}

/** A context token costs only its keys' and values' share of attention, unless a step runs an encoder over it. */
const keyValueWeight = 0.02;

// Rough rates of one core, used only to weigh an additional run against padding.
const flopsPerSecond = 1e11;
const bytesPerSecond = 1e10;
const secondsPerOperation = 5e-6;
const widenedBytesPerSecond = 5e9;

/** However few its rows, a run starts every operation, reads every weight from memory and widens 16-bit weights. */
function runOverhead(program: Program, typical: Bindings, length: number): number {
  const values = valuesOf(program);
  const bytes = (list: readonly Value[]) => evaluateDimension(addDimensions(...list.map(bytesOf)), {});
  const weights = values.filter(({ op }) => op === "weight" || op === "parameter");
  // Once for the forward pass, once for the backward pass.
  const widened = 2 * bytes(values.filter(isWidenedWeight));
  const fixed = values.length * secondsPerOperation + bytes(weights) / bytesPerSecond + widened / widenedBytesPerSecond;
  const flops = evaluateDimension(programFlops(program).matmul, typical);
  return fixed * flopsPerSecond * length / flops;
}

function reads(program: Program, segment: SegmentName): boolean {
  return leavesOf(program, "input").some((leaf) => leafName(leaf).startsWith(`${segment}.`));
}

/**
 * The programs of a training, cut at the frozen frontier.
 *
 * @param cutAt Cuts the program of a step; by default where the cost is lowest.
 * @param mostActivations The maximum memory of the longest row's activations, in bytes.
 */
export function compileTraining(
  model: CompiledModel,
  layout: Layout,
  stepping: Stepping,
  rows: RowList<LaidOutRow>,
  cutAt: (program: Program) => CutProgram = (program) => cut(program, typicalExtents(rows)),
  mostActivations: number = usualActivations,
): CompiledTraining {
  const whole = trainingPrograms(model, layout, stepping), typical = typicalExtents(rows);
  const { kept, recomputed, bytePrice } = cutAt(whole.accumulate), fed = fedFor(kept);
  const rest = withBoundaries(whole.accumulate, whole.boundaries, (program) => substitute(program, fed));
  const longest = longestExtents(rows);
  const { program: accumulate, recomputedBlocks } = fitActivations(
    rest.program,
    rest.boundaries,
    longest,
    mostActivations,
  );
  const { tail = 1, context = 0 } = typical;
  const runsEncoder = model.architecture.encoder !== undefined && runsContext(accumulate);
  const length = runsEncoder ? tail + context : tail;
  return {
    accumulate,
    update: whole.update,
    train: trainProgram({ ...whole, accumulate }),
    save: whole.save,
    parameters: whole.parameters.map((value) => ({ name: leafName(value), shape: value.shape as readonly number[] })),
    state: whole.state,
    readsContext: reads(accumulate, "context"),
    readsShared: reads(accumulate, "shared"),
    kept,
    recomputed,
    bytePrice,
    runOverhead: runOverhead(accumulate, typical, length),
    activationBytes: peakBytes(accumulate, typical) / length,
    contextWeight: runsEncoder ? 1 : keyValueWeight,
    recomputedBlocks,
  };
}

/** The mean extents of rows, for estimating costs. */
export function typicalExtents(rows: RowList<LaidOutRow>): Bindings {
  return extentsOf(rows, (lengths) => Math.max(1, Math.round(total(lengths) / rows.length)));
}

/** The extents of a row whose segments are each as long as the longest. */
export function longestExtents(rows: RowList<LaidOutRow>): Bindings {
  return extentsOf(rows, (lengths) => Math.max(1, longest(lengths)));
}

function extentsOf(rows: RowList<LaidOutRow>, of: (lengths: Uint32Array) => number): Bindings {
  const lengths = lengthsOf(rows);
  return {
    batch: 1,
    ...Object.fromEntries(segmentNames.map((name) => [name, of(lengths[name])])),
    labelled: of(lengths.labels),
  };
}
