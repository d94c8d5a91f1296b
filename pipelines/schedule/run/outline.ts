/** What is known about members before they run, as in their events. @module */
import { parameterCount } from "../../models/architecture/architecture.ts";
import type { MemberOutline } from "../../results/events.ts";
import type { AxisLabel } from "../../spec/mod.ts";
import type { ExpectedStages } from "../pace/expected_stages.ts";
import type { PreparedMember, PreparedStage } from "../prepare/prepared.ts";

/** A member's outline. */
export function outlineOf(
  { member: { id, axes, repeated }, stages, trainableParameters }: PreparedMember,
  expected: ExpectedStages["stages"],
): MemberOutline {
  const outlined = stages.map((stage) => {
    const seconds = expected.get(stage)?.seconds,
      expectedSeconds = seconds === undefined ? {} : { expectedSeconds: seconds };
    return { name: stage.name, kind: stage.kind, settings: settingsOf(stage.spec), ...expectedSeconds };
  });
  return { id, axes, repeated, trainableParameters, baseParameters: baseParametersOf(stages), stages: outlined };
}

/** How many parameters the base model of a member's stages has. */
export function baseParametersOf([first]: readonly PreparedStage[]): number {
  return first === undefined ? 0 : parameterCount(first.model.architecture);
}

/**
 * A stage's settings, by path; its model and data are not settings, nor are the rows that a training is validated on.
 */
function settingsOf({ kind: _, model: _model, ...settings }: PreparedStage["spec"]) {
  return Object.fromEntries(scalarsIn(settings, ""));
}

function scalarsIn(value: unknown, path: string): (readonly [string, AxisLabel])[] {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  const settings = Object.entries(value).filter(([name]) => name !== "data");
  return settings.flatMap(([name, inner]) => scalarsIn(inner, path === "" ? name : `${path}.${name}`));
}
