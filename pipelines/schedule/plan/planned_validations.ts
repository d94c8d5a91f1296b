/** How much arithmetic the validations of trainings take. @module */
import { headOf } from "../../compile/lower/adaptation.ts";
import { headProgram, scoreProgram } from "../../compile/programs/inference_programs.ts";
import { layOut } from "../../compile/rows/laid_out_rows.ts";
import { wholeRows } from "../../compile/rows/layout.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import { writtenOf } from "../../decoding/kinds.ts";
import { readsScores } from "../../metrics/mod.ts";
import { encodeFlops, rowFlops } from "../encode/flops.ts";
import { cutScoring } from "../evaluate/shared_scores.ts";
import { isWorthKeeping } from "../evaluate/shared_prompts.ts";
import type { RunContext } from "../context/run_context.ts";
import { answeredExamples } from "../prepare/choices.ts";
import type { PreparedEvaluation } from "../prepare/prepared.ts";
import type { TrainJob } from "../train/train_job.ts";
import { validationCount } from "../train/validations.ts";
import { madeOf, type RowList } from "../../common/row_list.ts";

/**
 * Floating-point operations of all validations of a training: passes over rows, whose constant part is encoded once if
 * that pays, plus the longest possible generation.
 */
export function validationFlops({ cacheMemory }: Pick<RunContext, "cacheMemory">, job: TrainJob): number {
  const { stage, compiled, weights } = job;
  if (stage.validation === undefined) return 0;
  const { evaluation } = stage.validation, { of = evaluation.examples.length } = evaluation;
  // A sample stands for all rows.
  const count = validationCount(stage) * of / evaluation.examples.length;
  const { model, adaptations, examples, spec } = evaluation;
  const layout = wholeRows(model.architecture, adaptations), hasHead = headOf(adaptations) !== undefined;
  const passOver = (read: RowList<TokenizedExample>) => {
    const rows = madeOf(read, (example) => layOut(example, layout));
    const program = (hasHead ? headProgram : scoreProgram)(compiled, layout);
    return rows.length === 0 ? 0 : rows.length * rowFlops(program, rows);
  };
  if (hasHead) return count * passOver(examples);
  const answers = count * answersRead(evaluation).reduce((sum, read) => sum + passOver(read), 0);
  if (!readsScores(spec.metrics)) return answers;
  const cut = cutScoring(evaluation, compiled);
  if (cut === undefined || !isWorthKeeping(cut.rows, cut.scoring, cacheMemory)) {
    return answers + count * passOver(examples);
  }
  const once = encodeFlops({ model, weights, layout: cut.layout, rows: cut.rows, kept: cut.scoring.kept });
  return answers + once + count * cut.rows.length * rowFlops(cut.scoring.program, cut.rows);
}

/** What one validation reads and generates, as rows whose completions are read. */
function answersRead({ examples, choices, spec }: PreparedEvaluation): readonly RowList<TokenizedExample>[] {
  const { newTokens, copies } = writtenOf(spec.decoding);
  const written = madeOf(examples, (example) => ({ ...example, completion: new Array<number>(newTokens).fill(0) }));
  return [
    ...newTokens > 0 ? new Array<RowList<TokenizedExample>>(copies).fill(written) : [],
    answeredExamples({ choices }),
  ];
}
