/**
 * GLUE (Wang et al. 2018) with RoBERTa and a trained head. The validation set is split into halves: the best epoch is
 * chosen on one, and results are reported on the other.
 *
 * @module
 */
import { ownValue } from "../../ops/program/own_value.ts";
import { mapRecord } from "../common/map_record.ts";
import { hasFields } from "./asked.ts";
import type { CombinedName } from "../metrics/declared.ts";
import type { GlueName } from "./names.ts";
import type { Fields } from "../data/files/raw_row.ts";
import type { HeadTask, Measured, Reported } from "./task.ts";

/** RoBERTa-base and -large with LoReFT, with DiReFT (tables 9 to 12) and with LoRA (table 4, from Wu et al. 2024a). */
type Results = readonly [Measured, Measured, Measured, Measured, number, number];

/** The properties that differ between tasks. */
interface GlueTask {
  /** Its folder among the official files. */
  readonly folder: string;
  /** The names of our fields in the official tables, where they differ. */
  readonly official?: Readonly<Record<string, string>>;
  /** The columns of a table without a header. */
  readonly columns?: readonly string[];
  readonly text: string;
  readonly pair?: string;
  readonly head: HeadTask["head"];
  readonly metrics: HeadTask["metrics"];
  readonly combined?: readonly CombinedName[];
  readonly taught?: NonNullable<HeadTask["taught"]>;
  /** The name of the validation split on the hub. */
  readonly tested?: string;
  readonly reported: Results;
}

function glueTask(
  config: string,
  { folder, official, columns, tested = "validation", reported, metrics, ...others }: GlueTask,
) {
  const dev = ["dev", "val", tested, tested.replace("validation", "dev")];
  const namesOf = (...splits: readonly string[]) =>
    splits.flatMap((split) => [`${config}/${split}`, `${folder}/${split}`, `${config}.${split}`]);
  const fields = [others.text, others.pair ?? ""].flatMap((template) => template.match(/\w+/g) ?? []);
  return {
    kind: "head",
    hub: { id: "nyu-mll/glue", config },
    form: {
      reads: [...fields, "label"],
      ...official !== undefined && {
        official: (row: Fields) => renamed(row, official),
        officialFields: Object.values(official).join(", "),
      },
      ...columns !== undefined && { columns },
    },
    splits: {
      train: { names: namesOf("train"), hub: "train", part: { kind: "all" } },
      validation: { names: namesOf(...dev), hub: tested, part: { kind: "half", half: "validation" } },
      test: { names: namesOf(...dev), hub: tested, part: { kind: "half", half: "test" } },
    },
    metrics,
    best: metrics[0],
    reported: resultsOf(reported),
    ...others,
  } as const satisfies HeadTask;
}

/** A row of an official table with the hub's field names; `undefined` if it lacks one of them. */
function renamed(row: Fields, names: Readonly<Record<string, string>>): Fields | undefined {
  if (!hasFields(row, Object.values(names))) return undefined;
  return { ...row, ...mapRecord(names, (name) => ownValue(row, name)) };
}

function resultsOf([loreftBase, loreftLarge, direftBase, direftLarge, loraBase, loraLarge]: Results): Reported {
  return {
    lora: { "RoBERTa-base": loraBase, "RoBERTa-large": loraLarge },
    loreft: { "RoBERTa-base": loreftBase, "RoBERTa-large": loreftLarge },
    direft: { "RoBERTa-base": direftBase, "RoBERTa-large": direftLarge },
  };
}

/** pyreft casts STS-B's labels to bfloat16 in training, where 3.8 is 3.796875, but not in evaluations. */
function inBfloat16(row: Fields): Fields {
  const bits = new Uint32Array(Float32Array.of(Number(row["label"])).buffer)[0]!;
  // Round to nearest, ties to even.
  const rounded = (bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000;
  return { ...row, label: new Float32Array(Uint32Array.of(rounded).buffer)[0] };
}

const sentences = { text: "{sentence1}", pair: "{sentence2}" };

/** The tasks in the paper's order. */
export const glue = {
  mnli: glueTask("mnli", {
    folder: "MNLI",
    official: { premise: "sentence1", hypothesis: "sentence2", label: "gold_label" },
    text: "{premise}",
    pair: "{hypothesis}",
    head: ["entailment", "neutral", "contradiction"],
    metrics: ["accuracy"],
    tested: "validation_matched",
    reported: [[83.1, 0.26], [89.2, 0.27], [82.5, 0.22], [88.7, 0.13], 86.6, 90.2],
  }),
  sst2: glueTask("sst2", {
    folder: "SST-2",
    text: "{sentence}",
    head: ["negative", "positive"],
    metrics: ["accuracy"],
    reported: [[93.4, 0.64], [96.2, 0.72], [92.6, 0.76], [95.4, 0.6], 93.9, 96.0],
  }),
  mrpc: glueTask("mrpc", {
    folder: "MRPC",
    official: { sentence1: "#1 String", sentence2: "#2 String", label: "Quality" },
    ...sentences,
    head: ["not_equivalent", "equivalent"],
    metrics: ["accuracy", "f1"],
    combined: ["accuracy", "f1"],
    reported: [[89.2, 2.62], [90.1, 1.17], [88.3, 1.23], [88.5, 2.16], 88.7, 89.8],
  }),
  cola: glueTask("cola", {
    folder: "CoLA",
    columns: ["source", "label", "mark", "sentence"],
    text: "{sentence}",
    head: ["unacceptable", "acceptable"],
    metrics: ["matthews"],
    reported: [[60.4, 2.6], [68, 1.44], [58.6, 1.99], [66.7, 2.21], 59.7, 65.5],
  }),
  qnli: glueTask("qnli", {
    folder: "QNLI",
    text: "{question}",
    pair: "{sentence}",
    head: ["entailment", "not_entailment"],
    metrics: ["accuracy"],
    reported: [[91.2, 0.25], [94.1, 0.35], [91.3, 0.19], [93.9, 0.39], 92.6, 94.7],
  }),
  qqp: glueTask("qqp", {
    folder: "QQP",
    official: { question1: "question1", question2: "question2", label: "is_duplicate" },
    text: "{question1}",
    pair: "{question2}",
    head: ["not_duplicate", "duplicate"],
    metrics: ["accuracy", "f1"],
    combined: ["accuracy", "f1"],
    reported: [[87.4, 0.23], [88.5, 0.45], [86.4, 0.27], [88.1, 0.47], 90.4, 90.7],
  }),
  rte: glueTask("rte", {
    folder: "RTE",
    ...sentences,
    head: ["entailment", "not_entailment"],
    metrics: ["accuracy"],
    reported: [[79, 2.76], [87.5, 1.49], [76.4, 1.48], [86.9, 1.56], 75.3, 86.3],
  }),
  stsb: glueTask("stsb", {
    folder: "STS-B",
    official: { sentence1: "sentence1", sentence2: "sentence2", label: "score" },
    ...sentences,
    head: "number",
    metrics: ["pearson", "spearman"],
    combined: ["pearson", "spearman"],
    taught: inBfloat16,
    reported: [[90, 0.29], [91.6, 0.43], [89.3, 0.56], [91.2, 0.29], 90.3, 91.7],
  }),
} satisfies Readonly<Record<GlueName, HeadTask>>;
