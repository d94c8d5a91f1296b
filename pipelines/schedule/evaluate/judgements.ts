/**
 * Answers compared with the rows' completions by another model; its verdicts are stored by the content of its
 * questions.
 *
 * @module
 */
import { MadeRows, type RowList } from "../../common/row_list.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import type { JudgeSettings } from "../../metrics/declared.ts";
import { endpointOf } from "../../tasks/alpaca_eval/endpoint.ts";
import { costOf, judgementsIn, judgePairs, planJudge } from "../../tasks/alpaca_eval/judge.ts";
import type { Pair } from "../../tasks/alpaca_eval/outputs.ts";
import type { RunContext } from "../context/run_context.ts";
import { beginWork, noteTo } from "../context/work.ts";
import { judgeWords } from "../prepare/judge_checks.ts";
import type { PreparedEvaluation } from "../prepare/prepared.ts";

/** A judge's comparisons of an evaluation's rows. */
interface Compared {
  readonly found: RowList<{ readonly preference: number | null }>;
  readonly cached: boolean;
}

/**
 * Has a judge compare answers with the rows' completions. The cost is noted before the judge is called.
 *
 * @throws {RequestError} If there is no key, or the judge named an answer for no row.
 */
export async function judgements(
  runContext: RunContext,
  stage: Pick<PreparedEvaluation, "name" | "rows" | "model">,
  answers: RowList<{ readonly prediction?: string | number }>,
  settings: JudgeSettings,
): Promise<Compared> {
  const { store, emit } = runContext, { name } = stage, { weighted } = settings, kept = judgementsIn(store);
  const endpoint = endpointOf(settings, judgeWords), pairs = pairsOf(stage, answers, settings);
  const plan = await planJudge(pairs, endpoint, weighted, kept);
  if (plan.questions > 0) {
    noteTo(emit)(`${name}: ${costOf(plan, endpoint, settings, "priceIn and priceOut give dollars")}`);
  }
  const show = plan.questions === 0 ? () => {} : beginWork(emit, "judge", pairs.length, name);
  let done = 0;
  const preferences = await judgePairs(plan, endpoint, weighted, kept, {
    unweighted: "write weighted: false",
    warn: (message) => noteTo(emit)(`${name}: ${message}`),
    async onAnswer() {
      show(++done);
      await runContext.stopIfAsked();
    },
  });
  const unread = preferences.filter(Number.isNaN).length;
  const found = new MadeRows(preferences.length, (row) => {
    const preference = preferences[row]!;
    return { preference: Number.isNaN(preference) ? null : preference };
  });
  if (unread === found.length) {
    throw new RequestError(`${settings.model} did not name an answer for any row of ${name}; use another judge`);
  }
  if (unread > 0) noteTo(emit)(`${name}: no preference could be read from ${unread} of ${found.length} comparisons`);
  return { found, cached: plan.questions === 0 };
}

/** Both outputs for each row's instruction. */
export function pairsOf(
  { rows, model }: Pick<PreparedEvaluation, "rows" | "model">,
  answers: RowList<{ readonly prediction?: string | number }>,
  { instruction: field, generator = model.name }: Pick<JudgeSettings, "instruction" | "generator">,
): RowList<Pair> {
  return new MadeRows(rows.length, (index) => {
    const { fields, completion, prompt } = rows.at(index)!;
    const instruction = ownValue(fields, field), dataset = ownValue(fields, "dataset");
    const shared = {
      instruction: typeof instruction === "string" ? instruction : prompt,
      ...typeof dataset === "string" && { dataset },
    };
    const reference = ownValue(fields, "generator");
    return {
      index,
      output: { ...shared, output: String(answers.at(index)?.prediction ?? ""), generator },
      other: { ...shared, output: completion, generator: typeof reference === "string" ? reference : "reference" },
    };
  });
}
