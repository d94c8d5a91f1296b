/** What is to be encoded, and its key in the store. @module */
import type { RowList } from "../../common/row_list.ts";
import { digest } from "../../../ops/program/digest.ts";
import type { Program } from "../../../ops/program/program.ts";
import { keyOf } from "../../common/content_key.ts";
import { typicalExtents } from "../../compile/frontier/compiled_training.ts";
import { encodeProgram, encodePrograms, type KeptValue } from "../../compile/frontier/cut.ts";
import { type EncodePart, encodeParts } from "../../compile/frontier/encode_parts.ts";
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

/** The programs of an encoding. */
interface EncodingPrograms {
  /** Run once: what all rows share. */
  readonly shared: Program;
  /** Run one after another, each over all rows. */
  readonly parts: readonly EncodePart[];
}

/** The programs of an encoding. A part's weights take half of the memory at most, which leaves room for the rest. */
export function encodingPrograms({ memory }: Pick<RunContext, "memory">, job: EncodeJob): EncodingPrograms {
  const typical = typicalExtents(job.rows), { shared, rows } = encodePrograms(job.kept, typical);
  return { shared, parts: encodeParts(rows, typical, memory / 2) };
}

/** The store's key of an encoding; it has the same bytes in one part and in several. */
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
