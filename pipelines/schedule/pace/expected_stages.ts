/** How long the stages of members are expected to take. @module */
import { ofKind } from "../../common/of_kind.ts";
import { copyingBlock } from "../../compile/lower/members_hook.ts";
import { isWhole } from "../../compile/rows/layout.ts";
import { type Basis, type Expected, Rates, type Work } from "../context/rates.ts";
import type { RunContext } from "../context/run_context.ts";
import type { PreparedEvaluation, PreparedMember, PreparedStage, PreparedTraining } from "../prepare/prepared.ts";
import { stepCount } from "../train/steps.ts";
import { validationCount } from "../train/validations.ts";
import { activationsWork, type Budget, encodeWork, evaluateWork, trainWork } from "./stage_work.ts";

/** Keys of stages, so that stored results take no time and work that members share is counted once. */
interface StageKeys {
  /** The store's key of a training's result. */
  readonly keyOf: (training: PreparedTraining) => string;
  /** Equal for trainings that share an encoding. */
  readonly encodingKeyOf: (training: PreparedTraining) => string;
  readonly isStored: (stage: PreparedTraining | PreparedEvaluation) => Promise<boolean>;
  /** Whether a training's encoding is in the store; `undefined` if its key is not known yet. */
  readonly isEncoded: (training: PreparedTraining) => boolean | undefined;
}

/** How long some members are expected to take. */
export interface ExpectedStages {
  /** By stage, without stages that take no time. */
  readonly stages: ReadonlyMap<PreparedStage, Expected>;
  /** The encodings, by the first training that reads each. */
  readonly encodings: ReadonlyMap<PreparedTraining, Expected>;
}

/** How long the stages of members are expected to take. */
export async function expectedStages(
  runContext: RunContext,
  members: readonly PreparedMember[],
  { keyOf, encodingKeyOf, isStored, isEncoded }: StageKeys,
): Promise<ExpectedStages> {
  const rates = await Rates.read(runContext), known = new Set<string>(), evaluated = new Set<unknown>();
  const specs = new Map<unknown, Set<string>>(), all = members.flatMap((member) => member.stages);
  const batches = new Map<unknown, Set<string>>();
  for (const stage of ofKind(all, "train")) {
    batches.getOrInsertComputed(likeliestBatch(stage, encodingKeyOf(stage)), () => new Set()).add(keyOf(stage));
  }
  const stages = new Map<PreparedStage, Expected>(), encodings = new Map<PreparedTraining, Expected>();
  const batchOf = (stage: PreparedTraining) => batches.get(likeliestBatch(stage, encodingKeyOf(stage)))!.size;
  const training = (stage: PreparedTraining) => {
    const encoding = encodeWork(stage, runContext), encodingKey = encodingKeyOf(stage);
    if (encoding !== undefined && !known.has(encodingKey)) {
      known.add(encodingKey);
      if (isEncoded(stage) !== true) encodings.set(stage, rates.expected(encoding));
    }
    return sumOf(rates, [trainWork(stage, runContext, batchOf(stage)), ...validationWork(stage, runContext)]);
  };
  for (const stage of all) {
    const acting = stage.kind === "train" ? stage : stage.training, key = acting === undefined ? "" : keyOf(acting);
    // Parts that members share are one object.
    const same = specs.getOrInsertComputed(stage.kind === "train" ? "train" : stage.spec, () => new Set());
    if (same.has(key)) continue;
    same.add(key);
    if (stage.kind !== "activations" && await isStored(stage)) continue;
    if (stage.kind === "train") stages.set(stage, training(stage));
    else if (stage.kind === "evaluate") {
      stages.set(stage, rates.expected(evaluateWork(stage, runContext, evaluated.has(stage.examples))));
      evaluated.add(stage.examples);
    } else stages.set(stage, rates.expected(activationsWork(stage)));
  }
  return { stages, encodings };
}

/** Equal for trainings that probably run together, as far as that is known before they are compiled. */
function likeliestBatch(stage: PreparedTraining, encodingKey: string): unknown {
  const copied = copyingBlock(stage.adaptations);
  if (stage.full !== undefined || isWhole(stage.layout) || copied === undefined) return stage;
  return JSON.stringify([encodingKey, copied, stepCount(stage)]);
}

/** All validations of a training, assuming none ends it early. */
function validationWork(stage: PreparedTraining, budget: Budget): Work[] {
  if (stage.validation === undefined) return [];
  const { runs, flops, ...work } = evaluateWork(stage.validation.evaluation, budget, true),
    count = validationCount(stage);
  return [{ ...work, runs: runs * count, flops: flops * count }];
}

const certainty: readonly Basis[] = ["assumed", "machine", "model"];

function sumOf(rates: Rates, works: readonly Work[]): Expected {
  return totalOf(works.map((work) => rates.expected(work)));
}

/**
 * The factor by which an actual time may be longer or shorter, by the basis of the estimate. Of 30 runs after others of
 * their shape, all were within the first on an idle machine (tests/bench/README.md), and 15 of 18 on a busy one; the
 * others are assumed.
 */
export const uncertainty: Readonly<Record<Basis, number>> = { model: 2, machine: 3, assumed: 10 };

/** The sum, as certain as the least certain parts that together take at least a tenth of the time. */
export function totalOf(parts: readonly Expected[]): Expected {
  const seconds = parts.reduce((sum, part) => sum + part.seconds, 0);
  let doubtful = 0;
  for (const basis of certainty) {
    for (const part of parts) if (part.basis === basis) doubtful += part.seconds;
    if (doubtful > 0 && doubtful >= seconds / 10) return { seconds, basis };
  }
  return { seconds, basis: "model" };
}
