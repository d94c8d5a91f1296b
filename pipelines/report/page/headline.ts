/** The title and the cards with the numbers that matter most. @module */
import { ownValue } from "./own_value.ts";
import type { ReportView } from "../report_view.ts";
import type { Drawing } from "./choices.ts";
import { byId, element } from "./dom.ts";
import { decimal, measured, whole, withUnit } from "./format.ts";
import { bestOf } from "./ranking.ts";

type Card = readonly [value: string, note: string];

/** Draws the head of the page. */
export function drawHeadline({ view, choices: { metric } }: Drawing): void {
  byId("title").textContent = view.pipeline;
  document.title = `${view.pipeline} · Refract report`;
  byId("made").textContent = [view.made, ...view.machine].join(" · ");
  const cards: Card[] = [
    ...bestCards(view, metric),
    [whole(view.members.length), view.members.length === 1 ? "member" : "members"],
    ...view.isRunning ? [["running", view.now ?? ""]] satisfies Card[] : [],
  ];
  byId("headline").replaceChildren(
    ...cards.map(([value, note]) =>
      element("div", { class: "card" }, element("b", {}, value), element("span", {}, note))
    ),
  );
}

function bestCards(view: ReportView, metric: string | undefined): Card[] {
  const best = bestOf(view, metric), [first] = view.members;
  if (metric === undefined || best === undefined) {
    return first === undefined ? [] : [[whole(first.parameters), "parameters trained"]];
  }
  const base = ownValue(view.untrained, metric), named = withUnit(metric, ownValue(view.units, metric));
  return [
    [
      measured(ownValue(best.metrics, metric), ownValue(best.standardErrors, metric)),
      base === undefined ? named : `${named} · ${decimal(base.value)} ${base.name}`,
    ],
    [best.id, "the best member"],
    [whole(best.parameters), "parameters that it trains"],
  ];
}
