/**
 * Heads: what a model tells of a text in place of writing on. A head is an adaptation like an edit or adapter, so that it is
 * drawn, trained, kept and loaded as they are.
 *
 * @module
 */
import { RequestError } from "../../common/errors.ts";
import type { TensorRole } from "../../../ops/interventions/intervention.ts";
import { input, weight } from "../../../ops/program/program.ts";
import type { Classifier, EditedModel, WeightSource } from "../../models/architecture/architecture.ts";
import type { HeadSpec, Resolved, TrainableSpec } from "../../spec/mod.ts";
import type { Adaptation, Head } from "./adaptations.ts";

/** A head before it has its index. */
export interface LoweredHead {
  readonly form: "head";
  readonly kind: HeadSpec["kind"];
  /** The classes' names in the order of their ids; none of a regression. */
  readonly labels: readonly string[];
  readonly options: { readonly frozen: boolean; readonly fresh: boolean };
  /** Which of a row's tokens it reads. */
  readonly pooled: Classifier["pooled"];
  readonly block: undefined;
  readonly site: "finalNorm.output";
  readonly inputs: number;
  /** By the names that the family's checkpoints give them. */
  readonly tensors: Readonly<Record<string, HeadTensor>>;
}

/** A tensor of a head. */
export interface HeadTensor extends TensorRole {
  /** Whether it belongs to the base model, as BERT's pooler does: a fresh head keeps that of the checkpoint. */
  readonly isBase: boolean;
}

/** Tells heads from edits and adapters. */
export function isHeadSpec(spec: Resolved<TrainableSpec>): spec is Resolved<HeadSpec> {
  return spec.kind === "classification" || spec.kind === "regression";
}

/**
 * The adaptation of a head.
 *
 * @throws {RequestError} If the model's family has none.
 */
export function lowerHead(spec: Resolved<HeadSpec>, model: EditedModel): LoweredHead {
  const { family, width, classifier } = model;
  if (classifier === undefined) {
    throw new RequestError(`a model of the family ${family} has no head for ${spec.kind}; take another model`);
  }
  const labels = spec.kind === "classification" ? spec.labels : [];
  const { kind, frozen, fresh } = spec, { pooled } = classifier;
  const tensors = tensorsOf(classifier, outputsOf({ labels }), model);
  const place = { block: undefined, site: "finalNorm.output", inputs: width, pooled } as const;
  return { form: "head", kind, labels, options: { frozen, fresh }, ...place, tensors };
}

/** How many numbers a head tells of a row. */
export function outputsOf({ labels }: Pick<LoweredHead, "labels">): number {
  return Math.max(1, labels.length);
}

/** The tensors that a classifier asks for, which start as transformers starts them. */
function tensorsOf(
  { scores }: Classifier,
  outputs: number,
  { width, barePrefix = "" }: EditedModel,
): LoweredHead["tensors"] {
  const tensors: Record<string, HeadTensor> = {};
  const note: WeightSource = (name, shape) => {
    const start = name.endsWith("norm.weight") ? "one" : name.endsWith(".bias") ? "zero" : "narrow";
    const isBase = barePrefix !== "" && name.startsWith(barePrefix);
    tensors[name] = { shape: shape as readonly number[], start, isBase };
    return weight(name, shape);
  };
  scores(input("rows", ["rows", width]), note, outputs);
  return tensors;
}

/** The head among adaptations, the first of those of several members. */
export function headOf(adaptations: readonly Adaptation[]): Head | undefined {
  return adaptations.find((adaptation) => adaptation.form === "head");
}

/**
 * Refuses a second head.
 *
 * @throws {RequestError} As said.
 */
export function requireOneHead(adaptations: readonly Adaptation[]): void {
  if (adaptations.filter(({ form }) => form === "head").length < 2) return;
  throw new RequestError("the model has two heads; give it one classification(…) or regression(…)");
}

/** Adaptations without the head. */
export function withoutHead(adaptations: readonly Adaptation[]): readonly Exclude<Adaptation, Head>[] {
  return adaptations.filter((adaptation) => adaptation.form !== "head");
}

/** The name that a frozen tensor of a head is fed by. */
export function frozenName(tensor: string): string {
  return `frozen.${tensor}`;
}

/** Whether a tensor of a head starts at what the checkpoint has of its name, if it has. */
export function startsAtOwn({ options: { fresh }, tensors }: Pick<Head, "options" | "tensors">, name: string): boolean {
  return !fresh || tensors[name]!.isBase;
}
