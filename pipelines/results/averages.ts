/** Averages over the tasks of a suite. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import type { AverageRecord, StageRecord } from "./results.ts";

/** Averages over the tasks of each suite, by suite and rule. */
export function averagesOf(
  stages: readonly StageRecord[],
  averaged: (suite: string) => readonly string[] | undefined,
): readonly AverageRecord[] {
  const evaluated = stages.flatMap((stage) => {
    if (stage.kind !== "evaluate" || stage.task === undefined) return [];
    const { task, metrics } = stage, value = ownValue(metrics, task.metric);
    if (value === undefined || averaged(task.suite)?.includes(task.name) === false) return [];
    return [{ task, value }];
  });
  const groups = Map.groupBy(evaluated, ({ task: { suite, scoring } }) => JSON.stringify([suite, scoring]));
  return [...groups.values()].filter((group) => group.length > 1).map((group) => {
    const { task: { suite, scoring } } = group[0]!;
    const value = group.reduce((sum, each) => sum + each.value, 0) / group.length;
    return { suite, scoring, tasks: group.map(({ task }) => task.name), value };
  });
}
