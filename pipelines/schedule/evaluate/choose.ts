/** The choices of an evaluation: the log-likelihood of each candidate answer, and the best of them. @module */
import { madeOf, type RowList } from "../../common/row_list.ts";
import { RequestError } from "../../common/errors.ts";
import { interventionsOf } from "../../compile/lower/adaptation.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import { chosenBy, type ScoredChoices } from "../../metrics/choice_scores.ts";
import type { DecodingSpec, Resolved } from "../../spec/mod.ts";
import { keyOf } from "../../store/store.ts";
import type { RunContext } from "../context/run_context.ts";
import type { Choice } from "../prepare/choices.ts";
import type { Answering } from "./answering.ts";
import type { EvaluateJob } from "./evaluate_job.ts";
import { inStore } from "./in_store.ts";
import { scoreGroups } from "./score_groups.ts";

/** How to obtain the log-likelihoods of examples. */
interface Scoring {
  readonly runContext: RunContext;
  readonly job: EvaluateJob;
  /** What they depend on besides the examples. */
  readonly work: Readonly<Record<string, unknown>>;
}

/** Chooses among each row's answers; their log-likelihoods are stored, so that other comparisons need no model. */
export const choosing: Answering<Extract<Resolved<DecodingSpec>, { kind: "choices" }>> = {
  key: (stage, _, work) => keyOf({ ...work, choices: listedChoices(stage) }),
  async answers(runContext, job, { by = "sum" }, work) {
    const { stage } = job, choices: RowList<readonly Choice[]> = stage.choices ?? [];
    const scoring = { runContext, job, work };
    const scored = await scores(
      scoring,
      { choices: listedChoices(stage) },
      madeOf(choices, (ofRow) => ofRow.map(({ example }) => example)),
    );
    const compared = choices.map((ofRow) => ofRow.flatMap(({ unconditional }) => unconditional ?? [])).flat();
    const unconditional = compared.length === 0 ? undefined : await unconditionalScores(scoring, compared);
    let at = 0;
    const rows = choices.map((ofRow) => {
      const start = at, of = (values: readonly number[]) => values.slice(start, start + ofRow.length);
      at += ofRow.length;
      return rowOf(ofRow, of(scored.found), unconditional && of(unconditional.found), stage.name);
    });
    return {
      rows: rows.map((row) => ({ ...row, prediction: chosenBy(by, row) })),
      cached: scored.cached && (unconditional?.cached ?? true),
    };
  },
};

/** The parts of the choices that determine their log-likelihoods. */
function listedChoices({ choices = [] }: EvaluateJob["stage"]) {
  return choices.map((ofRow) => {
    return ofRow.map(({ text, example: { prompt, completion } }) => [text, prompt, completion]);
  });
}

/** The line of predictions.jsonl for a row's choices. */
function rowOf(
  choices: readonly Choice[],
  scores: readonly number[],
  unconditional: readonly number[] | undefined,
  stage: string,
): ScoredChoices {
  if (![...scores, ...unconditional ?? []].every(Number.isFinite)) {
    throw new RequestError(`the log-likelihoods of ${stage} are not finite; the model's logits are not`);
  }
  return {
    choices: choices.map(({ text }) => text),
    scores,
    choiceTokens: choices.map(({ example: { completion } }) => completion.length),
    ...unconditional === undefined ? {} : { unconditionalScores: unconditional },
  };
}

/** Log-likelihoods of groups of examples, one group after another, from the store if they are there. */
async function scores(
  { runContext, job, work }: Scoring,
  parts: Readonly<Record<string, unknown>>,
  groups: RowList<readonly TokenizedExample[]>,
) {
  return await inStore(runContext, keyOf({ ...work, ...parts }), async (key) => {
    const found = await scoreGroups(runContext, job, groups, { key, purpose: "choice" });
    return found.map(({ loss }) => -loss);
  });
}

/** The same for answers after the unconditional prompt; an answer that several rows share is scored once. */
async function unconditionalScores(scoring: Scoring, examples: readonly TokenizedExample[]) {
  // A function's selection may depend on the row.
  const isSelective = interventionsOf(scoring.job.stage.adaptations).some(({ positions, subspace }) => {
    return positions.selector !== undefined || subspace !== undefined;
  });
  const keys = examples.map(({ prompt, completion }, at) => JSON.stringify([prompt, completion, isSelective ? at : 0]));
  const distinct = new Map(examples.map((example, at) => [keys[at]!, example]));
  const read = [...distinct.values()], numbers = new Map([...distinct.keys()].map((key, at) => [key, at]));
  const listed = read.map(({ prompt, completion }) => [prompt, completion]);
  const { found, cached } = await scores(scoring, { unconditional: listed }, read.map((example) => [example]));
  return { found: keys.map((key) => found[numbers.get(key)!]!), cached };
}
