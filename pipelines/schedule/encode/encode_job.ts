/** What is to be encoded, and its key in the store. @module */
import { createHash } from "node:crypto";
import type { RowList } from "../../common/row_list.ts";
import { digest } from "../../../ops/program/digest.ts";
import type { Program } from "../../../ops/program/program.ts";
import { keyOf } from "../../common/content_key.ts";
import { typicalExtents } from "../../compile/frontier/compiled_training.ts";
import { encodeProgram, encodePrograms, inNameOrder, isShared, type KeptValue } from "../../compile/frontier/cut.ts";
import { type EncodePart, encodeParts } from "../../compile/frontier/encode_parts.ts";
import type { Head } from "../../compile/lower/adaptation.ts";
import { fedNumbers } from "../../compile/rows/feeds.ts";
import type { LaidOutRow } from "../../compile/rows/laid_out_rows.ts";
import { lengthsOf } from "../../compile/rows/row_lengths.ts";
import type { Layout } from "../../compile/rows/layout.ts";
import type { Model, ModelWeights } from "../../models/open/model.ts";
import type { RunContext } from "../context/run_context.ts";
import { rowsDigest } from "../keys/row_keys.ts";

/** What to encode. */
export interface EncodeJob {
  readonly model: Model;
  readonly weights: ModelWeights;
  readonly layout: Layout;
  readonly rows: RowList<LaidOutRow>;
  /** Which rows to encode, in ascending order, if the trainings that read them end before they have read all. */
  readonly taken?: Uint32Array<ArrayBuffer> | undefined;
  /** The kept values of all programs that will read the result. */
  readonly kept: readonly KeptValue[];
  /** The head of all that read the result, which decides where labels are; absent if they have none. */
  readonly head?: Head | undefined;
}

/** The programs of an encoding. */
interface EncodingPrograms {
  /** Runs once, over what all rows share. */
  readonly shared: Program;
  /** Run one after another, each over all rows. */
  readonly parts: readonly EncodePart[];
}

/** The programs of an encoding. A part's weights take at most half of the memory, which leaves room for the rest. */
export function encodingPrograms({ memory }: Pick<RunContext, "memory">, job: EncodeJob): EncodingPrograms {
  const typical = typicalExtents(job.rows), { shared, rows } = encodePrograms(job.kept, typical);
  return { shared, parts: encodeParts(rows, typical, memory / 2) };
}

/**
 * How an entry holds rows: in one tensor, because with one tensor per row the tensor table in memory grows with the
 * rows; and in each row its values by name.
 */
const form = "joined by name";

/**
 * What is kept of each row, in the order in which an entry holds it. The order of `kept` depends on which members read
 * the encoding, and entries with the same key must have the same bytes.
 */
export function rowValues({ kept }: Pick<EncodeJob, "kept">): readonly KeptValue[] {
  return inNameOrder(kept.filter((value) => !isShared(value)));
}

/** The store's key of an encoding; it has the same bytes whether computed in one part or in several. */
export function encodeKey(runContext: RunContext, job: EncodeJob): string {
  return keyOf({
    program: digest(encodeProgram(job.kept)),
    weights: job.weights.digest,
    fed: fedNumbers(job.model.architecture),
    layout: job.layout,
    rows: rowsDigest(job.rows),
    ...job.taken === undefined ? {} : { taken: createHash("sha256").update(job.taken).digest("hex") },
    form,
    machine: runContext.machine,
  });
}

/** The rows that an encoding holds, by their numbers. */
export function encodedRows({ rows, taken }: Pick<EncodeJob, "rows" | "taken">): Uint32Array {
  return taken ?? Uint32Array.from({ length: rows.length }, (_, row) => row);
}

/** How many tokens the rows of an encoding have, without those that all rows share. */
export function encodedTokens(job: Pick<EncodeJob, "rows" | "taken">): number {
  const { context, tail } = lengthsOf(job.rows);
  return encodedRows(job).reduce((sum, row) => sum + context[row]! + tail[row]!, 0);
}
