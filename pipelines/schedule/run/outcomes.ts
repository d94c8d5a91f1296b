/** Notes on a run's results: trainings that learned nothing, answers that are no better than chance. @module */
import { counted } from "../../common/counted.ts";
import { isRight } from "../../metrics/exact_match.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import { ofKind } from "../../common/of_kind.ts";
import { headOf } from "../../compile/lower/adaptation.ts";
import { metricNameOf } from "../../metrics/mod.ts";
import type { EvaluateRecord, MemberRecord, TrainRecord } from "../../results/results.ts";
import type { MetricSpec } from "../../spec/mod.ts";
import type { PreparedEvaluation, PreparedMember } from "../prepare/prepared.ts";

/** With fewer steps, losses show no trend. */
const fewSteps = 8;

/** A loss that falls by a smaller share counts as flat. */
const leastFall = 0.01;

/** A lower loss has nowhere to fall to. */
const lowLoss = 0.01;

/** Something that is true of some members, and what it is about. */
interface Outcome {
  readonly about: string;
  readonly says: string;
}

/** Notes on a run's members, each given once with the first member that it is true of. */
export function outcomesOf(members: readonly PreparedMember[], records: readonly MemberRecord[]): string[] {
  const all = records.flatMap((record, at) => {
    const trained = ofKind(record.stages, "train").flatMap(flatLoss);
    const cut = ofKind(record.stages, "evaluate").flatMap((stage) => cutAnswersOf(stage, members[at]!));
    return [...trained, ...cut, ...scoresOf(members[at]!, record)].map((outcome) => ({ outcome, member: record.id }));
  });
  return [...Map.groupBy(all, ({ outcome }) => outcome.about).values()].map((same) => {
    const [{ outcome, member }] = same as [(typeof same)[number]];
    if (records.length === 1) return outcome.says;
    return `${outcome.says} (${member}${same.length > 1 ? `, and ${same.length - 1} more` : ""})`;
  });
}

function flatLoss({ name, losses }: TrainRecord): Outcome[] {
  const quarter = Math.floor(losses.length / 4);
  if (losses.length < fewSteps) return [];
  const first = mean(losses.slice(0, quarter)), last = mean(losses.slice(-quarter));
  if (first < lowLoss || last < (1 - leastFall) * first) return [];
  const says = `the loss of ${name} did not fall, from ${first.toPrecision(4)} to ${last.toPrecision(4)} in ` +
    `${losses.length} steps; another learning rate or more epochs may help`;
  return [{ about: `loss ${name}`, says }];
}

function cutAnswersOf({ name, rows = 0, cutAnswers = 0 }: EvaluateRecord, { stages }: PreparedMember): Outcome[] {
  if (cutAnswers === 0) return [];
  const context = ofKind(stages, "evaluate").find((stage) => stage.name === name)?.model.architecture.contextLength;
  const which = counted(cutAnswers, "answer");
  const says = `the model's context of ${context} tokens cut ${which} of the ${rows} of ${name}; ` +
    "maxLength of evaluate(…) cuts long prompts instead";
  return [{ about: `context ${name}`, says }];
}

/** Metrics that are the share of rows with a right answer. */
const scores: readonly MetricSpec["kind"][] = ["exactMatch", "accuracy"];

/** Compares shares of right answers with what chance or the base reaches. */
function scoresOf({ stages }: PreparedMember, record: MemberRecord): Outcome[] {
  const evaluations = ofKind(stages, "evaluate"), found = ofKind(record.stages, "evaluate");
  const valueOf = ({ name }: PreparedEvaluation, metric: string) => {
    const metrics = found.find((each) => each.name === name)?.metrics;
    return metrics === undefined ? undefined : ownValue(metrics, metric);
  };
  return evaluations.filter(({ training }) => training !== undefined).flatMap((stage): Outcome[] => {
    return stage.spec.metrics.filter(({ kind }) => scores.includes(kind)).flatMap((spec): Outcome[] => {
      const metric = metricNameOf(spec);
      const value = valueOf(stage, metric);
      if (value === undefined || value === 1) return [];
      const outcome = (
        is: string,
      ) => [{ about: `${metric} ${stage.name}`, says: `${metric} of ${stage.name} is ${is}` }];
      const base = evaluations.find((other) => isBaseOf(other, stage) && valueOf(other, metric) === value);
      if (base !== undefined) return outcome(`${value.toFixed(3)}, the same as ${base.name}, which is untrained`);
      const chance = spec.kind === "accuracy" ? chanceOf(stage) : undefined;
      // Within half a row.
      if (chance === undefined || value > chance.share + 0.5 / stage.rows.length) return [];
      return outcome(`${value.toFixed(3)}, and ${chance.how} gives ${chance.share.toFixed(3)}`);
    });
  });
}

/** Whether an evaluation measures an untrained model on the rows of another evaluation. */
function isBaseOf({ training, examples }: PreparedEvaluation, stage: PreparedEvaluation): boolean {
  return training === undefined && examples === stage.examples;
}

/** The share of rows that are right without reading any. */
function chanceOf({ choices, rows, examples, adaptations }: PreparedEvaluation) {
  if (choices !== undefined) {
    const shares = choices.map((own, at) => own.filter(({ text }) => isRight(text, rows.at(at)!)).length / own.length);
    return { share: mean(shares), how: "choosing at random" };
  }
  if (headOf(adaptations) === undefined) return undefined;
  const counts = new Map<number | undefined, number>();
  for (const { completion: [label] } of examples) counts.set(label, (counts.get(label) ?? 0) + 1);
  return { share: Math.max(...counts.values()) / examples.length, how: "always predicting the most frequent label" };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
