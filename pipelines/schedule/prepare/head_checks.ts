/** What a model's head asks of rows, metrics and checkpoints. @module */
import { headOf, startsAtOwn } from "../../compile/lower/heads.ts";
import { type Adaptation, type Head, interventionsOf } from "../../compile/lower/adaptations.ts";
import { classOf, numberOf, type TargetOf } from "../../data/labelled.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import type { Row } from "../../data/rows.ts";
import { RequestError } from "../../common/errors.ts";
import { findTensor, type Model } from "../../models/model.ts";
import type { TensorRecord } from "../../models/weights/safetensors.ts";
import { metricCall } from "../expand/choose.ts";
import type { PreparedModel } from "./prepared.ts";
import { requireLogits } from "../../models/heads.ts";
import type { EvaluateSpec, MetricSpec, Resolved } from "../../spec/mod.ts";

/** What a row's label is to a head. */
export function targetsOf({ kind, labels }: Pick<Head, "kind" | "labels">): TargetOf {
  return kind === "regression" ? numberOf : (label, place) => classOf(labels, label, place);
}

/**
 * Refuses rows that have not what the model tells: labels before a head, completions without one.
 *
 * @throws {RequestError} As said.
 */
export function requireKind(rows: readonly Row[], head: Head | undefined): void {
  const wanted = head === undefined ? "completion" : "label", place = rows[0]?.place;
  if (rows.every(({ kind }) => kind === wanted)) return;
  throw new RequestError(
    head === undefined
      ? "the rows have labels and the model has no head to tell them; add one, as in model.with(classification(…))"
      : `the rows have completions and the model's head tells labels (${head.kind}); give them { text, label }`,
    place?.file === undefined ? undefined : { file: place.file },
  );
}

/**
 * Refuses a model without a head that can't write, and one with a head whose edits act where no row of its has anything:
 * behind the prompt.
 *
 * @throws {RequestError} As said.
 */
export function requirePredicted({ model, adaptations }: Pick<PreparedModel, "model" | "adaptations">): void {
  if (headOf(adaptations) === undefined) return void requireLogits(model.architecture);
  const behind = interventionsOf(adaptations).find(({ positions }) => positions.completion);
  if (behind === undefined) return;
  throw new RequestError(
    `the positions ${behind.positionsText} are behind the prompt, where a model with a head reads nothing; edit others`,
  );
}

/**
 * Refuses a head whose tensors the checkpoint has in another shape.
 *
 * @throws {RequestError} As said.
 */
export async function requireOwnFits(model: Model, adaptations: readonly Adaptation[]): Promise<void> {
  const head = headOf(adaptations);
  for (const [name, { shape }] of Object.entries(head?.tensors ?? {})) {
    const record = startsAtOwn(head!, name) ? await findTensor(model, name) : undefined;
    if (record !== undefined) requireHeadShape(record, shape);
  }
}

/**
 * A tensor of a checkpoint's head, if it has the shape that is declared.
 *
 * @throws {RequestError} If it has not.
 */
export function requireHeadShape(record: TensorRecord, shape: readonly number[]): TensorRecord {
  if (record.shape.join() === shape.join()) return record;
  throw new RequestError(
    `the checkpoint's head has ${record.name} [${record.shape.join(", ")}] where [${shape.join(", ")}] is declared; ` +
      "declare as many labels (a regression has 1), or start anew with fresh: true",
    { file: record.file },
  );
}

const ofClasses: readonly MetricSpec["kind"][] = ["accuracy", "f1", "macroF1", "matthews", "loss"];
const ofNumbers: readonly MetricSpec["kind"][] = ["pearson", "spearman", "loss"];
const ofTexts: readonly MetricSpec["kind"][] = ["exactMatch", "accuracy", "loss"];

/**
 * Refuses an evaluation that asks what its model does not tell.
 *
 * @param name The evaluation's.
 * @throws {RequestError} If a metric does not fit the model's head or its lack of one, or there is a decoding before a head.
 */
export function requireMeasurable(
  name: string,
  { metrics, decoding, maxLength }: Resolved<EvaluateSpec>,
  head: Head | undefined,
): void {
  const [known, told] = head === undefined
    ? [ofTexts, "a model without a head writes texts"]
    : head.kind === "classification"
    ? [ofClasses, "its model's head tells classes"]
    : [ofNumbers, "its model's head tells numbers"];
  const odd = metrics.find(({ kind }) => !known.includes(kind));
  if (odd !== undefined) {
    const listed = known.map((kind) => metricCall(kind)).join(", ");
    throw new RequestError(`the metric ${odd.kind} of ${name} does not fit: ${told}; measure ${listed}`);
  }
  if (head === undefined) {
    const written = metrics.find(({ kind }) => kind !== "loss" && decoding === undefined);
    if (written !== undefined) {
      throw new RequestError(
        `the metric ${written.kind} of ${name} needs answers; give the evaluation a decoding, as in greedy(…), or the ` +
          "model a head",
      );
    }
    if (maxLength === undefined) return;
    throw new RequestError(`${name} has a maxLength, which cuts texts before a head alone; leave it out`);
  }
  if (decoding !== undefined) {
    throw new RequestError(`${name} has a decoding and ${told}, which is not written; leave the decoding out`);
  }
  if (head.labels.length !== 2 && metrics.some(({ kind }) => kind === "f1")) {
    throw new RequestError(
      `f1 of ${name} is of two classes and the head tells ${head.labels.length}; measure f1({ average: "macro" })`,
    );
  }
}

/**
 * Refuses rows with which no correlation is defined: their numbers are all equal.
 *
 * @throws {RequestError} As said.
 */
export function requireVaried(metrics: readonly MetricSpec[], examples: readonly TokenizedExample[]): void {
  const correlation = metrics.find(({ kind }) => kind === "pearson" || kind === "spearman");
  const [first] = examples;
  if (correlation === undefined || examples.some(({ completion: [number] }) => number !== first?.completion[0])) return;
  throw new RequestError(
    `the rows' numbers are all equal, so ${correlation.kind} is not defined; give rows whose numbers vary`,
    first?.source.place?.file === undefined ? undefined : { file: first.source.place.file },
  );
}

/** The classes that no row has. */
export function unseenLabels(head: Head | undefined, examples: readonly TokenizedExample[]): readonly string[] {
  const seen = new Set(examples.map(({ completion: [id] }) => id));
  return (head?.labels ?? []).filter((_, id) => !seen.has(id));
}
