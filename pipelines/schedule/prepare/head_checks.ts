/** What a model's head requires of rows, metrics and checkpoints. @module */
import type { RowList } from "../../common/row_list.ts";
import { RequestError } from "../../common/errors.ts";
import { locationOf } from "../../common/source_location.ts";
import { type Adaptation, type Head, headOf, interventionsOf } from "../../compile/lower/adaptation.ts";
import { startsAtOwn } from "../../compile/lower/heads.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import { classOf, numberOf, type TargetOf } from "../../data/labelled.ts";
import type { Row } from "../../data/row.ts";
import type { PredictionKind } from "../../metrics/metric.ts";
import { isMetricName, metricKinds, metricNameOf, metricOf } from "../../metrics/mod.ts";
import { isChoosing } from "../../decoding/kinds.ts";
import { requireLogits } from "../../models/architecture/heads.ts";
import { findTensor, type Model } from "../../models/open/model.ts";
import type { TensorRecord } from "../../models/weights/safetensors_table.ts";
import type { EvaluateSpec, MetricSpec, Resolved, TrainSpec } from "../../spec/mod.ts";
import type { PreparedModel } from "./prepared_model.ts";

/** What a head makes of a row's label. */
export function targetsOf({ kind, labels }: Pick<Head, "kind" | "labels">): TargetOf {
  return kind === "regression" ? numberOf : (label, place) => classOf(labels, label, place);
}

/** The kinds of rows that each kind of head reads. */
const rowsRead: Readonly<Record<Head["kind"], readonly Row["kind"][]>> = {
  classification: ["label"],
  regression: ["label"],
  reward: ["preference"],
};

/**
 * Rejects rows that lack what the model predicts: labels with a head, completions without one.
 *
 * @param keepsLabels Whether labels are stored beside what the model computes, so that nothing has to predict them.
 * @throws {RequestError} If they do.
 */
export function requireKind(rows: readonly Row[], head: Head | undefined, keepsLabels = false): void {
  const ofWriter: readonly Row["kind"][] = ["completion", "preference", ...keepsLabels ? ["label" as const] : []];
  const wanted = head === undefined ? ofWriter : rowsRead[head.kind];
  const place = rows[0]?.place;
  if (rows.every(({ kind }) => wanted.includes(kind))) return;
  if (head?.kind === "reward") {
    throw new RequestError(
      "the model's head compares two answers but the rows have one; give them prefer({ prompt, chosen, rejected })",
      place?.file === undefined ? undefined : { file: place.file },
    );
  }
  throw new RequestError(
    head === undefined
      ? "the rows have labels but the model has no head to predict them; add one, as in model.with(classification(…))"
      : `the rows have completions but the model's head predicts labels (${head.kind}); give them { text, label }`,
    place?.file === undefined ? undefined : { file: place.file },
  );
}

/**
 * Rejects a model without a head that cannot generate text, and a model with a head whose edits act after the prompt,
 * where its rows have no tokens.
 *
 * @throws {RequestError} If the model is one of these.
 */
export function requirePredicted({ model, adaptations }: Pick<PreparedModel, "model" | "adaptations">): void {
  const head = headOf(adaptations);
  if (head === undefined) return void requireLogits(model.architecture);
  const after = interventionsOf(adaptations).find(({ positions }) => positions.completion);
  if (after === undefined || head.kind === "reward") return;
  throw new RequestError(
    `the positions ${after.positionsText} are after the prompt, where a model with a head reads nothing; edit others`,
  );
}

/**
 * Rejects label smoothing if a head predicts a number.
 *
 * @throws {RequestError} If it does.
 */
export function requireSmoothable(head: Head | undefined, { labelSmoothing = 0 }: Resolved<TrainSpec>): void {
  if (head?.kind !== "regression" || labelSmoothing === 0) return;
  throw new RequestError("labelSmoothing spreads a label over classes, but a regression has none; omit it");
}

/**
 * Rejects a head whose tensors have a different shape in the checkpoint.
 *
 * @throws {RequestError} If a shape differs.
 */
export async function requireOwnFits(model: Model, adaptations: readonly Adaptation[]): Promise<void> {
  const head = headOf(adaptations);
  for (const [name, { shape }] of Object.entries(head?.tensors ?? {})) {
    const record = startsAtOwn(head!, name) ? await findTensor(model, name) : undefined;
    if (record !== undefined) requireHeadShape(record, shape);
  }
}

/**
 * A tensor of a checkpoint's head, if it has the declared shape.
 *
 * @throws {RequestError} If it does not.
 */
export function requireHeadShape(record: TensorRecord, shape: readonly number[]): TensorRecord {
  if (record.shape.join() === shape.join()) return record;
  throw new RequestError(
    `the checkpoint's head has ${record.name} [${record.shape.join(", ")}] where [${shape.join(", ")}] is declared; ` +
      "declare as many labels (a regression has 1), or start with a new head with fresh: true",
    { file: record.file },
  );
}

