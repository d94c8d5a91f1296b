/** What results say of an evaluation of a published task: what is needed to read it beside the paper's. @module */
import { elementCount } from "../../../ops/program/dimension.ts";
import { type Adaptation, isFixed } from "../../compile/lower/adaptation.ts";
import type { TokenizedExample } from "../../data/examples.ts";
import { parameterCount } from "../../models/architecture/architecture.ts";
import type { TaskRecord } from "../../results/results.ts";
import type { PreparedEvaluation } from "../prepare/prepared.ts";

/** What is said of an evaluation of a task; `undefined` of any other. */
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
    ...training !== undefined && { trained: sharedCount(training.rows.map(({ whole }) => whole), examples) },
  };
}

/** What to say of test rows that were trained on, by the name of their evaluation. */
export function overlapNote(name: string, { rows, trained = 0 }: TaskRecord): string | undefined {
  if (trained === 0) return undefined;
  return `${trained} of the ${rows} questions of ${name} are trained on in the same words, punctuation aside; ` +
    "its number is no measure of what was learned";
}

function trained(adaptations: readonly Adaptation[]): number {
  return adaptations.flatMap((adaptation) =>
    Object.values(adaptation.tensors).filter((role) => !isFixed(adaptation, role))
  ).reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

const gathered = new WeakMap<TokenizedExample, string>();

/** How many of some rows ask what others ask. */
function sharedCount(seen: readonly TokenizedExample[], tested: readonly TokenizedExample[]): number {
  const known = new Set(seen.map(asked));
  return tested.filter((example) => known.has(asked(example))).length;
}

/** A row's question in its words alone; of texts before a head the tokens. */
function asked(example: TokenizedExample): string {
  return gathered.getOrInsertComputed(example, () => {
    if (example.typeIds !== undefined) return example.prompt.join(" ");
    const { text, fields } = example.source, question = fields["instruction"] ?? fields["question"];
    const whole = question === undefined ? text : `${question} ${fields["input"] ?? ""}`;
    return whole.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
  });
}
