/** Stages trained for a share of their epochs, for successive halving. @module */
import { withLocationOf } from "../../common/source_location.ts";
import type { StageKind } from "../../spec/mod.ts";
import { isKind } from "./declarations.ts";
import type { MemberStage, MemberStages } from "./member.ts";

/** A training for a share of its epochs, at least one; other models as they are. */
export function withEpochs<T>(model: T, share: number): T {
  if (share === 1) return model;
  if (isKind<{ training: unknown }>(model, "checkpoint")) {
    return withLocationOf(model, { ...model, training: withEpochs(model.training, share) });
  }
  if (!isKind<{ epochs: number; maxSteps?: number; checkpoints?: readonly number[] }>(model, "train")) return model;
  const part = (count: number) => Math.max(1, Math.floor(count * share));
  const { epochs, maxSteps, checkpoints = [], ...rest } = model,
    reached = checkpoints.filter((epoch) => {
      return epoch <= part(epochs);
    });
  const steps = maxSteps === undefined ? {} : { maxSteps: part(maxSteps) };
  const kept = reached.length === 0 ? {} : { checkpoints: reached };
  return withLocationOf(model, { ...rest, epochs: part(epochs), ...steps, ...kept } as typeof model);
}

type Shortening<K extends StageKind> = (stage: MemberStages[K], share: number) => MemberStages[K];

/** A stage whose model is trained for a share of its epochs. */
function withShortModel<S extends MemberStages["evaluate" | "activations"]>(stage: S, share: number): S {
  return share === 1 ? stage : withLocationOf(stage, { ...stage, model: withEpochs(stage.model, share) });
}

const shortenings: { readonly [K in StageKind]: Shortening<K> } = {
  train: withEpochs,
  evaluate: withShortModel,
  activations: withShortModel,
};

/** Whether a declaration's kind is a stage's. */
export function isStageKind(kind: unknown): kind is StageKind {
  return typeof kind === "string" && Object.hasOwn(shortenings, kind);
}

/** A stage whose training takes a share of its epochs, at least one. */
export function shortened(stage: MemberStage, share: number): MemberStage {
  return shortenedOf(stage.kind, stage, share);
}

function shortenedOf<K extends StageKind>(kind: K, stage: MemberStages[K], share: number): MemberStages[K] {
  return shortenings[kind](stage, share);
}
