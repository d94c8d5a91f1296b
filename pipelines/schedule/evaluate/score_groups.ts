/** Scores completions that follow the same prompt, which is read once for all of them. @module */
import { flatMadeOf, madeOf, type RowList } from "../../common/row_list.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import { finite } from "../context/finite.ts";
import { type BatchedRows, inBatches } from "../context/resumable_batches.ts";
import type { RunContext } from "../context/run_context.ts";
import type { EvaluateJob } from "./evaluate_job.ts";
import { cacheBeginning } from "../../decoding/cached_beginning.ts";
import { type CachedBeginnings, rateAnswers } from "../../decoding/rate_answers.ts";
import { PrefixCache } from "../../decoding/prefix_cache.ts";
import type { Architecture } from "../../models/architecture/architecture.ts";
import { generatorOf } from "./generator.ts";
import { scoreAll } from "./score.ts";
import { isPrefixed } from "./shared_prefix.ts";

/** Examples with the same prompt. */
type Group = readonly TokenizedExample[];

/** The log-likelihoods of groups of examples in nats, one group after another. */
export async function scoreGroups(
  runContext: RunContext,
  job: EvaluateJob,
  groups: RowList<Group>,
  kept: Pick<BatchedRows, "key" | "purpose">,
): Promise<RowList<number>> {
  if (canRate(job, groups)) return await rateGroups(runContext, job, groups, kept);
  return madeOf(await scoreAll(runContext, job, flatMadeOf(groups, (group) => group), kept), ({ loss }) => -loss);
}

/** Whether only the likelihood of completions after a prompt is needed, in a decoder-only model. */
function canRate({ stage: { model: { architecture } } }: EvaluateJob, groups: RowList<Group>): boolean {
  return architecture.causal && architecture.encoder === undefined &&
    groups.every((group) => isOfOnePrompt(group) && group.every(({ taught, typeIds }) => !taught && !typeIds));
}

/** Scores completions after prompts that are read once each, after what they have in common with the shortest. */
async function rateGroups(
  runContext: RunContext,
  job: EvaluateJob,
  groups: RowList<Group>,
  kept: Pick<BatchedRows, "key" | "purpose">,
): Promise<RowList<number>> {
  const { stage } = job, { model, adaptations } = stage;
  const generator = generatorOf(runContext, { ...job, model, adaptations });
  const prefixes = isPrefixed(stage) ? prefixesOf(runContext, model.architecture) : undefined;
  const lengths = groups.map((group) => group[0]!.prompt.length);
  const rows = { ...kept, stage: stage.name, lengths, size: stage.batchSize, isQuiet: job.isQuiet };
  // A longer one may have lost the beginning to maxLength.
  const shortest = lengths.reduce((found, length, at) => (length < lengths[found]! ? at : found), 0);
  let cached: CachedBeginnings | undefined;
  const found = await inBatches(runContext, rows, async (batch) => {
    if (prefixes !== undefined) cached ??= await cacheBeginning(generator, groups.at(shortest)![0]!, prefixes);
    const asked = batch.map((at) => {
      const group = groups.at(at)!;
      return { prompt: group[0]!, answers: group.map(({ completion }) => completion) };
    });
    const rates = await rateAnswers(generator, asked, cached);
    return rates.map((own) => own.map((rate) => finite(rate, stage.name)));
  });
  return flatMadeOf(found, (own) => own);
}

/** The cached prompt prefixes, for all evaluations of a run. */
const keptPrefixes = new WeakMap<RunContext, Map<Architecture, PrefixCache>>();

/** The maximum size of the cache in bytes: enough for few-shot examples before each prompt. */
const mostKept = 2 ** 28;

function prefixesOf(runContext: RunContext, architecture: Architecture): PrefixCache {
  return keptPrefixes.getOrInsertComputed(runContext, () => new Map())
    .getOrInsertComputed(architecture, () => new PrefixCache({ architecture }, mostKept));
}

function isOfOnePrompt(group: Group): boolean {
  const [first, ...others] = group;
  return first !== undefined && others.every(({ prompt }) => {
    return prompt === first.prompt ||
      prompt.length === first.prompt.length && prompt.every((id, at) => id === first.prompt[at]);
  });
}
