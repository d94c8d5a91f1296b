/** Requirements of evaluations whose answers another model compares. @module */
import { type AskedPermission, system } from "../../common/system.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import type { RowList } from "../../common/row_list.ts";
import { atLocationOf, locationOf, withLocationOf } from "../../common/source_location.ts";
import { quote, suggest } from "../../common/suggest.ts";
import type { Row } from "../../data/row.ts";
import { judgeOf, metricNameOf } from "../../metrics/mod.ts";
import type { MetricSpec } from "../../spec/mod.ts";
import { addressOf, endpointOf } from "../../tasks/alpaca_eval/endpoint.ts";
import { readGamed } from "../../tasks/alpaca_eval/gamed.ts";
import type { PreparedMember } from "./prepared.ts";
import { metricsOf } from "./program_checks.ts";

/** What messages call a judge's settings. */
export const judgeWords = {
  endpoint: "the judge's endpoint",
  key: "the judge's key",
  example: 'key: "OPENAI_API_KEY"',
} as const;

/**
 * Rejects a judge that cannot be called as declared, or rows without the instruction that it is shown.
 *
 * @throws {RequestError} If it cannot, or a row has none.
 */
export function requireJudgeable(stage: string, metrics: readonly MetricSpec[], rows: RowList<Row>): void {
  const settings = judgeOf(metrics);
  if (settings === undefined) return;
  atLocationOf(settings, () => addressOf(settings, judgeWords));
  const odd = metrics.find((metric) => {
    return metric.kind === "judge" &&
      (["endpoint", "model", "key", "weighted", "instruction"] as const).some((name) => {
        return metric[name] !== settings[name];
      });
  });
  if (odd !== undefined) {
    throw new RequestError(
      `the metrics of ${stage} have two judges, that of ${metricNameOf(settings)} and that of ${metricNameOf(odd)}; ` +
        "measure each in its own evaluation",
      locationOf(odd),
    );
  }
  const [first] = rows;
  if (first === undefined || typeof ownValue(first.fields, settings.instruction) === "string") return;
  throw new RequestError(
    `the row has no text field ${quote(settings.instruction)}, the instruction that a judge is shown; ${
      suggest(settings.instruction, Object.keys(first.fields))
    }, as in judge({ instruction: "question" })`,
    first.place,
  );
}

/**
 * An evaluation whose metrics have the baselines that files of theirs hold.
 *
 * @param base What a relative path starts from.
 * @throws {RequestError} If one can't be read.
 */
export async function withGamedBaselines<S extends { readonly metrics: readonly MetricSpec[] }>(
  spec: S,
  base: string,
): Promise<S> {
  const metrics = await Promise.all(spec.metrics.map(async (metric) => {
    if (metric.kind !== "judge" || typeof metric.gamed !== "string") return metric;
    const path = metric.gamed, gamed = await atLocationOf(metric, () => readGamed(path, base));
    return withLocationOf(metric, { ...metric, gamed });
  }));
  return metrics.every((metric, at) => metric === spec.metrics[at]) ? spec : withLocationOf(spec, { ...spec, metrics });
}

/**
 * Refuses to begin where a judge could not be asked in the end: without its key, or where its host may not be reached.
 *
 * @throws {RequestError} If a judge could not be called.
 */
export function requireJudges(members: readonly PreparedMember[]): void {
  for (const stage of members.flatMap(({ stages }) => stages)) {
    const settings = judgeOf(metricsOf(stage));
    if (settings === undefined) continue;
    const { host } = addressOf(settings, judgeWords), { key } = settings;
    const isGranted = (permission: AskedPermission) => system.permissions.querySync(permission).state === "granted";
    const lacking = [
      ...isGranted({ name: "net", host }) ? [] : [`--allow-net=${host}`],
      ...key === undefined || isGranted({ name: "env", variable: key }) ? [] : [`--allow-env=${key}`],
    ];
    if (lacking.length > 0) {
      throw new RequestError(
        `${stage.name} calls a judge at ${host}, which this process is not permitted to reach; permit it, as in deno task run ${
          lacking.join(" ")
        } pipeline.ts`,
        locationOf(settings),
      );
    }
    atLocationOf(settings, () => endpointOf(settings, judgeWords));
  }
}
