/** The choices of an evaluation: the log-likelihood of each answer that it is given, and the best of them. @module */
import { keptOf } from "../../common/json_rows.ts";
import { madeOf, type RowList } from "../../common/row_list.ts";
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
    const unconditional = await unconditionalScores(scoring, choices);
    const starts = new Float64Array(choices.length + 1);
    const answers = keptOf(choices, (ofRow, row) => {
      starts[row + 1] = starts[row]! + ofRow.length;
      return answersOf(ofRow);
    });
    return {
      rows: madeOf(answers, ({ texts, tokens }, row) => {
        const of = (values: RowList<number>) => texts.map((_, which) => values.at(starts[row]! + which)!);
        const scoredRow: ScoredChoices = {
          choices: texts,
          scores: of(scored.found),
          choiceTokens: tokens,
          ...unconditional === undefined ? {} : { unconditionalScores: of(unconditional.found) },
        };
        return { ...scoredRow, prediction: chosenBy(by, scoredRow) };
      }),
      cached: scored.cached && (unconditional?.cached ?? true),
    };
  },
};

/** The parts of the choices that determine their log-likelihoods. */
function listedChoices({ choices = [] }: EvaluateJob["stage"]) {
  return madeOf(choices, (ofRow) => {
    return ofRow.map(({ text, example: { prompt, completion } }) => [text, prompt, completion]);
  });
}

/** The texts of a row's choices and their numbers of tokens, which are often those of the row before. */
function answersOf(choices: readonly Choice[]) {
  return {
    texts: choices.map(({ text }) => text),
    tokens: choices.map(({ example: { completion } }) => completion.length),
  };
}

/** Log-likelihoods of groups of examples, one group after another, from the store if they are there. */
async function scores(
  { runContext, job, work }: Scoring,
  parts: Readonly<Record<string, unknown>>,
  groups: RowList<readonly TokenizedExample[]>,
) {
  return await inStore(
    runContext,
    keyOf({ ...work, ...parts }),
    (key) => scoreGroups(runContext, job, groups, { key, purpose: "choice" }),
  );
}

/**
 * The same of answers after the unconditional prompt; an answer that several rows have is read once. Nothing where answers
 * are not compared with that.
 */
async function unconditionalScores(scoring: Scoring, choices: RowList<readonly Choice[]>) {
  // What functions select may depend on the row.
  const isSelective = interventionsOf(scoring.job.stage.adaptations).some(({ positions, subspace }) => {
    return positions.selector !== undefined || subspace !== undefined;
  });
  const read: TokenizedExample[] = [], numbers = new Map<string, number>(), asked: number[] = [];
  for (const ofRow of choices) {
    for (const { unconditional } of ofRow) {
      if (unconditional === undefined) continue;
      const { prompt, completion } = unconditional;
      const key = JSON.stringify([prompt, completion, isSelective ? asked.length : 0]);
      asked.push(numbers.getOrInsertComputed(key, () => read.push(unconditional) - 1));
    }
  }
  if (asked.length === 0) return undefined;
  const listed = read.map(({ prompt, completion }) => [prompt, completion]);
  const { found, cached } = await scores(scoring, { unconditional: listed }, read.map((example) => [example]));
  return { found: madeOf(asked, (number) => found.at(number)!), cached };
}
