/** Two members side by side: in which settings they differ, and what they measure. @module */
import { compareMetrics, probability, ranking } from "../verdict.ts";
import type { ExperimentMetric, MemberView, ReportView } from "../report_view.ts";
import type { Drawing } from "./choices.ts";
import { byId, chooser, element, fillTable, labelledRow, plainHeading } from "./dom.ts";
import { decimal, measured, percent, whole } from "./format.ts";
import { comparedSettings } from "./compared_settings.ts";
import { ownValue } from "../../../ops/program/own_value.ts";

/** The members that are compared by default: the first of the best experiment, and of the next. */
function pairOf(view: ReportView, metric: string | undefined): readonly MemberView[] {
  const ranked = metric === undefined ? [] : ranking(view, metric).map(({ experiment: { members: [id] } }) => id);
  const found = ranked.flatMap((id) => view.members.find((member) => member.id === id) ?? []);
  return found.length > 1 ? found : view.members;
}

/** Draws the section of settings, of one member or of two. */
export function drawComparison({ view, choices, redraw }: Drawing): void {
  const { members } = view, ids = members.map(({ id }) => id);
  const [one, other = one] = pairOf(view, choices.metric);
  byId("compare").hidden = one === undefined || !members.some(({ settings }) => Object.keys(settings).length > 0);
  if (one === undefined || other === undefined) return;
  const first = members.find(({ id }) => id === choices.first) ?? one;
  const second = members.find(({ id }) => id === choices.second) ?? other;
  const isPair = members.length > 1;
  byId("compare-title").textContent = isPair ? "Settings, and two members side by side" : "Settings";
  byId("compare-controls").replaceChildren(...isPair ? controls() : []);
  const lines = comparedSettings(first, second).filter(({ isEqual }) => !isPair || choices.withEqual || !isEqual);
  const names = ["setting", first.id, ...isPair ? [second.id, ""] : []];
  const rows = [
    ...isPair ? measurements(view, first, second) : [],
    ...lines.map(({ name, first: a, second: b, isEqual }) => ({ name, cells: [a, b, isEqual ? "" : "differs"] })),
  ];
  fillTable(
    "compare-table",
    plainHeading(names),
    rows.map(({ name, cells }) => {
      const shown = isPair ? cells : cells.slice(0, 1);
      return labelledRow([
        { name: "", text: name },
        ...shown.map((text, at) => ({ name: names[at + 1] ?? "", text })),
      ]);
    }),
  );
  byId("compare-note").textContent = isPair && !choices.withEqual && lines.length === 0
    ? "They have the same settings."
    : "";

  function controls(): HTMLElement[] {
    const box = element("input", { type: "checkbox", checked: choices.withEqual });
    box.addEventListener("change", () => {
      choices.withEqual = box.checked;
      redraw();
    });
    const choose = (key: "first" | "second") => (id: string) => {
      choices[key] = id;
      redraw();
    };
    return [
      chooser("First", ids, first.id, choose("first")),
      chooser("Second", ids, second.id, choose("second")),
      element("label", {}, box, " equal settings too"),
    ];
  }
}

/** The metrics of two members with the difference and whether chance explains it. */
function measurements(view: ReportView, first: MemberView, second: MemberView) {
  const trained = view.metrics.filter((metric) => !view.untrainedMetrics.includes(metric));
  const rows = trained.map((metric) => {
    const cells = [first, second].map(({ metrics, standardErrors }) => {
      return measured(ownValue(metrics, metric), ownValue(standardErrors, metric), 4);
    });
    return { name: metric, cells: [...cells, differenceText(view, metric, first, second)] };
  });
  const parameters = [first, second].map(({ parameters, share }) => {
    return `${whole(parameters)}${share === undefined ? "" : ` (${percent(share)} of base)`}`;
  });
  return [...rows, { name: "trainable parameters", cells: [...parameters, ""] }];
}

function differenceText(view: ReportView, metric: string, first: MemberView, second: MemberView): string {
  const [a, b] = [first, second].map((member) => ofMember(view, metric, member));
  if (first === second || a === undefined || b === undefined) return "";
  const compared = compareMetrics(a, b), sign = a.mean < b.mean ? "−" : "+";
  const difference = `${sign}${decimal(Math.abs(a.mean - b.mean), 4)}`;
  if (compared === undefined) return difference;
  return `${difference} ± ${decimal(compared.standardError, 4)} (${probability(compared.p)})`;
}

/** A metric of one member of an experiment. */
function ofMember(
  { experiments }: ReportView,
  metric: string,
  { id, metrics }: MemberView,
): ExperimentMetric | undefined {
  const experiment = experiments.find(({ members }) => members.includes(id)), mean = ownValue(metrics, metric);
  const found = experiment === undefined ? undefined : ownValue(experiment.metrics, metric);
  if (experiment === undefined || found === undefined || mean === undefined) return undefined;
  const { values: all, ...rest } = found, values = all?.[experiment.members.indexOf(id)];
  return { ...rest, mean, repetitions: 1, ...values === undefined ? {} : { values: [values] } };
}
