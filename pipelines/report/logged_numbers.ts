/**
 * The names of stages' numbers in TensorBoard and MLflow: `train/tuned/loss`, because a training and its evaluation may
 * have the same name. Those of steps have transformers' and trl's names.
 *
 * @module
 */
import type { MemberStep } from "../results/events.ts";
import type { TrainRecord } from "../results/results.ts";

/** What produced a number. */
type LoggedBy = "train" | "validation" | "evaluate";

/** The name of a number of a stage. */
export function loggedName(by: LoggedBy, stage: string, name: string): string {
  return `${by}/${stage}/${name}`;
}

/** The numbers of a step by name. */
export function stepNumbers(
  { loss, gradientNorm, rewards }: Omit<MemberStep, "member">,
): Readonly<Record<string, number>> {
  return {
    loss,
    ...gradientNorm === undefined ? {} : { grad_norm: gradientNorm },
    ...rewards === undefined ? {} : {
      "rewards/chosen": rewards.chosen,
      "rewards/rejected": rewards.rejected,
      "rewards/margins": rewards.margin,
      "rewards/accuracies": rewards.accuracy,
    },
  };
}

/** A training's steps, each as in its event. */
export function stepsOf(
  { losses, gradientNorms = [], rewards }: Pick<TrainRecord, "losses" | "gradientNorms" | "rewards">,
): readonly Omit<MemberStep, "member">[] {
  return losses.map((loss, at) => {
    const gradientNorm = gradientNorms[at];
    return {
      loss,
      ...gradientNorm === undefined ? {} : { gradientNorm },
      ...rewards === undefined ? {} : {
        rewards: {
          chosen: rewards.chosen[at]!,
          rejected: rewards.rejected[at]!,
          margin: rewards.margins[at]!,
          accuracy: rewards.accuracies[at]!,
        },
      },
    };
  });
}
