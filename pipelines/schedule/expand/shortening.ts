/** Stages whose training takes a share of its epochs, as halving stops members early. @module */
import { withLocationOf } from "../../common/source_location.ts";
import type { StageKind } from "../../spec/mod.ts";
import { isKind } from "./declarations.ts";
import type { MemberStage, MemberStages } from "./member.ts";

/** A training for a share of its epochs, at least one; other models as they are. */
export function withEpochs<T>(model: T, share: number): T {
  if (!isKind<{ epochs: number; maxSteps?: number }>(model, "train") || share === 1) return model;
  const part = (count: number) => Math.max(1, Math.floor(count * share)), { epochs, maxSteps } = model;
  const steps = maxSteps === undefined ? {} : { maxSteps: part(maxSteps) };
  return withLocationOf(model, { ...model, epochs: part(epochs), ...steps });
}

type Shortening<K extends StageKind> = (stage: MemberStages[K], share: number) => MemberStages[K];

/** A stage with the training that it acts with for a share of its epochs. */
function withShortModel<S extends MemberStages["evaluate" | "activations"]>(stage: S, share: number): S {
  return withLocationOf(stage, { ...stage, model: withEpochs(stage.model, share) });
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
