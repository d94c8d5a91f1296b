/** `deno task score`. @module */
import { RequestError } from "../../common/errors.ts";
import { quote, suggest } from "../../common/suggest.ts";
import { formOf, isJsonList } from "../../data/files/hub_forms.ts";
import { json } from "../../data/files/json.ts";
import { jsonl } from "../../data/files/jsonl.ts";
import { pythonFields, type RawRow } from "../../data/files/raw_row.ts";
import { writeJson } from "../../data/python/json.ts";
import { floatRepr, str } from "../../data/python/print.ts";
import { requireAsWritten } from "../../results/written_files.ts";
import { readGamed } from "../../tasks/alpaca_eval/gamed.ts";
import { codeTaskOf } from "../../tasks/code.ts";
import { scoringOf } from "../../tasks/mod.ts";
import { judge } from "../../tasks/scoring/mod.ts";
import type { Answered, Verdict } from "../../tasks/scoring/scoring.ts";
import { callerFolder, callerPath } from "../requests/caller_paths.ts";
import { command } from "../arguments/command.ts";
import { number, optional, type OptionValues, required, text, withDefault } from "../arguments/option.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { isCompared, scoreAnnotations } from "./score_annotations.ts";
import { scorePrograms, usualSeconds } from "./score_programs.ts";

const declared = {
  scoring: required(text("rule"), "whose rule scores the answers, as in pyreft or llm-adapters"),
  gamed: optional(text("file"), "df_gamed.csv of tatsu-lab/alpaca_eval, for the length-controlled win rate"),
  data: optional(text("file"), "the problems that programs are written for, if rows have only their ids"),
  seconds: withDefault(
    number("seconds", 0.1),
    "the time limit of a program; 3 seconds of CPython are about 18 here",
    usualSeconds,
  ),
};

/** Scores answers generated elsewhere by a task's published rule. */
export const scoreCommand = command({
  name: "score",
  summary: "Scores answers generated elsewhere by a task's published rule.",
  parameters: [
    { name: "task", help: "the task, as in boolq, AQuA or gsm8k_own" },
    { name: "file.jsonl", help: "one { generation, label } per line, with the prompt if known" },
  ],
  options: declared,
  examples: [
    "score boolq --scoring pyreft answers.jsonl",
    "score gsm8k --scoring llm-adapters answers.jsonl",
    "score ultrafeedback --scoring alpaca-eval annotations.json --gamed df_gamed.csv",
    "score humaneval --scoring human-eval --data HumanEval.jsonl programs.jsonl",
  ],
  run: ([task, path], options, { terminal }) => score(task, path, options, terminal),
});

async function score(
  task: string,
  path: string,
  { scoring, data, gamed, seconds }: OptionValues<typeof declared>,
  terminal: Terminal,
): Promise<void> {
  await requireAsWritten(callerPath(path));
  const programs = codeTaskOf(task, scoring), rows = rowsOf(path);
  if (programs !== undefined) {
    const { lines, summary } = await scorePrograms(
      programs,
      rows,
      data === undefined ? undefined : rowsOf(data),
      seconds,
    );
    terminal.print(lines.map(written).join("\n"));
    return terminal.write(`${summary} by ${scoring} on ${task}\n`);
  }
  if (isCompared(task, scoring)) {
    const baselines = gamed === undefined ? undefined : await readGamed(gamed, callerFolder());
    const { lines, summary } = await scoreAnnotations(rows, baselines);
    terminal.print(lines.map(written).join("\n"));
    return terminal.write(`${summary} by ${scoring} on ${task}\n`);
  }
  const rule = scoringOf(task, scoring), lines: string[] = [];
  let right = 0;
  for await (const row of rows) {
    const verdict = judgedAt(row, (answered) => judge(rule, answered));
    right += Number(verdict.correct);
    lines.push(written(verdict));
  }
  terminal.print(lines.join("\n"));
  terminal.write(`${floatRepr(right / lines.length)} (${right} of ${lines.length}) by ${scoring} on ${task}\n`);
}

/** The rows of a file that the caller names: of any form that rows have, and of JSON Lines if its name shows none. */
async function* rowsOf(named: string): AsyncGenerator<RawRow> {
  const path = callerPath(named), files = { base: callerFolder() };
  const isNamedJson = !/\.(csv|tsv|parquet)(\.\w+)?$/i.test(path);
  if (isNamedJson && await isJsonList(path)) yield* json.records({ kind: "json", path }, files);
  else if (isNamedJson) yield* jsonl.records({ kind: "jsonl", path }, files);
  else yield* formOf(path)!(path, files);
}

/** Judges a row; errors name the row's place. */
function judgedAt(row: RawRow, judged: (answered: Answered) => Verdict): Verdict {
  const prompt = row.fields["prompt"];
  const answered = {
    generation: textField(row, "generation"),
    label: textField(row, "label"),
    ...prompt === undefined || prompt === null ? {} : { prompt: textField(row, "prompt") },
  };
  try {
    return judged(answered);
  } catch (error) {
    throw error instanceof RequestError ? error.at(row.place) : error;
  }
}

/** A field as Python prints it, because a label may be a number. */
function textField(row: RawRow, name: string): string {
  const { fields, place } = row;
  if (!Object.hasOwn(fields, name)) {
    throw new RequestError(`the row has no field ${quote(name)}; ${suggest(name, Object.keys(fields))}`, place);
  }
  const value = pythonFields(row).get(name);
  if (typeof value === "string") return value;
  if (typeof value === "bigint" || typeof value === "number") return str(value);
  throw new RequestError(`the field ${quote(name)} is not text; write it as a string`, place);
}

/** As Python writes it, except for infinity, which JSON cannot represent as a number and which is written as text. */
function written({ extracted, correct }: Verdict): string {
  const isText = typeof extracted === "string" || Number.isFinite(extracted);
  const verdict = new Map<string, string | number | boolean>([
    ["extracted", isText ? extracted : floatRepr(extracted)],
    ["correct", correct],
  ]);
  const style = { ensureAscii: true, indent: undefined, separators: [", ", ": "], sortKeys: false } as const;
  return writeJson(verdict, style);
}
