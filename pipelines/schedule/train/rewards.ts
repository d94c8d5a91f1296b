/** The rewards of a training on preferences, step by step. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { mapRecord } from "../../common/map_record.ts";
import type { Feeds } from "../../common/host_tensor.ts";
import type { StepRewards } from "../../results/events.ts";
import { type RewardName, rewardName } from "../../compile/programs/step_losses.ts";

/** One number per step for each mean; empty if the training is on other rows. */
export type Rewards = Readonly<Record<RewardName, readonly number[]>>;

/** The means of one step over its rows so far. */
type StepMeans = Readonly<Record<RewardName, number>>;

/** Before any row has run. */
export const zeroRewards: StepMeans = { chosen: 0, rejected: 0, accuracies: 0 };

/** Before any step. */
export const noRewards: Rewards = { chosen: [], rejected: [], accuracies: [] };

/** A step's means with the contribution of a group of its rows, if the program returns them. */
export function withGroup(sums: StepMeans, outputs: Feeds, member: number): StepMeans {
  return mapRecord(sums, (sum: number, name: RewardName) => {
    return sum + Number(ownValue(outputs, rewardName(member, name))?.data[0] ?? 0);
  });
}

/** The rewards of steps and of those after them. */
export function joined(earlier: Rewards, later: Rewards): Rewards {
  return mapRecord(earlier, (steps: readonly number[], name: RewardName) => [...steps, ...later[name]]);
}

/** The rewards of steps and of one more. */
export function withStep(rewards: Rewards, step: StepMeans): Rewards {
  return joined(rewards, mapRecord(step, (mean: number) => [mean]));
}

/** How much larger the chosen answers' rewards are, one mean per step. */
export function marginsOf({ chosen, rejected }: Rewards): readonly number[] {
  return chosen.map((reward, step) => reward - rejected[step]!);
}

/** A step's means as its event reports them. */
export function shownRewards({ chosen, rejected, accuracies: accuracy }: StepMeans): StepRewards {
  return { chosen, rejected, margin: chosen - rejected, accuracy };
}
