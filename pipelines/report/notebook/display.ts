/**
 * A run's results as a notebook shows them: a table of its members, and plots of their metrics against an axis and of
 * their losses.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import type { Results } from "../../results/results.ts";
import { ReportPredictions } from "../report_predictions.ts";
import type { MemberView, ReportView } from "../report_view.ts";
import { viewOf } from "../view.ts";
import { type Line, linePlot } from "./line_plot.ts";
import { element, escaped, shortNumber } from "./markup.ts";

/** What a notebook may show, by media type; it uses the richest that it supports. */
type MediaBundle = Readonly<Record<"text/plain" | "text/html", string>>;

/** The maximum number of rows in a table and of lines in a plot. */
const mostRows = 200, mostLines = 40;

/** What a notebook shows of results. */
export function displayOf(results: Results, folder: string): MediaBundle {
  const view = viewOf({
    results,
    made: "",
    machine: [],
    manifest: "",
    pipelineText: "",
    predictions: () => new ReportPredictions(),
  });
  const count = `${view.members.length} member${view.members.length === 1 ? "" : "s"}`;
  const title = `${view.pipeline}: ${count}, in ${folder}`;
  const plots = [...metricPlots(view), lossPlot(view)].join("");
  return {
    "text/plain": title,
    "text/html": element("div", {}, element("p", {}, escaped(title)), tableOf(view), element("div", {}, plots)),
  };
}

function tableOf({ axes, metrics, units, members }: ReportView): string {
  const named = metrics.map((metric) => {
    const unit = ownValue(units, metric);
    return unit === undefined ? metric : `${metric} (${unit})`;
  });
  const head = [...axes.map(({ name }) => name), ...named, "trainable", "last loss"];
  const rows = members.slice(0, mostRows).map((member) => [
    ...axes.map(({ name }) => String(ownValue(member.axes, name) ?? "")),
    ...metrics.map((metric) => measured(member, metric)),
    member.parameters.toLocaleString("en"),
    member.finalLoss === undefined ? "" : shortNumber(member.finalLoss),
  ]);
  const row = (cell: "th" | "td", texts: readonly string[]) =>
    element("tr", {}, ...texts.map((text) => element(cell, {}, escaped(text))));
  const left = members.length - rows.length;
  return element(
    "table",
    {},
    element("thead", {}, row("th", head)),
    element("tbody", {}, ...rows.map((each) => row("td", each))),
  ) +
    (left > 0 ? element("p", {}, `and ${left} more`) : "");
}

function measured({ metrics, standardErrors }: MemberView, metric: string): string {
  const both = [ownValue(metrics, metric), ownValue(standardErrors, metric)];
  return both.flatMap((value) => value === undefined ? [] : [shortNumber(value)]).join(" ± ");
}

/** Each metric against the numeric axis with the most values, with one line for each combination of the others. */
function metricPlots({ axes, metrics, members }: ReportView): string[] {
  const numeric = axes.filter(({ values }) => values.length > 1 && values.every((value) => typeof value === "number"));
  const [axis] = numeric.toSorted((one, other) => other.values.length - one.values.length);
  if (axis === undefined) return [];
  const others = axes.filter(({ name, values }) => name !== axis.name && values.length > 1);
  const lineOf = ({ axes: own }: MemberView) =>
    others.flatMap(({ name }) => ownValue(own, name) === undefined ? [] : [`${name}=${ownValue(own, name)}`]).join(",");
  return metrics.map((metric) => {
    const lines = [...Map.groupBy(members, lineOf)].map(([name, group]): Line => {
      const points = group.flatMap((member): Line["points"] => {
        const x = ownValue(member.axes, axis.name), y = ownValue(member.metrics, metric);
        return typeof x === "number" && y !== undefined ? [[x, y]] : [];
      });
      return { name, points: points.toSorted(([one], [other]) => one - other) };
    });
    return linePlot({ title: metric, xName: axis.name, lines: lines.slice(0, mostLines), isMarked: true });
  });
}

function lossPlot({ members }: ReportView): string {
  const lines = members.filter(({ losses }) => losses.length > 1).slice(0, mostLines).map(
    ({ id, losses, stride }): Line => {
      return { name: id, points: losses.map((loss, at) => [1 + at * stride, loss]) };
    },
  );
  return linePlot({ title: "training loss", xName: "step", lines });
}
