/** How much arithmetic trainings take. @module */
import type { CompiledTraining } from "../../compile/frontier/compiled_training.ts";
import { rowFlops } from "../encode/flops.ts";
import type { PreparedTraining } from "../prepare/prepared.ts";
import { rowsTaken } from "./steps.ts";

/** Floating-point operations of a training. */
export function trainFlops(stage: PreparedTraining, { train }: CompiledTraining): number {
  return rowsTaken(stage) * rowFlops(train, stage.rows);
}
