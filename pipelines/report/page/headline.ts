/** The title and the cards with the most important numbers. @module */
import type { ReportView } from "../report_view.ts";
import { sampleText, valueText, type Verdict, verdictOf, verdictText } from "../verdict.ts";
import type { Drawing } from "./choices.ts";
import { byId, element } from "./dom.ts";
import { percent, whole, withUnit } from "./format.ts";
import { ownValue } from "../../../ops/program/own_value.ts";

type Card = readonly [value: string, note: string];

/** Draws the head of the page. */
export function drawHeadline({ view, choices: { metric } }: Drawing): void {
  byId("title").textContent = view.pipeline;
  document.title = `${view.pipeline} · Refract report`;
  byId("made").textContent = [view.made, ...view.machine].filter((text) => text !== "").join(" · ");
  const verdict = metric === undefined ? undefined : verdictOf(view, metric);
  byId("verdict").textContent = verdict === undefined || metric === undefined
    ? ""
    : `${withUnit(metric, ownValue(view.units, metric))}: ${verdictText(verdict)}.${soFar(view)}`;
  const cards = [...stateCards(view), ...bestCards(view, metric, verdict), ...memberCards(view)];
  byId("headline").replaceChildren(
    ...cards.map(([value, note]) =>
      element("div", { class: "card" }, element("b", {}, value), element("span", {}, note))
    ),
  );
}

const doneOf = ({ members }: ReportView) => members.filter(({ state }) => state === "done").length;

function soFar(view: ReportView): string {
  const done = doneOf(view);
  return done < view.members.length ? ` So far, with ${done} of ${view.members.length} members done.` : "";
}

function stateCards({ state }: ReportView): Card[] {
  switch (state.kind) {
    case "done":
      return [];
    case "waiting":
      return [["waiting", "for the run to begin"]];
    case "running":
      return [["running", state.now]];
    case "silent":
      return [["no sign of life", `since ${state.since}, at ${state.now}; its process has ended or is stuck`]];
    case "stopped":
    case "failed":
      return [[state.kind, state.message]];
  }
}

function memberCards(view: ReportView): Card[] {
  const { members, state, activations } = view, done = doneOf(view), count = members.length;
  const written = activations.map(({ name, rows }): Card => [whole(rows), `rows of activations in ${name}`]);
  if (state.kind === "waiting") return [];
  const named = count === 1 ? "member" : "members";
  const counted: Card = done === count ? [whole(count), named] : [`${done} of ${count}`, `${named} done`];
  return [...written.slice(0, 2), counted];
}

function bestCards(view: ReportView, metric: string | undefined, verdict: Verdict | undefined): Card[] {
  if (verdict === undefined) return trainedCards(view);
  const { best, base } = verdict, [first] = best;
  if (first === undefined || metric === undefined) return [];
  const named = withUnit(metric, ownValue(view.units, metric));
  const { experiment: { id, parameters, members }, found } = first;
  const share = view.members.find(({ id }) => members.includes(id))?.share;
  const besides = base === undefined ? "" : ` · ${base.name} ${valueText(base)}`, sample = sampleText(found);
  const who = best.length > 1 ? `${best.length} tie` : id;
  const what = members.length > 1 ? `the best, over ${members.length} seeds` : "the best member";
  return [
    [valueText(found), `${named}${sample === "" ? "" : `, ${sample}`}${besides}`],
    ...view.experiments.length > 1 ? [[who, best.length > 1 ? "for the best" : what]] satisfies Card[] : [],
    ...parameters > 0 ? [parametersCard(parameters, share)] : [],
  ];
}

/** For members that have not been measured yet, or never will be. */
function trainedCards({ members }: ReportView): Card[] {
  const counts = [...new Set(members.map(({ parameters }) => parameters))].filter((count) => count > 0);
  const least = Math.min(...counts), most = Math.max(...counts);
  if (counts.length === 0) return [];
  if (counts.length > 1) return [[`${whole(least)} to ${whole(most)}`, "parameters are trained"]];
  return [parametersCard(least, members[0]?.share)];
}

function parametersCard(count: number, share: number | undefined): Card {
  const of = share === undefined ? "" : `, ${percent(share)} of the base model's`;
  return [whole(count), `${count === 1 ? "parameter" : "parameters"} trained${of}`];
}
