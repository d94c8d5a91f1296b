/**
 * Heads, which predict something other than further tokens. A head is an adaptation, so that it is initialized,
 * trained, kept and loaded like an edit or an adapter.
 *
 * @module
 */
import { ownValue, putValue } from "../../../ops/program/own_value.ts";
import { type Dimension, multiplyDimensions } from "../../../ops/program/dimension.ts";
import { RequestError } from "../../common/errors.ts";
import { input, weight } from "../../../ops/program/program.ts";
import {
  type Classifier,
  type EditedModel,
  isBias,
  type WeightSource,
} from "../../models/architecture/architecture.ts";
import type { HeadSpec, Resolved, TrainableSpec } from "../../spec/mod.ts";
import type { Adaptation, Head, HeadTensor, LoweredHead } from "./adaptation.ts";

/** How many texts a head of each kind reads per row: the row's own, or both of its answers. */
const textsRead: Readonly<Record<HeadSpec["kind"], 1 | 2>> = { classification: 1, regression: 1, reward: 2 };

/** The number of texts that a head reads for a batch of rows. */
export function readBy({ kind }: Pick<Head, "kind">, batch: Dimension): Dimension {
  return multiplyDimensions(textsRead[kind], batch);
}

/** Whether a value is the name of a kind of head. */
export function isHeadKind(kind: unknown): kind is HeadSpec["kind"] {
  return typeof kind === "string" && Object.hasOwn(textsRead, kind);
}

/** Whether a declaration is a head. */
export function isHeadSpec(spec: Resolved<TrainableSpec>): spec is Resolved<HeadSpec> {
  return isHeadKind(spec.kind);
}

/**
 * Lowers a head to its adaptation.
 *
 * @throws {RequestError} If the model's family has no such head.
 */
export function lowerHead(spec: Resolved<HeadSpec>, model: EditedModel): LoweredHead {
  const { family, width, classifier } = model;
  if (classifier === undefined) {
    throw new RequestError(`the model family ${family} has no head for ${spec.kind}; use another model`);
  }
  const labels = spec.kind === "classification" ? spec.labels : [];
  const { kind, frozen, fresh } = spec, { pooled } = classifier;
  const tensors = tensorsOf(classifier, outputsOf({ labels }), model);
  const location = { block: undefined, site: "finalNorm.output", inputs: width, pooled } as const;
  return { form: "head", kind, labels, options: { frozen, fresh }, ...location, tensors };
}

/** How many numbers a head predicts for a row. */
export function outputsOf({ labels }: Pick<LoweredHead, "labels">): number {
  return Math.max(1, labels.length);
}

/** The tensors of a classifier, initialized as in transformers. */
function tensorsOf(
  { scores }: Classifier,
  outputs: number,
  { width, barePrefix = "" }: EditedModel,
): LoweredHead["tensors"] {
  const tensors: Record<string, HeadTensor> = {};
  const note: WeightSource = (name, shape, neutral) => {
    const isNorm = neutral !== undefined, start = isNorm ? "one" : name.endsWith(".bias") ? "zero" : "narrow";
    const isBase = barePrefix !== "" && name.startsWith(barePrefix);
    putValue(tensors, name, { shape: shape as readonly number[], start, decays: !isNorm && !isBias(name), isBase });
    return weight(name, shape);
  };
  scores(input("rows", ["rows", width]), note, outputs);
  return tensors;
}

/**
 * Refuses a second head.
 *
 * @throws {RequestError} If there are two heads.
 */
export function requireOneHead(adaptations: readonly Adaptation[]): void {
  if (adaptations.filter(({ form }) => form === "head").length < 2) return;
  throw new RequestError("the model has two heads; give it one classification(…), regression(…) or reward(…)");
}

/** Whether a tensor of a head starts from the checkpoint's tensor of the same name, if there is one. */
export function startsAtOwn({ options: { fresh }, tensors }: Pick<Head, "options" | "tensors">, name: string): boolean {
  return !fresh || ownValue(tensors, name)!.isBase;
}
