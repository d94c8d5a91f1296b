/** The rows of evaluations beside the answers of members and of the untrained model. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { ofKind } from "../common/of_kind.ts";
import type { MemberRecord } from "../results/results.ts";
import { evaluationOf, stageOf } from "./experiments.ts";
import type { AnswersView, ReportView, RowsView } from "./report_view.ts";
import { type Judged, ranking } from "./verdict.ts";
import type { ReportPrediction, ReportPredictions } from "./report_predictions.ts";
import type { ReportSource } from "./report_source.ts";

/** The maximum number of answers of all members that are shown for an evaluation. */
const mostAnswers = 20_000;

/** The rows of each evaluation of a trained model; for a run without trainings, those of all evaluations. */
export function rowsOf(
  members: readonly MemberRecord[],
  judged: Judged & Pick<ReportView, "metrics">,
  predictions: ReportSource["predictions"],
): RowsView[] {
  const stages = [...new Set(judged.metrics.map(stageOf))];
  const untrained = new Set(judged.untrainedMetrics.map(stageOf));
  return stages.filter((stage) => !untrained.has(stage)).flatMap((stage) => {
    const metric = judged.metrics.find((each) => stageOf(each) === stage)!;
    const best = new Map(
      ranking(judged, metric).flatMap(({ experiment }) => experiment.members).map((id, at) => {
        return [id, at] as const;
      }),
    );
    const ranked = members.filter((member) => evaluationOf(member, metric) !== undefined)
      .toSorted((a, b) => (best.get(a.id) ?? Infinity) - (best.get(b.id) ?? Infinity));
    const [first] = ranked;
    if (first === undefined) return [];
    const all = predictions(evaluationOf(first, metric)!.predictions), { key, shown: rows } = all;
    if (rows.length === 0) return [];
    const most = Math.max(2, Math.floor(mostAnswers / rows.length));
    const same = ranked.map(({ id, stages }) => {
      const { predictions: path } = ofKind(stages, "evaluate").find(({ name }) => name === stage)!;
      return { name: id, found: predictions(path) };
    }).filter(({ found }) => found.key === key);
    const bases = ofKind(first.stages, "evaluate").filter(({ name }) => untrained.has(name))
      .map(({ name, predictions: path }) => ({ name, found: predictions(path) }))
      .filter(({ found }) => found.key === key);
    const answers = [
      ...bases.slice(0, 1).map(({ name, found }) => answersOf(name, true, found)),
      ...same.slice(0, most).map(({ name, found }) => answersOf(name, false, found)),
    ];
    return [{ stage, rows: rows.map(rowOf), total: all.length, answers, omitted: Math.max(0, same.length - most) }];
  });
}

function rowOf({ prompt, pair, completion, taught }: ReportPrediction) {
  const shown = pair === undefined ? prompt : `${prompt}\n${pair}`;
  return { prompt: shown, completion, ...taught === undefined ? {} : { taught } };
}

function answersOf(name: string, isBase: boolean, { shown: rows }: ReportPredictions): AnswersView {
  const metrics = [...new Set(rows.flatMap(({ measured = {} }) => Object.keys(measured)))];
  const valuesOf = (metric: string) =>
    rows.map(({ measured = {} }) => Number((ownValue(measured, metric) ?? 0).toPrecision(6)));
  return {
    name,
    isBase,
    texts: rows.map(({ prediction }) => {
      if (prediction === undefined) return null;
      return typeof prediction === "number" ? String(Number(prediction.toPrecision(6))) : prediction;
    }),
    values: Object.fromEntries(metrics.map((metric) => [metric, valuesOf(metric)])),
  };
}
