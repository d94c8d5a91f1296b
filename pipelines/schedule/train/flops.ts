/** How much arithmetic trainings take. @module */
import type { CompiledTraining } from "../../compile/frontier/compiled_training.ts";
import { rowFlops } from "../encode/flops.ts";
import type { PreparedTraining } from "../prepare/prepared.ts";

/** Floating-point operations of a training. */
export function trainFlops({ rows, spec }: PreparedTraining, { train }: CompiledTraining): number {
  return rows.length * spec.epochs * rowFlops(train, rows);
}
