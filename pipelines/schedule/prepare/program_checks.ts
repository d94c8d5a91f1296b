/** Requirements of evaluations whose answers are run as programs. @module */
import { system } from "../../common/system.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import { locationOf } from "../../common/source_location.ts";
import { quote, suggest } from "../../common/suggest.ts";
import type { RowList } from "../../common/row_list.ts";
import type { Row } from "../../data/row.ts";
import { metricNameOf, programsOf } from "../../metrics/mod.ts";
import type { MetricSpec } from "../../spec/mod.ts";
import { code } from "../../tasks/code.ts";
import { checkProblem } from "../../tasks/run_programs.ts";
import type { CodeTask } from "../../tasks/task.ts";
import type { PreparedMember, PreparedStage } from "./prepared.ts";

/**
 * Rejects rows that are not problems of the task whose tests programs must pass, or too few rows of a problem.
 *
 * @param isSample Whether these are only some of the rows.
 * @throws {RequestError} If they are.
 */
export function requireProblems(
  stage: string,
  metrics: readonly MetricSpec[],
  rows: RowList<Row>,
  isSample: boolean,
): void {
  const settings = programsOf(metrics);
  if (settings === undefined) return;
  const task: CodeTask | undefined = ownValue(code, settings.task);
  if (task === undefined) {
    throw new RequestError(
      `no coding task is named ${quote(settings.task)}; ${suggest(settings.task, Object.keys(code))}`,
    );
  }
  const counts = new Map<unknown, number>();
  for (const { fields, place } of rows) {
    checkProblem(task, fields, place);
    const problem = ownValue(fields, settings.problem);
    if (problem === undefined) {
      throw new RequestError(`the row has no field ${quote(settings.problem)}, which names the problem; add it`, place);
    }
    counts.set(problem, (counts.get(problem) ?? 0) + 1);
  }
  for (const metric of metrics) {
    if (metric.kind !== "passAtK") continue;
    if (metric.task !== settings.task || metric.seconds !== settings.seconds) {
      throw new RequestError(
        `the metrics of ${stage} run programs in two ways, by ${metricNameOf(settings)} and by ${
          metricNameOf(metric)
        }; ` +
          "measure each in its own evaluation",
        locationOf(metric),
      );
    }
    const [few, count] = [...counts].find(([, count]) => count < metric.k) ?? [];
    if (isSample || count === undefined) continue;
    throw new RequestError(
      `${
        metricNameOf(metric)
      } of ${stage} takes ${metric.k} programs for each problem, but ${few} has ${count}; request ` +
        `more, as in task(${quote(settings.task)}, { samples: ${metric.k} })`,
      locationOf(metric),
    );
  }
}

/**
 * Refuses to start if programs could not be run in the end: each runs in its own process without any permission.
 *
 * @throws {RequestError} If this process may not start Deno.
 */
export function requireSandbox(members: readonly PreparedMember[]): void {
  const stage = members.flatMap(({ stages }) => stages).find((stage) => programsOf(metricsOf(stage)) !== undefined);
  if (stage === undefined) return;
  const { state } = system.permissions.querySync({ name: "run", command: system.execPath() });
  if (state === "granted") return;
  throw new RequestError(
    `${stage.name} runs what a model wrote, each program in a process without any permission, which it is not permitted to start ` +
      `here; permit it, as in deno task run --allow-run=${system.execPath()} pipeline.ts`,
  );
}

/** What a stage measures. */
export function metricsOf(stage: PreparedStage): readonly MetricSpec[] {
  switch (stage.kind) {
    case "evaluate":
      return stage.spec.metrics;
    case "train":
      return stage.validation?.evaluation.spec.metrics ?? [];
    case "activations":
      return [];
  }
}
