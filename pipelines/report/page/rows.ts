/** The rows of an evaluation: by class, and one by one with the answers of the base and a member. @module */
import type { RowsView } from "../report_view.ts";
import { type Drawing, type RowFilter, rowsAtOnce } from "./choices.ts";
import { byId, chooser, element, fillTable, labelledRow, plainHeading } from "./dom.ts";
import { decimal, percent, whole } from "./format.ts";
import { type Answer, classesOf, type ClassLine, filteredRows, type ListedRow, listedRows } from "./row_list.ts";

const filters: Readonly<Record<RowFilter, string>> = {
  all: "all rows",
  wrong: "wrong answers",
  differ: "where the two differ",
  better: "better than the base",
  worse: "worse than the base",
};

/** Draws the section of rows, if there are any. */
export function drawRows(drawing: Drawing): void {
  const { view: { rows: evaluations, lowerIsBetter }, choices } = drawing;
  const chosen = choices.metric === undefined ? "" : choices.metric.slice(0, choices.metric.lastIndexOf(" "));
  const wanted = choices.stage ?? chosen;
  const found = evaluations.find(({ stage }) => stage === wanted) ?? evaluations[0];
  byId("samples").hidden = found === undefined;
  if (found === undefined) return;
  const metric = metricIn(drawing, found), isLower = lowerIsBetter.includes(`${found.stage} ${metric}`);
  const rows = listedRows(found, { member: choices.member, metric, lowerIsBetter: isLower });
  byId("row-controls").replaceChildren(...controls(drawing, found, rows));
  const search = byId("row-search", HTMLInputElement);
  search.oninput = () => {
    [choices.search, choices.shown] = [search.value, rowsAtOnce];
    list(drawing, rows, isLower);
  };
  byId("samples-note").textContent = noteOf(found);
  drawClasses(classesOf(rows));
  list(drawing, rows, isLower);
}

/** The metric by which rows are judged: the chosen one if this evaluation has it. */
function metricIn({ view, choices: { metric } }: Drawing, { stage }: RowsView): string {
  const own = view.metrics.filter((each) => each.slice(0, each.lastIndexOf(" ")) === stage);
  const chosen = metric !== undefined && own.includes(metric) ? metric : own[0] ?? "";
  return chosen.slice(chosen.lastIndexOf(" ") + 1);
}

function noteOf({ rows, total, omitted }: RowsView): string {
  const some = rows.length < total ? [`The first ${whole(rows.length)} of ${whole(total)} rows.`] : [];
  const best = omitted > 0 ? [`${whole(omitted)} members with lower ranks are omitted.`] : [];
  return [...some, ...best].join(" ");
}

function controls(
  { view: { rows: evaluations }, choices, redraw }: Drawing,
  found: RowsView,
  rows: readonly ListedRow[],
) {
  const members = found.answers.filter(({ isBase }) => !isBase).map(({ name }) => name);
  const hasBase = rows[0]?.base !== undefined;
  const names = Object.keys(filters).filter(isFilter).filter((name) => hasBase || name === "all" || name === "wrong");
  const change = (make: () => void) => {
    make();
    choices.shown = rowsAtOnce;
    redraw();
  };
  const stages = evaluations.map(({ stage }) => stage), [first = ""] = members;
  const member = choices.member !== undefined && members.includes(choices.member) ? choices.member : first;
  return [
    ...stages.length > 1
      ? [chooser("Evaluation", stages, found.stage, (stage) => change(() => choices.stage = stage))]
      : [],
    ...members.length > 1 ? [chooser("Member", members, member, (id) => change(() => choices.member = id))] : [],
    chooser("Show", names.map((name) => filters[name]), filters[choices.filter], (text) => {
      change(() => choices.filter = names.find((name) => filters[name] === text) ?? "all");
    }),
  ];
}

function isFilter(name: string): name is RowFilter {
  return Object.hasOwn(filters, name);
}

function list(drawing: Drawing, rows: readonly ListedRow[], isLower: boolean): void {
  const { choices } = drawing, found = filteredRows(rows, choices.filter, choices.search, isLower);
  byId("rows-shown").textContent = `${whole(found.length)} of ${whole(rows.length)}`;
  byId("sample-list").replaceChildren(...found.slice(0, choices.shown).map(listed));
  const more = byId("more-rows", HTMLButtonElement);
  more.hidden = found.length <= choices.shown;
  more.onclick = () => {
    choices.shown += rowsAtOnce;
    list(drawing, rows, isLower);
  };
}

function listed({ prompt, completion, tuned, base }: ListedRow): HTMLElement {
  const answers = [...base === undefined ? [] : [base], tuned];
  return element(
    "li",
    {},
    element("p", { class: "prompt", dir: "auto" }, prompt.trim()),
    element(
      "dl",
      { class: "answers" },
      line("expected", element("dd", { dir: "auto" }, completion.trim())),
      ...answers.map((answer) => line(answer.name === "main" ? "tuned" : answer.name, answerText(answer))),
    ),
  );
}

function answerText({ text, value, isRight }: Answer): HTMLElement {
  const number = value === undefined || isRight !== undefined && (value === 0 || value === 1) ? "" : decimal(value, 4);
  const shown = [text?.trim(), number].filter((part) => part !== undefined && part !== "").join(" · ");
  if (isRight === undefined) return element("dd", { dir: "auto" }, shown);
  return element("dd", { class: isRight ? "right" : "wrong", dir: "auto" }, `${isRight ? "✓" : "✗"} ${shown}`);
}

function line(name: string, answer: HTMLElement): HTMLElement {
  return element("div", {}, element("dt", {}, name), answer);
}

function drawClasses(classes: readonly ClassLine[]): void {
  byId("classes").hidden = classes.length === 0;
  const hasBase = classes.some(({ base }) => base !== undefined);
  const names = ["class", "rows", "tuned", ...hasBase ? ["base"] : [], "most frequent mistake"];
  const share = (count: number, of: number) => `${count} (${percent(count / of)})`;
  const rows = classes.map(({ name, count, tuned, base, mistake }) => {
    const texts = [name, whole(count), share(tuned, count), ...base === undefined ? [] : [share(base, count)], mistake];
    return labelledRow(texts.map((text, at) => ({ name: names[at] ?? "", text })));
  });
  fillTable("class-table", plainHeading(names), rows);
}
