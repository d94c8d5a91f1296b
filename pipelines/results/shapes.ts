/**
 * The shapes of the records in results.json, with a check for each member of each record: forgetting one does not
 * compile.
 *
 * @module
 */
import { isJsonObject } from "../common/files.ts";
import type {
  ActivationsRecord,
  AverageRecord,
  EncodeRecord,
  EvaluateRecord,
  MemberRecord,
  MetricSummary,
  ReferenceRecord,
  RepeatedRecord,
  Results,
  RewardRecord,
  RunTime,
  StageRecord,
  StageRecords,
  TaskRecord,
  TrainRecord,
  ValidationRecord,
} from "./results.ts";

type Check = (value: unknown) => boolean;
type Shape<T> = { readonly [K in keyof Required<T>]: Check };

const text: Check = (value) => typeof value === "string";
const flag: Check = (value) => typeof value === "boolean";
const number: Check = (value) => typeof value === "number";
/** JSON has no infinity: a number that overflowed is null. */
const overflowing: Check = (value) => value === null || number(value);
const axisValue: Check = (value) => text(value) || number(value) || flag(value);
const optional = (check: Check): Check => (value) => value === undefined || check(value);
const listOf = (check: Check): Check => (value) => Array.isArray(value) && value.every(check);
const recordOf = (check: Check): Check => (value) => isJsonObject(value) && Object.values(value).every(check);
const shaped = <T>(shape: Shape<T>): Check => {
  const checks: readonly (readonly [string, Check])[] = Object.entries(shape);
  return (value) =>
    isJsonObject(value) && checks.every(([name, check]) => check(Object.getOwnPropertyDescriptor(value, name)?.value));
};

const encode = shaped<EncodeRecord>({
  key: text,
  cached: flag,
  seconds: number,
  examples: number,
  tokens: number,
  bytes: number,
  expectedSeconds: optional(number),
});

const validation = shaped<ValidationRecord>({ step: number, metrics: recordOf(number) });

const rewards = shaped<RewardRecord>({
  chosen: listOf(number),
  rejected: listOf(number),
  margins: listOf(number),
  accuracies: listOf(number),
});

const task = shaped<TaskRecord>({
  suite: text,
  name: text,
  scoring: text,
  metric: text,
  base: text,
  baseParameters: number,
  method: optional(text),
  parameters: number,
  headParameters: optional(number),
  rows: number,
  trained: optional(number),
});

const stages: { readonly [K in keyof StageRecords]: Check } = {
  train: shaped<TrainRecord>({
    name: text,
    kind: text,
    cached: flag,
    seconds: number,
    expectedSeconds: optional(number),
    steps: number,
    losses: listOf(number),
    gradientNorms: optional(listOf(overflowing)),
    rewards: optional(rewards),
    reference: optional(shaped<ReferenceRecord>({ key: text, cached: flag, seconds: number })),
    stepSeconds: listOf(number),
    validation: optional(listOf(validation)),
    best: optional(shaped<NonNullable<TrainRecord["best"]>>({ step: number, metric: text })),
  }),
  evaluate: shaped<EvaluateRecord>({
    name: text,
    kind: text,
    cached: flag,
    seconds: number,
    expectedSeconds: optional(number),
    metrics: recordOf(number),
    standardErrors: optional(recordOf(number)),
    lowerIsBetter: optional(listOf(text)),
    units: optional(recordOf(text)),
    task: optional(task),
    tokensPerSecond: optional(number),
    cutAnswers: optional(number),
    training: optional(text),
    rows: optional(number),
    predictions: text,
  }),
  activations: shaped<ActivationsRecord>({
    name: text,
    kind: text,
    cached: flag,
    seconds: number,
    expectedSeconds: optional(number),
    rows: number,
    tensors: text,
  }),
};

/** Whether a value is a stage's record. */
export function isStage(value: unknown): value is StageRecord {
  return isJsonObject(value) && typeof value["kind"] === "string" && Object.hasOwn(stages, value["kind"]) &&
    stages[value["kind"] as keyof StageRecords](value);
}

const member = shaped<MemberRecord>({
  id: text,
  axes: recordOf(axisValue),
  chosen: optional(listOf(recordOf(text))),
  trainableParameters: number,
  baseParameters: optional(number),
  settings: optional(recordOf(recordOf(axisValue))),
  quantize: optional(text),
  stages: listOf(isStage),
  averages: optional(listOf(shaped<AverageRecord>({ suite: text, scoring: text, tasks: listOf(text), value: number }))),
});

/** Whether a value is a member's record. */
export function isMember(value: unknown): value is MemberRecord {
  return member(value);
}

const summary = shaped<MetricSummary>({ mean: number, deviation: number, count: number });

const results = shaped<Results>({
  pipeline: text,
  members: listOf(isMember),
  encode: listOf(encode),
  summaries: optional(listOf(shaped<RepeatedRecord>({
    id: text,
    axes: recordOf(axisValue),
    members: listOf(text),
    stages: listOf(shaped<RepeatedRecord["stages"][number]>({ name: text, metrics: recordOf(summary) })),
  }))),
  time: optional(shaped<RunTime>({ seconds: number, expectedSeconds: number, basis: text })),
});

/** Whether a value is a run's results. */
export function isResults(value: unknown): value is Results {
  return results(value);
}
