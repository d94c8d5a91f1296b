/** What a step minimizes, and what else it says of its rows. @module */
import * as o from "../../../ops/operators.ts";
import { scaledLoss } from "../../../ops/nn/loss.ts";
import { type ObjectiveName, objectives } from "../../../ops/objectives/mod.ts";
import { mapRecord } from "../../common/map_record.ts";
import { input, type Value } from "../../../ops/program/program.ts";
import type { RunResult } from "../../models/architecture/architecture.ts";
import { trainingForm } from "../lower/tensor_forms.ts";
import { answerInputs, type AnswerName, objectiveInput } from "../rows/answers.ts";
import { type CompiledModel, labelledLosses } from "./forward.ts";

/** What is computed of preferences in each step beside the loss: means over its rows. */
export const rewardNames = ["chosen", "rejected", "accuracies"] as const;

/** One of {@linkcode rewardNames}. */
export type RewardName = typeof rewardNames[number];

/** The name of a member's mean among a program's results. */
export function rewardName(member: number, name: RewardName): string {
  return `reward.${member}.${name}`;
}

/** One member's part of a step's loss over a group of rows, and what else is computed of these, by result name. */
interface StepLoss {
  readonly loss: Value;
  readonly logged: Readonly<Record<string, Value>>;
}

/** Each member's loss: of the rows' labels, or of an objective over their two answers. */
export function stepLosses(model: CompiledModel, result: RunResult, objective: ObjectiveName | undefined): StepLoss[] {
  const scale = input("step.lossScale", []), losses = labelledLosses(model, result, trainingForm);
  if (objective === undefined) return losses.map((each) => ({ loss: scaledLoss(each, scale), logged: {} }));
  return losses.map((each, member) => {
    const { losses, chosenRewards, rejectedRewards } = compared(each, objective);
    const isRight = o.relu(o.sign(o.sub(chosenRewards, rejectedRewards)));
    const rewards: Readonly<Record<RewardName, Value>> = {
      chosen: chosenRewards,
      rejected: rejectedRewards,
      accuracies: isRight,
    };
    const logged = rewardNames.map((name) => [rewardName(member, name), scaledLoss(rewards[name], scale)] as const);
    return { loss: scaledLoss(losses, scale), logged: Object.fromEntries(logged) };
  });
}

/** An objective over the answers whose tokens' losses [labelled, 1] are given. */
function compared(losses: Value, name: ObjectiveName) {
  const { compare, needsReference, settings } = objectives[name];
  const answer = (which: AnswerName) => {
    const { tokens, reference } = answerInputs[which], ofRows = input(tokens, ["batch", "labelled"]);
    return {
      score: o.neg(o.matmul(ofRows, losses)),
      tokens: o.reduceSum(ofRows, [1], true),
      ...needsReference ? { reference: input(reference, ["batch", 1]) } : {},
    };
  };
  const numbers = mapRecord(settings, (_, setting) => input(objectiveInput(setting), []));
  return compare({ chosen: answer("chosen"), rejected: answer("rejected") }, numbers);
}
