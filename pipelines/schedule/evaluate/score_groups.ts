/** Scoring completions that follow the same prompt, which is read once for all of them. @module */
import { flatMadeOf, type RowList } from "../../common/row_list.ts";
import { typicalExtents } from "../../compile/frontier/compiled_training.ts";
import { cut, encodeProgram } from "../../compile/frontier/cut.ts";
import { scoreProgram } from "../../compile/programs/inference_programs.ts";
import { withAttentionParts } from "../../compile/rows/attention_parts.ts";
import { sharedFeeds } from "../../compile/rows/feeds.ts";
import { layOut } from "../../compile/rows/laid_out_rows.ts";
import { type Layout, promptLayouts } from "../../compile/rows/layout.ts";
import { isSharedInput } from "../../compile/rows/segment_inputs.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import { type BatchedRows, inBatches } from "../context/resumable_batches.ts";
import type { RunContext } from "../context/run_context.ts";
import type { EvaluateJob } from "./evaluate_job.ts";
import { type Score, score, scoreAll, type Scorer } from "./score.ts";
import { isPrefixed } from "./shared_prefix.ts";

/**
 * Prompts of fewer tokens are read with each of their completions, many together: on SmolLM2-135M one by one takes as long
 * at 35 tokens and four completions, and a third of the time at 300.
 */
const leastTokens = 64;

/** Examples of one prompt. */
type Group = readonly TokenizedExample[];

/** The scores of groups of examples, one group after another. */
export async function scoreGroups(
  runContext: RunContext,
  job: EvaluateJob,
  groups: RowList<Group>,
  kept: Pick<BatchedRows, "key" | "purpose">,
): Promise<readonly Score[]> {
  const layouts = layoutsOf(job, groups);
  if (layouts === undefined) return await scoreAll(runContext, job, flatMadeOf(groups, (group) => group), kept);
  const { stage, weights, compiled, tensors } = job, { model: { architecture }, adaptations } = stage;
  const rows = flatMadeOf(groups, (group, at) => group.map((example) => layOut(example, layouts[at]!)));
  const whole = scoreProgram(compiled, layouts[0]!);
  const { program, kept: values } = cut(whole, typicalExtents(rows), { isFixed: isSharedInput });
  const reading = encodeProgram(values, "shared");
  const prompts = await runContext.sessions.open(reading, weights);
  const session = await runContext.sessions.open(program, weights);
  const scorer: Omit<Scorer, "layout" | "shared"> = { architecture, adaptations, tensors, session };
  const lengths = groups.map((group) =>
    group.reduce((sum, { prompt, completion }) => sum + prompt.length + completion.length, 0)
  );
  const found = await inBatches(
    runContext,
    { ...kept, stage: stage.name, lengths, size: 1, isQuiet: job.isQuiet },
    async (batch) => {
      const all: (readonly Score[])[] = [];
      for (const at of batch) {
        const group = groups.at(at)!, layout = layouts[at]!;
        const rows = group.map((example) => layOut(example, layout));
        const { outputs } = await prompts.run(sharedFeeds(rows[0]!, layout, architecture));
        all.push(await score({ ...scorer, layout, shared: { ...outputs } }, rows));
      }
      return all;
    },
  );
  await runContext.sessions.release(reading, weights);
  return found.flat();
}

/** A layout for each group; `undefined` where reading prompts by themselves saves nothing, or changes what is learned. */
function layoutsOf({ stage }: EvaluateJob, groups: RowList<Group>): readonly Layout[] | undefined {
  const { model: { architecture }, adaptations } = stage;
  if (isPrefixed(stage) || !groups.every(isOfOnePrompt) || groups.every(({ length }) => length < 2)) return undefined;
  const firsts = groups.map((group) => group[0]!);
  if (firsts.reduce((sum, { prompt }) => sum + prompt.length, 0) < leastTokens * firsts.length) return undefined;
  const layouts = promptLayouts(architecture, adaptations, firsts);
  // One program takes prompts of all lengths, which it does not where some have to be attended to in parts.
  const isPlain = layouts?.every((layout, at) => {
    return withAttentionParts(layout, architecture, [firsts[at]!]).segments.every(({ parts }) => parts === 1);
  });
  return isPlain === true ? layouts : undefined;
}

function isOfOnePrompt(group: Group): boolean {
  const [first, ...others] = group;
  return first !== undefined && others.every(({ prompt }) => {
    return prompt === first.prompt ||
      prompt.length === first.prompt.length && prompt.every((id, at) => id === first.prompt[at]);
  });
}
