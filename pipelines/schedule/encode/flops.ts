/** How much arithmetic programs and encodings take. @module */
import type { RowList } from "../../common/row_list.ts";
import { programFlops } from "../../../ops/passes/cost.ts";
import { evaluateDimension } from "../../../ops/program/dimension.ts";
import type { Program } from "../../../ops/program/program.ts";
import { typicalExtents } from "../../compile/frontier/compiled_training.ts";
import { encodePrograms } from "../../compile/frontier/cut.ts";
import type { LaidOutRow } from "../../compile/rows/laid_out_rows.ts";
import type { EncodeJob } from "./encode_job.ts";

/** Floating-point operations of a program's matrix products over a typical row. */
export function rowFlops(program: Program, rows: RowList<LaidOutRow>): number {
  return counted.getOrInsertComputed(program, () => new WeakMap()).getOrInsertComputed(rows, () => {
    return evaluateDimension(programFlops(program).matmul, { ...typicalExtents(rows), batch: 1 });
  });
}

/** Cached, because many members share programs and rows. */
const counted = new WeakMap<Program, WeakMap<RowList<LaidOutRow>, number>>();

/** Floating-point operations of an encoding. */
export function encodeFlops({ kept, rows, taken }: EncodeJob): number {
  const programs = encodePrograms(kept, typicalExtents(rows));
  return rowFlops(programs.shared, rows) + (taken ?? rows).length * rowFlops(programs.rows, rows);
}
