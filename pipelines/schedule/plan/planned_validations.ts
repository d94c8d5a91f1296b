/** How much arithmetic the validations of trainings take. @module */
import { headOf } from "../../compile/lower/adaptation.ts";
import { headProgram, scoreProgram } from "../../compile/programs/inference_programs.ts";
import { layOut } from "../../compile/rows/laid_out_rows.ts";
import { wholeRows } from "../../compile/rows/layout.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import { writtenOf } from "../../decoding/kinds.ts";
import { metricOf } from "../../metrics/mod.ts";
import { rowFlops } from "../encode/flops.ts";
import type { PreparedEvaluation } from "../prepare/prepared.ts";
import type { TrainJob } from "../train/train_job.ts";
import { validationCount } from "../train/validations.ts";

/** Floating-point operations of all validations of a training: forward passes over whole rows, and at most all that is written. */
export function validationFlops({ stage, compiled }: TrainJob): number {
  if (stage.validation === undefined) return 0;
  const { evaluation } = stage.validation, { model: { architecture }, adaptations } = evaluation;
  const layout = wholeRows(architecture, adaptations);
  const program = (headOf(adaptations) === undefined ? scoreProgram : headProgram)(compiled, layout);
  const passes = readings(evaluation).map((examples) => {
    const rows = examples.map((example) => layOut(example, layout));
    return rows.length === 0 ? 0 : rows.length * rowFlops(program, rows);
  });
  return validationCount(stage) * passes.reduce((sum, flops) => sum + flops, 0);
}

/** All that one validation reads and writes, as rows whose completions are read. */
function readings(
  { examples, choices, spec, adaptations }: PreparedEvaluation,
): readonly (readonly TokenizedExample[])[] {
  if (headOf(adaptations) !== undefined) return [examples];
  const { newTokens, copies } = writtenOf(spec.decoding);
  const scores = spec.metrics.some((metric) => metricOf(metric).measures.texts?.(metric).reads === "scores");
  const written = examples.map((example) => ({ ...example, completion: new Array<number>(newTokens).fill(0) }));
  return [
    ...scores ? [examples] : [],
    ...newTokens > 0 ? new Array<readonly TokenizedExample[]>(copies).fill(written) : [],
    (choices ?? []).flat().flatMap(({ example, unconditional }) => [example, ...unconditional ? [unconditional] : []]),
  ];
}
