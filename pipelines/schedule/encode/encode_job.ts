/** What is to be encoded, and its key in the store. @module */
import type { RowList } from "../../common/row_list.ts";
import { digest } from "../../../ops/program/digest.ts";
import { keyOf } from "../../common/content_key.ts";
import { encodeProgram, type KeptValue } from "../../compile/frontier/cut.ts";
import type { Adaptation } from "../../compile/lower/adaptation.ts";
import { fedNumbers } from "../../compile/rows/feeds.ts";
import type { LaidOutRow } from "../../compile/rows/laid_out_rows.ts";
import type { Layout } from "../../compile/rows/layout.ts";
import type { Model, ModelWeights } from "../../models/open/model.ts";
import type { RunContext } from "../context/run_context.ts";
import { rowsDigest } from "../keys/row_keys.ts";

/** What is to be encoded. */
export interface EncodeJob {
  readonly model: Model;
  readonly weights: ModelWeights;
  readonly layout: Layout;
  readonly rows: RowList<LaidOutRow>;
  /** The kept values of all programs that will read the result. */
  readonly kept: readonly KeptValue[];
  /** For the position masks that kept values depend on, if any. */
  readonly adaptations: readonly Adaptation[];
}

/** The store's key of an encoding. */
export function encodeKey(runContext: RunContext, job: EncodeJob): string {
  return keyOf({
    program: digest(encodeProgram(job.kept)),
    weights: job.weights.digest,
    fed: fedNumbers(job.model.architecture),
    layout: job.layout,
    rows: rowsDigest(job.rows),
    machine: runContext.machine,
  });
}
