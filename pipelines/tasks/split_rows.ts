/** A task's rows as data sets: where they are, their format, and which of them belong to a split. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { RequestError } from "../common/errors.ts";
import { quote } from "../common/suggest.ts";
import type { Dataset, Template } from "../data/dataset.ts";
import type { HalvesRule } from "../data/halves/halves.ts";
import { hasFields } from "./asked.ts";
import type { Fields } from "../data/files/raw_row.ts";
import type {
  CodeTask,
  Harness,
  HeadTask,
  InstructionTask,
  Part,
  Shots,
  Split,
  SplitName,
  Task,
  WritingTask,
} from "./task.ts";

/** Where a task's rows come from, and the seed that splits them in halves. */
export interface RowsFrom {
  /** A file, or a folder that contains the split's file; the hub's data set if omitted. */
  readonly data?: string;
  readonly seed: number;
  /** Whose rule draws halves; torch's, as pyreft has it, if omitted. */
  readonly halves?: HalvesRule;
}

/** A function that converts a row as read. */
type Change = (row: Fields) => Fields;

/** The same change is one object for each task and use, so that equal data sets are recognized and read once. */
const changes = new Map<string, Change>();

/**
 * The rows of a split with the paper's prompts and completions.
 *
 * @throws {RequestError} If the task has no such split, or neither the hub nor `data` has its rows.
 */
export function splitRows(name: string, task: Task, split: SplitName, from: RowsFrom): Dataset {
  const found: Split | undefined = task.splits[split];
  if (found === undefined) throw new RequestError(`${name} has no ${split} split`);
  const isTaught = split === "train", use = isTaught ? "train" : "test";
  const source = sourceOf(name, task, `the ${split} rows of ${name}`, found, templateOf(task, isTaught), from);
  const change = changes.getOrInsertComputed(`${name} ${use}`, () => changeOf(name, task, isTaught));
  return { kind: "map", of: partOf(source, found.part, from), with: change };
}

/** Solved problems that are put before prompts. */
export function shotRows(name: string, task: CodeTask, { split, completion }: Shots, from: RowsFrom): Dataset {
  const { prompt } = task;
  const source = sourceOf(name, task, `the solved problems of ${name}`, split, { prompt, completion }, from);
  const change = changes.getOrInsertComputed(`${name} test`, () => changeOf(name, task, false));
  return { kind: "map", of: partOf(source, split.part, from), with: change };
}

/** The rows with lm-evaluation-harness's prompts. */
export function harnessRows(
  name: string,
  task: Task,
  { ask, reads, split, choices }: Harness,
  from: RowsFrom,
): Dataset {
  const template = choices === "answers"
    ? { prompt: "{context}", completion: "{separator}{right}" }
    : { prompt: "{context}", completion: "{right}" };
  const source = sourceOf(name, task, `the official rows of ${name}`, split, template, from);
  const change = changes.getOrInsertComputed(`${name} lm-eval`, () => (row) => {
    const asked = ask(row);
    if (asked === undefined) throw otherForm(name, row, `lm-eval takes official rows, with ${reads}`);
    return { ...row, ...asked };
  });
  return { kind: "map", of: source, with: change };
}

/** A suite's own training file, in the form of one of its tasks. */
export function mergedRows(suite: string, split: Split, like: Task, data: string): Dataset {
  const template = templateOf(like, true),
    change = changes.getOrInsertComputed(`${suite} train`, () => changeOf(suite, like, true));
  const what = `the training rows of ${suite}`;
  return { kind: "map", of: { kind: "folder", path: data, names: split.names, what, template }, with: change };
}

function sourceOf(
  name: string,
  { hub, form: { columns } }: Task,
  what: string,
  { names, hub: splitName }: Split,
  template: Template,
  { data }: RowsFrom,
): Dataset {
  if (data !== undefined) {
    return { kind: "folder", path: data, names, what, template, ...columns !== undefined && { columns } };
  }
  if (hub !== undefined && splitName !== undefined) return { kind: "hub", ...hub, splitName, template };
  throw new RequestError(
    `the hub has no ${what.replace(/^the /, "")}; give the file or the folder that has them, as in task(${
      quote(name)
    }, { data: "./data" })`,
  );
}

function partOf(of: Dataset, part: Part, { seed, halves: rule }: RowsFrom): Dataset {
  switch (part.kind) {
    case "all":
      return of;
    case "first":
      return { kind: "slice", of, start: 0, end: part.count };
    case "afterFirst":
      return { kind: "skip", of, count: part.count };
    case "half":
      return { kind: "half", of, half: part.half, seed, ...rule !== undefined && { rule } };
    case "numbered": {
      const { field, from, to } = part;
      const numberIn = (row: Fields) => Number(ownValue(row, field));
      const keep = (row: Fields) => numberIn(row) >= from && numberIn(row) <= to;
      return { kind: "filter", of, keep };
    }
  }
}

/** The prompt and the completion, by the task's kind. */
const templates: {
  readonly [K in Task["kind"]]: (task: Extract<Task, { readonly kind: K }>, isTaught: boolean) => Template;
} = {
  writing: ({ prompt, completion, expected = completion }: WritingTask, isTaught) => {
    return { prompt, completion: isTaught ? completion : expected };
  },
  choosing: () => ({ prompt: "{context}", completion: "{separator}{right}" }),
  instruction: ({ completion, taught }: InstructionTask, isTaught) => {
    return { prompt: "{request}", completion, ...isTaught && taught };
  },
  head: ({ text, pair }: HeadTask) => ({ text, ...pair !== undefined && { pair }, label: "{label}" }),
  // The prompt is tokenized separately: HumanEval's prompts end with a newline that would merge with a solution's
  // indent.
  code: ({ prompt, solution }, isTaught) => {
    return { prompt, completion: `{${solution}}`, ...!isTaught && { tokenization: "apart" } };
  },
};

function templateOf(task: Task, isTaught: boolean): Template {
  const make: (task: never, isTaught: boolean) => Template = templates[task.kind];
  return make(task as never, isTaught);
}

/** Converts a row to the suite's format, with the fields that its template reads. */
function changeOf(name: string, task: Task, isTaught: boolean): Change {
  const { form: { reads, official, officialFields }, fields = same } = task;
  const taught = isTaught && task.kind === "head" ? task.taught ?? same : same;
  return (row) => {
    const found = hasFields(row, reads) ? row : official?.(row);
    if (found !== undefined) return taught(fields(found));
    const forms = [reads.join(", "), officialFields].filter((each) => each !== undefined);
    throw otherForm(name, row, `${name} has ${forms.join(", or officially ")}`);
  };
}

const same: Change = (row) => row;

function otherForm(name: string, row: Fields, expected: string): RequestError {
  const found = Object.keys(row).slice(0, 8).join(", ");
  return new RequestError(
    `the row has the fields ${found}, but ${expected}; give task(${
      quote(name)
    }, …) rows in one of these formats as its data`,
  );
}
