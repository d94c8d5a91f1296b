/** The rewards of both answers of rows, by the objective that a model was trained with. @module */
import { mergeValues, ownValue } from "../../../ops/program/own_value.ts";
import { type ObjectiveName, objectives } from "../../../ops/objectives/mod.ts";
import { MadeRows } from "../../common/row_list.ts";
import type { Feeds } from "../../common/host_tensor.ts";
import { rewardProgram } from "../../compile/programs/comparison.ts";
import { answerInputs, type AnswerScores, objectiveFeeds } from "../../compile/rows/answers.ts";
import type { Model } from "../../models/open/model.ts";
import type { ObjectiveSpec, Resolved } from "../../spec/mod.ts";
import type { RunContext } from "../context/run_context.ts";
import { referenceOf } from "./reference.ts";
import { scoreAnswers, type ScoredAnswers } from "./score_answers.ts";

/** Whether an objective compares with the frozen model's scores of the answers. */
export function needsReference(objective: { readonly kind: ObjectiveName } | undefined): boolean {
  return objective !== undefined && objectives[objective.kind].needsReference;
}

/** Both rewards of each row; without an objective, the answers' log-likelihoods or a head's scores. */
export async function rewardsOf(
  runContext: RunContext,
  model: Model,
  request: ScoredAnswers,
  objective: Resolved<ObjectiveSpec> | undefined,
): Promise<AnswerScores> {
  const { name, weights, examples } = request, scores = await scoreAnswers(runContext, request);
  if (objective === undefined || examples.length === 0) return scores;
  const reference = needsReference(objective)
    ? (await referenceOf(runContext, { name, model, weights, examples })).scores
    : undefined;
  const column = (numbers: readonly number[]) => ({ data: Float32Array.from(numbers), shape: [numbers.length, 1] });
  const ofAnswers = (["chosen", "rejected"] as const).map((name, which): Feeds => {
    const inputs = answerInputs[name];
    const counts = examples.map(({ completion, rejected = [] }) => (which === 0 ? completion : rejected).length);
    return {
      [inputs.score]: column(scores.map((pair) => pair[which]!)),
      [inputs.count]: column(counts),
      ...reference === undefined ? {} : { [inputs.reference]: column(reference.map((pair) => pair[which]!)) },
    };
  });
  const program = rewardProgram(objective.kind), session = await runContext.sessions.open(program, weights);
  const { outputs } = await session.run(mergeValues([objectiveFeeds(objective), ...ofAnswers]));
  await runContext.sessions.release(program, weights);
  const rewards = (name: string) => Float64Array.from(ownValue(outputs, name)!.data, Number);
  const chosen = rewards("chosen"), rejected = rewards("rejected");
  return new MadeRows(scores.length, (row) => [chosen[row]!, rejected[row]!]);
}
