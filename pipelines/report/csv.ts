/** results.csv: one line per member (RFC 4180). @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { ofKind } from "../common/of_kind.ts";
import type { Results } from "../results/results.ts";
import { errorsOf, metricsOf } from "./named_metrics.ts";

/** The members' ids, axes, parameters, metrics with their standard errors (`±`), final losses and seconds. */
export function csvOf({ members }: Results): string {
  const axes = [...new Set(members.flatMap((member) => Object.keys(member.axes)))];
  const metrics = [...new Set(members.flatMap((member) => Object.keys(metricsOf(member))))];
  const errors = new Set(members.flatMap((member) => Object.keys(errorsOf(member))));
  const measured = metrics.flatMap((name) => errors.has(name) ? [name, `${name} ±`] : [name]);
  const header = ["member", ...axes, "trainable parameters", ...measured, "final loss", "train seconds"];
  const lines = members.map((member) => {
    const trainings = ofKind(member.stages, "train");
    const found = metricsOf(member), off = errorsOf(member);
    const seconds = trainings.reduce((sum, stage) => sum + stage.seconds, 0);
    return [
      member.id,
      ...axes.map((name) => ownValue(member.axes, name)),
      member.trainableParameters,
      ...metrics.flatMap((name) => {
        return errors.has(name) ? [ownValue(found, name), ownValue(off, name)] : [ownValue(found, name)];
      }),
      trainings.at(-1)?.losses.at(-1),
      seconds,
    ];
  });
  return [header, ...lines].map((line) => line.map(field).join(",") + "\r\n").join("");
}

function field(value: string | number | boolean | undefined): string {
  const text = value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
