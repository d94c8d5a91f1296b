/** The loss of a training step, and other values that it reports about its rows. @module */
import * as o from "../../../ops/operators.ts";
import { scaledLoss } from "../../../ops/nn/loss.ts";
import { objectives } from "../../../ops/objectives/mod.ts";
import { input, type Value } from "../../../ops/program/program.ts";
import type { RunResult } from "../../models/architecture/architecture.ts";
import type { TensorForm } from "../lower/tensor_forms.ts";
import type { Stepping } from "./stepping.ts";
import { answersOf, compared, scoredAnswers } from "./comparison.ts";
import { type CompiledModel, headOutputs, labelledLosses } from "./forward.ts";

/** The values computed for preferences in each step besides the loss: means over its rows. */
const rewardNames = ["chosen", "rejected", "accuracies"] as const;

/** One of these. */
export type RewardName = typeof rewardNames[number];

/** The name of a member's mean among a program's results. */
export function rewardName(member: number, name: RewardName): string {
  return `reward.${member}.${name}`;
}

/** One member's part of a step's loss over a group of rows, and the other values by result name. */
interface StepLoss {
  readonly loss: Value;
  readonly logged: Readonly<Record<string, Value>>;
}

/** Each member's loss: over the rows' labels, or of a preference objective. */
export function stepLosses(
  model: CompiledModel,
  result: RunResult,
  form: TensorForm,
  { objective, smooths }: Pick<Stepping, "objective" | "smooths">,
): StepLoss[] {
  const scale = input("step.lossScale", []);
  if (objective === undefined) {
    const smoothing = smooths ? input("step.labelSmoothing", []) : undefined;
    return labelledLosses(model, result, form, smoothing).map((each) => {
      return { loss: scaledLoss(each, scale), logged: {} };
    });
  }
  const pairs = objectives[objective].scores === "heads"
    ? headOutputs(model, result, form).map(scoredAnswers)
    : labelledLosses(model, result, form).map(answersOf);
  return pairs.map((pair, member) => {
    const { losses, chosenRewards: chosen, rejectedRewards: rejected } = compared(objective, pair);
    const accuracies = o.relu(o.sign(o.sub(chosen, rejected)));
    const rewards: Readonly<Record<RewardName, Value>> = { chosen, rejected, accuracies };
    const logged = rewardNames.map((name) => [rewardName(member, name), scaledLoss(rewards[name], scale)] as const);
    return { loss: scaledLoss(losses, scale), logged: Object.fromEntries(logged) };
  });
}
