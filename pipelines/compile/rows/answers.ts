/** The tensors that the host feeds for preferences: rows with two answers, of which the first is preferred. @module */
import type { Feeds } from "../../common/host_tensor.ts";
import type { RowList } from "../../common/row_list.ts";
import type { LaidOutRow } from "./laid_out_rows.ts";

/** Names one of a row's two answers. */
export type AnswerName = "chosen" | "rejected";

/** The names of the fed tensors of each answer. */
export const answerInputs = {
  chosen: {
    tokens: "answers.chosen",
    reference: "reference.chosen",
    score: "score.chosen",
    count: "count.chosen",
  },
  rejected: {
    tokens: "answers.rejected",
    reference: "reference.rejected",
    score: "score.rejected",
    count: "count.rejected",
  },
} as const satisfies Record<AnswerName, {
  /** 1 where a label belongs to the row's answer [batch, labelled]. */
  readonly tokens: string;
  /** The sum of its tokens' log-likelihoods under the frozen model [batch, 1]. */
  readonly reference: string;
  /** The same under the evaluated model, if known [batch, 1]. */
  readonly score: string;
  /** How many tokens it has [batch, 1]. */
  readonly count: string;
}>;

/** The name of the scalar that feeds a setting of an objective. */
export function objectiveInput(setting: string): string {
  return `objective.${setting}`;
}

/** The settings of an objective, each a scalar. */
export function objectiveFeeds(objective: Readonly<Record<string, unknown>> | undefined): Feeds {
  const settings = Object.entries(objective ?? {}).filter(([name]) => name !== "kind");
  return Object.fromEntries(settings.map(([name, value]) => {
    return [objectiveInput(name), { data: Float32Array.of(Number(value)), shape: [] }];
  }));
}

/** A number for both answers of each row, the chosen one's first: for example their log-likelihoods under a model. */
export type AnswerScores = RowList<readonly [chosen: number, rejected: number]>;

/** The indices of a row's labels that belong to each answer. */
function labelsOf({ branch, labels, labelIndices }: LaidOutRow): Readonly<Record<AnswerName, readonly number[]>> {
  if (branch === undefined) throw new TypeError("The row has one answer");
  const places = [...labels.keys()];
  // The second answer's labels begin where the label indices return to the prompt's last token.
  const second = places.findIndex((at) => at > 0 && labelIndices[at]! <= labelIndices[at - 1]!);
  return { chosen: places.slice(0, second), rejected: places.slice(second) };
}

/** A number of each label of a row, summed over each of its answers. */
export function sumsByAnswer(row: LaidOutRow, ofLabel: (label: number) => number): [chosen: number, rejected: number] {
  const { chosen, rejected } = labelsOf(row),
    sum = (places: readonly number[]) => {
      return places.reduce((total, label) => total + ofLabel(label), 0);
    };
  return [sum(chosen), sum(rejected)];
}

/**
 * The fed tensors of the answers in a group of rows.
 *
 * @param reference The frozen model's scores for each row; `undefined` if the objective needs none.
 */
export function answerFeeds(rows: readonly LaidOutRow[], reference: AnswerScores | undefined): Feeds {
  const labels = rows.map(labelsOf), labelled = rows.reduce((sum, row) => sum + row.labels.length, 0);
  const names = ["chosen", "rejected"] as const;
  return Object.fromEntries(names.flatMap((name, which) => {
    const data = new Float32Array(rows.length * labelled);
    let start = 0;
    rows.forEach((row, at) => {
      for (const label of labels[at]![name]) data[at * labelled + start + label] = 1;
      start += row.labels.length;
    });
    const tokens = [answerInputs[name].tokens, { data, shape: [rows.length, labelled] }] as const;
    if (reference === undefined) return [tokens];
    const scores = Float32Array.from(reference, (pair) => pair[which]!);
    return [tokens, [answerInputs[name].reference, { data: scores, shape: [rows.length, 1] }] as const];
  }));
}
