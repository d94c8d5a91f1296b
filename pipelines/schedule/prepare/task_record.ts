/**
 * What results record about an evaluation of a published task: what is needed to compare it with the paper's.
 *
 * @module
 */
import { elementCount } from "../../../ops/program/dimension.ts";
import type { RowList } from "../../common/row_list.ts";
import { type Adaptation, isFixed } from "../../compile/lower/adaptation.ts";
import type { LaidOutRow } from "../../compile/rows/laid_out_rows.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import { parameterCount } from "../../models/architecture/architecture.ts";
import { askedWords, labelledWords } from "../../tasks/asked_words.ts";
import type { TaskRecord } from "../../results/results.ts";
import type { PreparedEvaluation } from "./prepared.ts";

/** The record for an evaluation of a task; `undefined` for any other. */
export function taskRecordOf(stage: PreparedEvaluation): TaskRecord | undefined {
  const { spec: { task }, model, adaptations, full, training, examples } = stage;
  if (task === undefined) return undefined;
  const { kind: _, ...of } = task, base = parameterCount(model.architecture);
  const kinds = new Set(adaptations.filter(({ form }) => form !== "head").map(({ kind }) => String(kind)));
  const methods = [...kinds, ...full === undefined ? [] : ["fullFinetuning"]];
  const heads = adaptations.filter(({ form }) => form === "head"),
    others = adaptations.filter(({ form }) => form !== "head");
  return {
    ...of,
    base: model.name,
    baseParameters: base,
    ...training !== undefined && methods.length > 0 && { method: methods.join("+") },
    parameters: training === undefined ? 0 : trained(others) + (full === undefined ? 0 : base),
    ...heads.length > 0 && { headParameters: training === undefined ? 0 : trained(heads) },
    rows: examples.length,
    ...training !== undefined && { trained: sharedCount(training.rows, examples) },
  };
}

/** A note on test rows that were trained on; `undefined` if there are none. */
export function overlapNote(stage: PreparedEvaluation): string | undefined {
  const { name, training, examples } = stage;
  if (stage.spec.task === undefined || training === undefined) return undefined;
  const count = sharedCount(training.rows, examples);
  if (count === 0) return undefined;
  return `${name} asks ${count} of its ${examples.length} questions in the same words as rows that it trains on, ignoring punctuation` +
    "; these do not measure what was learned, and the report gives their number";
}

function trained(adaptations: readonly Adaptation[]): number {
  return adaptations.flatMap((adaptation) =>
    Object.values(adaptation.tensors).filter((role) => !isFixed(adaptation, role))
  ).reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

const questions = new WeakMap<TokenizedExample, string>();
const gathered = new WeakMap<RowList<LaidOutRow>, ReadonlySet<string>>();

/** How many rows ask the same question as some other rows. */
function sharedCount(seen: RowList<LaidOutRow>, tested: RowList<TokenizedExample>): number {
  const known = gathered.getOrInsertComputed(seen, () => new Set(seen.map(({ whole }) => asked(whole))));
  return tested.filter((example) => known.has(asked(example))).length;
}

/** The question of a row. */
function asked(example: TokenizedExample): string {
  return questions.getOrInsertComputed(example, () => {
    const { typeIds, source: { text, fields } } = example;
    return typeIds === undefined ? askedWords(fields, text) : labelledWords(fields);
  });
}
