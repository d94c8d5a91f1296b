/** Checks of trainings on preferences: rows, objective and model must fit each other. @module */
import { objectives } from "../../../ops/objectives/mod.ts";
import { formatLocation, RequestError } from "../../common/errors.ts";
import { headOf } from "../../compile/lower/adaptation.ts";
import { lengthsOfExamples } from "../../data/example_lengths.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import type { RowList } from "../../common/row_list.ts";
import { metricNameOf, metricOf } from "../../metrics/mod.ts";
import type { MetricSpec, Resolved, TrainSpec } from "../../spec/mod.ts";
import type { PreparedModel } from "./prepared_model.ts";
import type { PreparedRows } from "./read_rows.ts";

/**
 * Rejects a preference objective without such rows or with a model that it does not fit, and such rows without an
 * objective.
 *
 * @throws {RequestError} If they do not fit each other.
 */
export function requirePreferences(
  { objective, labelSmoothing = 0 }: Pick<Resolved<TrainSpec>, "objective" | "labelSmoothing">,
  { model: { architecture }, adaptations, full }: Pick<PreparedModel, "model" | "adaptations" | "full">,
  examples: RowList<TokenizedExample>,
): void {
  if (objective === undefined && !hasPairs(examples)) return;
  const { rejected } = lengthsOfExamples(examples), placeAt = (row: number) => examples.at(row)?.source.place;
  const pair = rejected.findIndex((length) => length > 0), other = rejected.indexOf(0);
  const head = headOf(adaptations);
  if (objective === undefined) {
    const call = objectives[head?.kind === "reward" ? "bradleyTerry" : "dpo"].call;
    throw new RequestError(
      "the rows have two answers each but the training does not say how to compare them; give it an objective, as in " +
        `objective: ${call}`,
      placeAt(pair),
    );
  }
  const { kind } = objective, { scores } = objectives[kind];
  if (scores === "heads" && head?.kind !== "reward") {
    throw new RequestError(
      `the objective ${kind} compares a head's scores of answers, but the model has no head; add one, as in model.with(reward())`,
    );
  }
  if (scores === "likelihoods" && head !== undefined) {
    throw new RequestError(
      `the objective ${kind} compares generated answers, but the model has a head (${head.kind}); omit one of the two` +
        (head.kind === "reward" ? ", or use bradleyTerry()" : ""),
    );
  }
  if (labelSmoothing > 0) {
    throw new RequestError(
      `labelSmoothing smooths the labels of completions, but the objective ${kind} compares answers; omit it, or use ` +
        "that of dpo({ beta, labelSmoothing })",
    );
  }
  if (other >= 0) {
    throw new RequestError(
      `the objective ${kind} compares two answers but the row has one; give the rows prefer({ prompt, chosen, rejected })`,
      placeAt(other),
    );
  }
  if (!architecture.causal || architecture.encoder !== undefined) {
    throw new RequestError(
      `the objective ${kind} reads two answers after one prompt, which a model with an encoder cannot; use a ` +
        "decoder-only model",
    );
  }
  if (objectives[kind].needsReference && full?.initializeFrom !== undefined) {
    throw new RequestError(
      `the objective ${kind} compares with the frozen model, but freshly initialized weights have none; omit ` +
        "initializeFrom, or use simpo",
    );
  }
}

/**
 * A note on rows whose two answers have the same tokens, which teach nothing.
 *
 * @throws {RequestError} If this is true of all rows.
 */
export function equalAnswersNote(name: string, { examples }: PreparedRows): string | undefined {
  if (!hasPairs(examples)) return undefined;
  const equal = examples.filter(isEqual), [first] = equal;
  if (first === undefined) return undefined;
  const { place } = first.source;
  if (equal.length === examples.length) {
    throw new RequestError(
      "the row's two answers are the same, and so are those of all rows; correct their fields",
      place,
    );
  }
  const where = place === undefined ? "" : `, the first is ${formatLocation(place)}`;
  return `${equal.length} of the ${examples.length} rows that ${name} trains on ${
    equal.length === 1 ? "has" : "have"
  } two answers with the ` +
    `same tokens, which teach nothing${where}; remove them with rows.filter(…)`;
}

/** Whether an example has two answers. */
export function hasPairs(examples: RowList<TokenizedExample>): boolean {
  return pairs.getOrInsertComputed(examples, () => lengthsOfExamples(examples).rejected.some((length) => length > 0));
}

/** Whether an example is read otherwise than it is taught. */
export function hasReads(examples: RowList<TokenizedExample>): boolean {
  return lengthsOfExamples(examples).isRead;
}

/** Members that share rows ask it of the same. */
const pairs = new WeakMap<RowList<TokenizedExample>, boolean>();

function isEqual({ completion, rejected }: TokenizedExample): boolean {
  return rejected !== undefined && completion.length === rejected.length &&
    completion.every((id, at) => id === rejected[at]);
}

/**
 * Rejects metrics of rewards if rows have only one answer.
 *
 * @param name The evaluation's.
 * @throws {RequestError} If they do.
 */
export function requirePairs(name: string, metrics: readonly MetricSpec[], examples: RowList<TokenizedExample>): void {
  const metric = metrics.find((each) => metricOf(each).measures.texts?.(each).reads === "rewards");
  if (metric === undefined) return;
  const other = lengthsOfExamples(examples).rejected.indexOf(0);
  if (other < 0) return;
  throw new RequestError(
    `the metric ${
      metricNameOf(metric)
    } of ${name} compares two answers but the row has one; give the rows prefer({ prompt, ` +
      "chosen, rejected })",
    examples.at(other)?.source.place,
  );
}
