/**
 * Reading comprehension: RACE (Lai et al. 2017) as in lm-evaluation-harness 0.4.13, which asks each article's last
 * question after the others and their answers.
 *
 * @module
 */
import { ownValue } from "../../ops/program/own_value.ts";
import { RequestError } from "../common/errors.ts";
import { type Asked, asked, numberOf } from "./asked.ts";
import type { ReadingName } from "./names.ts";
import type { Fields } from "../data/files/raw_row.ts";
import type { ChoosingTask } from "./task.ts";

/** A question about an article. */
interface Problem {
  readonly question: string;
  readonly options: readonly string[];
  /** The letter of the correct option. */
  readonly answer: string;
}

const letters = ["A", "B", "C", "D"];

/** The problems of a row; on the hub they are the text of a Python list. */
function problemsOf({ problems }: Fields): readonly Problem[] | undefined {
  if (Array.isArray(problems)) return problems as readonly Problem[];
  if (typeof problems !== "string") return undefined;
  return [...pythonList(problems)];
}

/** Parses the Python literal `[{'question': '…', 'answer': 'C', 'options': ['…', "…"]}, …]`. */
function pythonList(text: string): readonly Problem[] {
  const json = text.replace(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/g, (_, single?: string, double?: string) => {
    const written = (single ?? double ?? "").replace(/\\(x[0-9a-f]{2}|.)/gi, (_, mark: string) => unescaped(mark));
    return JSON.stringify(written);
  });
  try {
    return JSON.parse(json);
  } catch {
    throw new RequestError("the row's problems are not a Python list; write them as a list of objects");
  }
}

function unescaped(mark: string): string {
  const known: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };
  if (/^x[0-9a-f]{2}$/i.test(mark)) return String.fromCharCode(parseInt(mark.slice(1), 16));
  return ownValue(known, mark) ?? mark;
}

/** A blank at the end of a question, which is replaced by the answer. */
const blank = "  _  .";

function askOf(row: Fields): Asked | undefined {
  const problems = problemsOf(row), last = problems?.at(-1);
  if (typeof row["article"] !== "string" || problems === undefined || last === undefined) return undefined;
  const before = problems.slice(0, -1).map(({ question, options, answer }) => {
    const right = options[numberOf(answer, letters)]!;
    return question.endsWith(blank)
      ? `${question.slice(0, -5)}${right}\n`
      : `Question: ${question}\nAnswer: ${right}\n`;
  });
  const context = `Article: ${row["article"]}\n\n${before.join("")}${last.question}`;
  return asked(context, last.options, numberOf(last.answer, letters.slice(0, last.options.length)));
}

function raceTask(level: string) {
  const split = {
    names: [`race.${level}.test`, `race/${level}`, `${level}/test`],
    hub: "test",
    part: { kind: "all" },
  } as const;
  const reads = "article, problems";
  return {
    kind: "choosing",
    hub: { id: "EleutherAI/race", config: level },
    form: { reads: ["article", "problems"] },
    splits: { test: split },
    harness: { ask: askOf, reads, split, choices: "answers" },
  } as const satisfies ChoosingTask;
}

/** The tasks by their names in lm-evaluation-harness; its `race` is the high-school part. */
export const reading = { race: raceTask("high"), race_middle: raceTask("middle") } satisfies Readonly<
  Record<ReadingName, ChoosingTask>
>;
