/** Comparing answers by an objective, as values of a program. @module */
import * as o from "../../../ops/operators.ts";
import { type ObjectiveName, objectives } from "../../../ops/objectives/mod.ts";
import type { Answer, Compared, Pair } from "../../../ops/objectives/objective.ts";
import { simplify } from "../../../ops/passes/simplify.ts";
import { input, type Program, type Value } from "../../../ops/program/program.ts";
import { mapRecord } from "../../common/map_record.ts";
import { answerInputs, type AnswerName, objectiveInput } from "../rows/answers.ts";

/** Both answers of each row, from their tokens' negative log-likelihoods [labelled, 1]. */
export function answersOf(losses: Value): Pair {
  const answer = (which: AnswerName): Answer => {
    const ofRows = input(answerInputs[which].tokens, ["batch", "labelled"]);
    return { score: o.neg(o.matmul(ofRows, losses)), tokens: o.reduceSum(ofRows, [1], true) };
  };
  return { chosen: answer("chosen"), rejected: answer("rejected") };
}

/** Both answers of each row, from a head's scores [2 · batch, 1], each row's chosen answer before its rejected one. */
export function scoredAnswers(scores: Value): Pair {
  const ofRows = o.reshape(scores, ["batch", 2]);
  return { chosen: { score: o.slice(ofRows, 1, 0, 1) }, rejected: { score: o.slice(ofRows, 1, 1, 2) } };
}

/**
 * The losses and rewards of answers; the objective's settings, and the frozen model's scores if it needs them, are fed.
 */
export function compared(name: ObjectiveName, { chosen, rejected }: Pair): Compared {
  const { compare, needsReference, settings } = objectives[name];
  const numbers = mapRecord(settings, (_, setting) => input(objectiveInput(setting), []));
  const referred = (answer: Answer, which: AnswerName): Answer =>
    needsReference ? { ...answer, reference: input(answerInputs[which].reference, ["batch", 1]) } : answer;
  return compare({ chosen: referred(chosen, "chosen"), rejected: referred(rejected, "rejected") }, numbers);
}

/** The rewards [batch, 1] `chosen` and `rejected` of answers whose scores and numbers of tokens are fed. */
export function rewardProgram(name: ObjectiveName): Program {
  const answer = (which: AnswerName): Answer => {
    const { score, count } = answerInputs[which];
    return { score: input(score, ["batch", 1]), tokens: input(count, ["batch", 1]) };
  };
  const pair = { chosen: answer("chosen"), rejected: answer("rejected") };
  const { chosenRewards, rejectedRewards } = compared(name, pair);
  return simplify({ name: "rewards", outputs: { chosen: chosenRewards, rejected: rejectedRewards } });
}
