/** All members, to sort and filter. @module */
import { verdictOf } from "../verdict.ts";
import type { Drawing } from "./choices.ts";
import { type Column, columnsOf, sortedBy } from "./columns.ts";
import { byId, element, fillTable, labelledRow } from "./dom.ts";
import { whole } from "./format.ts";

const mostRows = 1000;

/** The column by which the table is sorted; the run's own order before the first click. */
let order: { readonly name: string; readonly isDescending: boolean } | undefined;

/** Draws the section of members. */
export function drawMembers(drawing: Drawing): void {
  const { view, choices: { metric } } = drawing;
  const { members } = view, filter = byId("filter", HTMLInputElement), columns = columnsOf(view);
  filter.oninput = () => drawMembers(drawing);
  const found = members.filter(({ id }) => id.includes(filter.value));
  const by = columns.find(({ name }) => name === order?.name);
  const sorted = by === undefined ? found : sortedBy(found, by, order?.isDescending ?? false);
  const verdict = metric === undefined ? undefined : verdictOf(view, metric);
  const best = new Set(verdict?.best.flatMap(({ experiment }) => experiment.members));
  byId("members").hidden = members.length === 0;
  fillTable(
    "table",
    element("tr", {}, ...columns.map((column) => heading(column, drawing))),
    sorted.slice(0, mostRows).map((member) => {
      const cells = columns.map(({ name, text, isBase }) => ({ name, text: text(member), isApart: isBase ?? false }));
      return labelledRow(cells, { class: best.has(member.id) && members.length > 1 ? "best" : "" });
    }),
  );
  byId("shown").textContent = `${whole(found.length)} of ${whole(members.length)}`;
}

function heading({ name, largestFirst, isBase }: Column, drawing: Drawing): HTMLElement {
  const isDescending = order?.name === name ? order.isDescending : undefined;
  const button = element("button", { type: "button" }, name);
  button.addEventListener("click", () => {
    order = { name, isDescending: isDescending === undefined ? largestFirst : !isDescending };
    drawMembers(drawing);
    // Redrawing has replaced the button that had the focus.
    [...byId("table").querySelectorAll("button")].find(({ textContent }) => textContent === name)?.focus();
  });
  const sort = isDescending === undefined ? "none" : isDescending ? "descending" : "ascending";
  return element("th", { scope: "col", "aria-sort": sort, class: isBase ? "apart" : "" }, button);
}
