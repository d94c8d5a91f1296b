/** A suite's numbers beside the paper's, each of ours with a link to the predictions. @module */
import type { PaperCell, PaperRow, PaperTable } from "../report_view.ts";
import type { Drawing } from "./choices.ts";
import { byId, element } from "./dom.ts";
import { whole } from "./format.ts";

/** Draws the section of published tasks, if there are any. */
export function drawPapers({ view: { papers } }: Drawing): void {
  byId("papers").hidden = papers.length === 0;
  byId("paper-tables").replaceChildren(...papers.flatMap(tableOf));
}

function tableOf({ suite, scoring, base, tasks, averaged, rows, notes }: PaperTable): readonly HTMLElement[] {
  const headings = ["", "method", "trained", "% of base", "LoRA / own", ...tasks, `average of ${averaged.length}`];
  const head = element(
    "tr",
    {},
    ...headings.map((text) => element("th", { scope: "col", style: "padding:0.5rem 0.75rem" }, text)),
  );
  const title = `${suite} on ${base}, judged as ${scoring}, in percent`;
  const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows.map(rowOf)));
  return [
    element("h3", {}, title),
    element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, table),
    ...notes.map((note) => element("p", { class: "quiet" }, note)),
  ];
}

function rowOf({ who, name, parameters, headParameters, share, ratio, cells, average }: PaperRow): HTMLElement {
  const head = headParameters === undefined ? "" : ` + ${whole(headParameters)} of a head`;
  const plain = [
    who,
    name,
    parameters === undefined ? "" : `${whole(parameters)}${head}`,
    share === undefined ? "" : share.toPrecision(2),
    ratio === undefined ? "" : `${ratio.toPrecision(2)} ×`,
  ];
  return element(
    "tr",
    { class: who === "ours" ? "" : "quiet" },
    ...plain.map((text) => element("td", {}, text)),
    ...cells.map((cell) => element("td", {}, ...cellOf(cell, who))),
    element("td", {}, ...average === undefined ? [] : cellOf(average, who)),
  );
}

function cellOf(cell: PaperCell, who: PaperRow["who"]): readonly (Node | string)[] {
  const { isRun, value, deviation, difference, runs, tasks, predictions = [] } = cell;
  if (!isRun || value === undefined) return [who === "ours" ? "not run" : ""];
  const number = value.toFixed(1) + (deviation === undefined ? "" : ` ± ${deviation.toFixed(1)}`);
  const [path] = predictions;
  const shown = path === undefined ? number : element("a", { href: linkOf(path) }, number);
  const hint = [runs !== undefined && runs > 1 ? `${runs} seeds` : "", tasks === undefined ? "" : `${tasks} tasks`]
    .filter((text) => text !== "");
  return [
    shown,
    ...difference === undefined ? [] : [` (${difference < 0 ? "−" : "+"}${Math.abs(difference).toFixed(1)})`],
    ...predictions.slice(1).flatMap((each, at) => [" ", element("a", { href: linkOf(each) }, `${at + 2}`)]),
    ...hint.length === 0 ? [] : [element("span", { class: "quiet" }, ` ${hint.join(", ")}`)],
  ];
}

const linkOf = (path: string) => path.split("/").map(encodeURIComponent).join("/");