/** What a head predicts. */
export const predictionKinds = {
  classification: "classes",
  regression: "numbers",
  reward: "pairs",
} as const satisfies Record<Head["kind"], PredictionKind>;

const described: Readonly<Record<PredictionKind, string>> = {
  texts: "a model without a head generates text",
  classes: "its model's head predicts classes",
  numbers: "its model's head predicts numbers",
  pairs: "its model's head compares two answers",
};

/**
 * Rejects an evaluation of something that its model does not predict.
 *
 * @param name The evaluation's.
 * @throws {RequestError} If a metric does not fit the model's head or its lack of one, or a model with a head has a
 * decoding.
 */
export function requireMeasurable(
  name: string,
  { metrics, decoding }: Resolved<EvaluateSpec>,
  head: Head | undefined,
): void {
  const predicted = head === undefined ? "texts" : predictionKinds[head.kind];
  requireNames(name, metrics);
  const odd = metrics.find((metric) => metricOf(metric).measures[predicted] === undefined);
  if (odd !== undefined) {
    const fitting = Object.values(metricKinds).filter(({ measures }) => measures[predicted] !== undefined);
    const listed = fitting.map(({ call }) => call).join(", ");
    throw new RequestError(
      `the metric ${metricNameOf(odd)} of ${name} does not fit: ${described[predicted]}; measure ${listed}`,
      locationOf(odd),
    );
  }
  if (head === undefined) {
    for (const metric of metrics) requireAnswers(name, metric, decoding);
    return;
  }
  if (decoding !== undefined) {
    throw new RequestError(
      `${name} has a decoding, but ${described[predicted]} and generates no text; omit the decoding`,
    );
  }
  for (const metric of metrics) {
    if (!("extract" in metric) || metric.extract === undefined) continue;
    throw new RequestError(
      `the metric ${metricNameOf(metric)} of ${name} has extract, which reads texts, but ${
        described[predicted]
      }; write map`,
      locationOf(metric),
    );
  }
  if (head.kind !== "classification" || head.labels.length === 2) return;
  for (const metric of metrics) {
    const instead = metricOf(metric).measures.classes?.(metric).insteadOfBinary;
    if (instead === undefined) continue;
    throw new RequestError(
      `${
        metricNameOf(metric)
      } of ${name} is for two classes, but the head predicts ${head.labels.length}; measure ${instead}`,
    );
  }
}

/** Rejects metrics that have the same name in the results. */
function requireNames(stage: string, metrics: readonly MetricSpec[]): void {
  const seen = new Set<string>();
  for (const metric of metrics) {
    const name = metricNameOf(metric);
    if (name !== metric.kind && isMetricName(name)) {
      throw new RequestError(
        `${name} is the name of another metric; give this one of ${stage} a different name`,
        locationOf(metric),
      );
    }
    if (seen.has(name)) {
      throw new RequestError(
        `two metrics of ${stage} are called ${name}; give one of them another name, as in { name: "strict" }`,
        locationOf(metric),
      );
    }
    seen.add(name);
  }
}

/** For a model without a head, rejects a metric if its evaluation does not produce what it reads. */
function requireAnswers(stage: string, metric: MetricSpec, decoding: Resolved<EvaluateSpec>["decoding"]): void {
  const reads = metricOf(metric).measures.texts?.(metric).reads, name = metricNameOf(metric);
  if ((reads === "answers" || reads === "programs" || reads === "judgements") && decoding === undefined) {
    throw new RequestError(
      `the metric ${name} of ${stage} needs answers; give the evaluation a decoding, as in greedy(…), or the model a head`,
    );
  }
  if (reads === "choices" && (decoding === undefined || !isChoosing(decoding))) {
    throw new RequestError(
      `the metric ${name} of ${stage} compares choices; give the evaluation a decoding by choices(…), or omit by`,
      locationOf(metric),
    );
  }
}

/**
 * Rejects rows whose numbers are all equal, if a metric is undefined for them.
 *
 * @throws {RequestError} If they are.
 */
export function requireVaried(metrics: readonly MetricSpec[], examples: RowList<TokenizedExample>): void {
  const varied = metrics.find((metric) => metricOf(metric).measures.numbers?.(metric).takesEqualNumbers === false);
  const [first] = examples;
  if (varied === undefined || examples.some(({ completion: [number] }) => number !== first?.completion[0])) return;
  throw new RequestError(
    `the rows' numbers are all equal, so ${metricNameOf(varied)} is not defined; give rows whose numbers vary`,
    first?.source.place?.file === undefined ? undefined : { file: first.source.place.file },
  );
}

/** The classes that no row has. */
export function unseenLabels(head: Head | undefined, examples: RowList<TokenizedExample>): readonly string[] {
  if (head === undefined) return [];
  const seen = new Set(examples.map(({ completion: [id] }) => id));
  return head.labels.filter((_, id) => !seen.has(id));
}
