/** The common prefix of an evaluation's prompts (few-shot examples), read once for all rows. @module */
import { madeOf, type RowList } from "../../common/row_list.ts";
import type { Program } from "../../../ops/program/program.ts";
import type { Feeds } from "../../common/host_tensor.ts";
import { typicalExtents } from "../../compile/frontier/compiled_training.ts";
import { cut, encodeProgram, type KeptValue } from "../../compile/frontier/cut.ts";
import { compilePrefill } from "../../compile/frontier/prefill.ts";
import { withAttentionParts } from "../../compile/rows/attention_parts.ts";
import { sharedFeeds } from "../../compile/rows/feeds.ts";
import { type LaidOutRow, layOut } from "../../compile/rows/laid_out_rows.ts";
import { type Layout, sharedRows, sharesTokens } from "../../compile/rows/layout.ts";
import { isSharedInput } from "../../compile/rows/segment_inputs.ts";
import type { TokenizedPrompt } from "../../data/examples.ts";
import type { RunContext } from "../context/run_context.ts";
import type { PreparedEvaluation } from "../prepare/prepared.ts";
import type { EvaluateJob } from "./evaluate_job.ts";
import type { EncodedPrompts } from "./generator.ts";

/** Whether something is prepended to all prompts of an evaluation. */
export function isPrefixed({ spec: { fewShot } }: Pick<PreparedEvaluation, "spec">): boolean {
  return fewShot !== undefined && fewShot.count > 0;
}

/**
 * The layout of an evaluation's rows; `undefined` if nothing is prepended to its prompts, or nothing of it can be
 * shared.
 */
export function prefixLayout(
  stage: PreparedEvaluation,
  prompts: RowList<TokenizedPrompt>,
): Layout | undefined {
  const { model: { architecture }, adaptations, full } = stage;
  // No weight of a finetuned model is constant, nor what it reads.
  if (!isPrefixed(stage) || full !== undefined) return undefined;
  const layout = withAttentionParts(sharedRows(architecture, adaptations, prompts), architecture, prompts);
  return sharesTokens(layout) ? layout : undefined;
}

/** A program that continues from the shared part, and what it is fed of that. */
interface PrefixedProgram {
  readonly program: Program;
  readonly shared: Feeds;
}

/** Cuts a program over rows in a layout after the part that they share, and reads that part. */
export async function withPrefixRead(
  runContext: RunContext,
  job: EvaluateJob,
  program: Program,
  layout: Layout,
  rows: RowList<LaidOutRow>,
): Promise<PrefixedProgram> {
  const { program: rest, kept } = cut(program, typicalExtents(rows), { isFixed: isSharedInput });
  return { program: rest, shared: await readShared(runContext, job, kept, layout, rows.at(0)!) };
}

/** The prompts' prefill before answers are generated; the shared part is read now. */
export async function prefixedPrompts(
  runContext: RunContext,
  job: EvaluateJob,
): Promise<EncodedPrompts | undefined> {
  const { stage: { examples }, stage, compiled } = job, layout = prefixLayout(stage, examples);
  if (layout === undefined) return undefined;
  const rows = madeOf(examples, (example) => layOut({ ...example, completion: [] }, layout));
  const prefill = compilePrefill(compiled, layout, typicalExtents(rows), isSharedInput);
  const shared = await readShared(runContext, job, prefill.kept, layout, rows.at(0)!);
  return { prefill, layout, kept: () => shared };
}

/** Runs over the part that all rows share. */
async function readShared(
  runContext: RunContext,
  { weights, stage: { model: { architecture } } }: EvaluateJob,
  kept: readonly KeptValue[],
  layout: Layout,
  row: LaidOutRow,
): Promise<Feeds> {
  const program = encodeProgram(kept, "shared");
  const session = await runContext.sessions.open(program, weights);
  const { outputs } = await session.run(sharedFeeds(row, layout, architecture));
  await runContext.sessions.release(program, weights);
  return { ...outputs };
}
