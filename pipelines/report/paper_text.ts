/** Tables beside the paper's as text, for a README or a paper. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import type { PaperCell, PaperRow, PaperTable } from "./report_view.ts";

/** The formats of a table. */
type TableForm = "markdown" | "latex";

/** What a format writes. */
interface Form {
  text(words: string): string;
  table(head: readonly string[], rows: readonly (readonly string[])[], title: string, notes: readonly string[]): string;
  readonly plusMinus: string;
  readonly minus: string;
}

const markdown: Form = {
  text: (words) => words.replaceAll("|", "\\|"),
  plusMinus: " ± ",
  minus: "−",
  table(head, rows, title, notes) {
    const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
    const rule = head.map((_, at) => at < 2 ? "---" : "---:");
    return [`**${title}**`, "", line(head), line(rule), ...rows.map(line), "", ...notes.map((note) => `- ${note}`)]
      .join("\n");
  },
};

const special: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
};

const latex: Form = {
  text: (words) =>
    words.replace(/[\\~^]/g, (mark) => ownValue(special, mark)!).replace(
      /[&%$#_{}](?!extbackslash|extascii)/g,
      (mark) => `\\${mark}`,
    ),
  plusMinus: " $\\pm$ ",
  minus: "$-$",
  table(head, rows, title, notes) {
    const line = (cells: readonly string[]) => `${cells.join(" & ")} \\\\`;
    return [
      "% \\usepackage{booktabs}",
      `\\begin{tabular}{ll${"r".repeat(head.length - 2)}}`,
      "\\toprule",
      line(head),
      "\\midrule",
      ...rows.map(line),
      "\\bottomrule",
      "\\end{tabular}",
      `% ${title}`,
      ...notes.map((note) => `% ${note}`),
    ].join("\n");
  },
};

const forms: { readonly [K in TableForm]: Form } = { markdown, latex };

/** Tables as text, one after another. */
export function paperText(tables: readonly PaperTable[], form: TableForm): string {
  return tables.map((table) => tableText(table, forms[form])).join("\n\n");
}

function tableText({ suite, scoring, base, tasks, averaged, rows, notes }: PaperTable, form: Form): string {
  const head = ["", "method", "parameters (%)", "LoRA / own", ...tasks, `average of ${averaged.length}`].map(form.text);
  const lines = rows.map((row) => [
    row.who,
    form.text(row.name),
    row.share === undefined ? "" : row.share.toPrecision(2),
    row.ratio === undefined ? "" : row.ratio.toPrecision(2),
    ...row.cells.map((cell) => cellText(cell, row.who, form)),
    row.average === undefined ? "" : averageText(row.average, row.who, averaged.length, form),
  ]);
  return form.table(
    head,
    lines,
    form.text(`${suite} on ${base}, judged as ${scoring}, in percent`),
    [...notes, ...spreadNote(rows)].map(form.text),
  );
}

/** What ± means, if the table has one. */
function spreadNote(rows: PaperTable["rows"]): readonly string[] {
  const has = rows.some(({ cells, average }) => [...cells, average].some((cell) => cell?.deviation !== undefined));
  return has ? ["± is the standard deviation over seeds."] : [];
}

/** An average; if it is over fewer tasks than the suite's, with their number. */
function averageText(cell: PaperCell, who: PaperRow["who"], all: number, form: Form): string {
  const text = cellText(cell, who, form), { tasks = all } = cell;
  return tasks === all ? text : `${text} of ${tasks}`;
}

function cellText({ isRun, value, deviation, difference }: PaperCell, who: PaperRow["who"], form: Form): string {
  if (!isRun || value === undefined) return who === "ours" ? "not run" : "";
  const spread = deviation === undefined ? "" : `${form.plusMinus}${deviation.toFixed(1)}`;
  const from = difference === undefined
    ? ""
    : ` (${difference < 0 ? form.minus : "+"}${Math.abs(difference).toFixed(1)})`;
  return `${value.toFixed(1)}${spread}${from}`;
}
