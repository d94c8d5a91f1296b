/**
 * Commonsense reasoning in eight data sets, converted to instructions as in LLM-Adapters (Hu et al. 2023) and scored as
 * in pyreft. If the official test split has no labels, the test is the official validation split.
 *
 * @module
 */
import { hasFields, numberOf } from "./asked.ts";
import { type ChoiceSet, choiceSets } from "./choice_sets.ts";
import type { CommonsenseName } from "./names.ts";
import type { Fields } from "../data/files/raw_row.ts";
import type { Measured, PaperMethod, Reported, WritingTask } from "./task.ts";
import { RequestError } from "../common/errors.ts";

/** A set's accuracies in table 1, for LLaMA-7B and -13B, Llama-2-7B and Llama-3-8B. */
type Row = readonly [llama7b: number, llama13b: number, llama2: number, llama3: number];

/** The sets in the paper's order, with its results. */
const table1: Readonly<Record<CommonsenseName, Readonly<Record<PaperMethod, Row>>>> = {
  boolq: {
    loreft: [69.3, 72.1, 71.1, 75.1],
    direft: [69.5, 71.3, 70.8, 73.4],
    lora: [68.9, 72.1, 69.8, 70.8],
  },
  piqa: {
    loreft: [84.4, 86.3, 83.8, 90.2],
    direft: [83.0, 86.1, 83.6, 88.7],
    lora: [80.7, 83.5, 79.9, 85.2],
  },
  social_i_qa: {
    loreft: [80.3, 81.8, 80.8, 82.0],
    direft: [79.0, 80.8, 80.2, 81.0],
    lora: [77.4, 80.5, 79.5, 79.9],
  },
  hellaswag: {
    loreft: [93.1, 95.1, 94.3, 96.3],
    direft: [92.5, 94.6, 93.6, 95.6],
    lora: [78.1, 90.5, 83.6, 91.7],
  },
  winogrande: {
    loreft: [84.2, 87.2, 84.5, 87.4],
    direft: [80.5, 83.6, 82.1, 85.5],
    lora: [78.8, 83.7, 82.6, 84.3],
  },
  "ARC-Easy": {
    loreft: [83.2, 86.2, 85.6, 92.4],
    direft: [82.2, 85.5, 84.8, 91.8],
    lora: [77.8, 82.8, 79.8, 84.2],
  },
  "ARC-Challenge": {
    loreft: [68.2, 73.7, 72.2, 81.6],
    direft: [68.0, 72.9, 70.4, 81.8],
    lora: [61.3, 68.3, 64.7, 71.2],
  },
  openbookqa: {
    loreft: [78.9, 84.2, 82.3, 87.5],
    direft: [77.5, 82.7, 81.5, 85.4],
    lora: [74.8, 82.4, 81.0, 79.0],
  },
};

const trigger = "the correct answer is ";

/** Numbered answers, for example `answer1` to `answer5`. */
const numbered = (name: string, count: number) => Array.from({ length: count }, (_, at) => `${name}${at + 1}`);

/**
 * A set's task.
 *
 * @param name Its folder in LLM-Adapters' layout; in other file names it is in lower case, with underscores.
 * @param options The answers that LLM-Adapters' rule looks for.
 * @param tested The name of the test split on the hub.
 */
function commonsenseTask<Item>(
  name: CommonsenseName,
  set: ChoiceSet<Item>,
  options: readonly string[],
  tested: "validation" | "test",
) {
  const alias = name.toLowerCase().replaceAll("-", "_"), test = tested === "test" ? [] : ["val", "dev"];
  const namesOf = (split: string) =>
    [...new Set([name, alias])].flatMap((each) => [`${each}/${split}`, `${each}.${split}`]);
  const official = (row: Fields) => {
    const item = set.read(row);
    return item === undefined ? undefined : { ...row, ...set.instruct(item) };
  };
  return {
    kind: "writing",
    hub: set.hub,
    form: {
      reads: ["instruction", "answer"],
      official: (row: Fields) => checked(official(row)),
      officialFields: set.fields,
    },
    fields: (row: Fields) => checked(row)!,
    splits: {
      train: {
        names: [...namesOf("train"), `${alias}.train_m`, `${alias}.train_xl`],
        hub: "train",
        part: { kind: "all" },
      },
      test: { names: ["test", ...test, tested].flatMap(namesOf), hub: tested, part: { kind: "all" } },
    },
    prompt: "{instruction}\n",
    completion: `${trigger}{answer}`,
    label: "answer",
    decoding: { kind: "greedy", maxNewTokens: 32 },
    scorings: {
      pyreft: { kind: "statedText", trigger, writtenBy: "model" },
      "llm-adapters": { kind: "firstOption", options },
    },
    harness: {
      ask: (row: Fields) => {
        const item = set.read(row);
        return item === undefined ? undefined : set.ask(item);
      },
      reads: set.fields,
      choices: set.choices,
      split: { names: [...test, tested, "test"].flatMap(namesOf), hub: tested, part: { kind: "all" } },
    },
    reported: reportedOf(table1[name]),
  } as const satisfies WritingTask;
}

/** Refuses an answer that is not among those listed in its instruction. */
function checked(row: Fields | undefined): Fields | undefined {
  if (row === undefined || !hasFields(row, ["instruction", "answer"])) return row;
  const listed = /Answer format: (\S+)\s*$/.exec(String(row["instruction"]))?.[1]?.split("/");
  if (listed !== undefined) numberOf(String(row["answer"]).trim(), listed);
  else if (row["answer"] === "") throw new RequestError("the row's answer is empty; correct it, or omit the row");
  return row;
}

function reportedOf(reported: Readonly<Record<PaperMethod, Row>>): Reported {
  const models = ["LLaMA-7B", "LLaMA-13B", "Llama-2-7B", "Llama-3-8B"];
  const byModel = (row: Row): Readonly<Record<string, Measured>> =>
    Object.fromEntries(models.map((model, at) => [model, row[at]!]));
  return { loreft: byModel(reported.loreft), direft: byModel(reported.direft), lora: byModel(reported.lora) };
}

/** The tasks in the paper's order. */
export const commonsense = {
  boolq: commonsenseTask("boolq", choiceSets.boolq, ["true", "false"], "validation"),
  piqa: commonsenseTask("piqa", choiceSets.piqa, numbered("solution", 2), "validation"),
  social_i_qa: commonsenseTask("social_i_qa", choiceSets.social_i_qa, numbered("answer", 5), "validation"),
  hellaswag: commonsenseTask("hellaswag", choiceSets.hellaswag, numbered("ending", 4), "validation"),
  winogrande: commonsenseTask("winogrande", choiceSets.winogrande, numbered("option", 2), "validation"),
  "ARC-Easy": commonsenseTask("ARC-Easy", choiceSets["ARC-Easy"], numbered("answer", 5), "test"),
  "ARC-Challenge": commonsenseTask("ARC-Challenge", choiceSets["ARC-Challenge"], numbered("answer", 5), "test"),
  openbookqa: commonsenseTask("openbookqa", choiceSets.openbookqa, numbered("answer", 5), "test"),
} satisfies Readonly<Record<CommonsenseName, WritingTask>>;
