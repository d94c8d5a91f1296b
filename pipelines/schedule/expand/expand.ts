/**
 * A pipeline as members: one for each point of its axes. What goes on with the best of them expands when they have run.
 *
 * @module
 */
import { RequestError } from "../../common/errors.ts";
import { locationOf } from "../../common/source_location.ts";
import { quote } from "../../common/suggest.ts";
import type { Overrides, Scalar } from "../../recipes/overrides.ts";
import type { Pipeline, StageSpec } from "../../spec/mod.ts";
import { Axes } from "./axes.ts";
import { requireMetric } from "./choose.ts";
import { bestsIn } from "./declarations.ts";
import type { Expansion } from "./member.ts";
import { MemberRounds, type Stages } from "./rounds.ts";
import { isStageKind } from "./shortening.ts";

/**
 * Declares a pipeline's stages and expands its members, the last axis varying fastest.
 *
 * @param overrides New values for axes, by name; those for settings are ignored.
 * @param settings The settings that are declared once the pipeline is built.
 * @throws {RequestError} If the stages, axes or conditions are not sound, or an override does not fit them.
 */
export function expand(
  pipeline: Pipeline,
  overrides: Overrides = new Map(),
  settings: ReadonlyMap<string, Scalar> = new Map(),
): Expansion {
  const stages = pipeline.build();
  requireStages(stages, pipeline);
  if (!pipeline.conditions.every((condition) => condition?.kind === "where")) {
    throw new RequestError("a condition of the pipeline is none; write where((member) => …)", locationOf(pipeline));
  }
  const axes = new Axes(stages, overrides, settings);
  for (const best of bestsIn(stages)) requireMetric(best);
  const rounds = () => new MemberRounds(pipeline, stages, axes).all();
  const first = rounds().next();
  return { members: first.done ? [] : first.value, goesOn: bestsIn(stages).length > 0, rounds };
}

/** What a builder returned in place of stages by name; `undefined` if it returned these. */
function otherThanStages(stages: unknown): string | undefined {
  if (stages === undefined || stages === null) return "nothing";
  if (stages instanceof Promise) return "a promise, as async functions do";
  if (Array.isArray(stages)) return "a list";
  if (typeof stages !== "object") return `a ${typeof stages}`;
  if ("kind" in stages && typeof stages.kind === "string") {
    return isStageKind(stages.kind) ? "one stage without a name" : "a declaration that is no stage";
  }
  return Object.keys(stages).length === 0 ? "no stages" : undefined;
}

function requireStages(stages: unknown, pipeline: Pipeline): asserts stages is Stages {
  const location = locationOf(pipeline);
  const found = otherThanStages(stages);
  if (found !== undefined) {
    throw new RequestError(
      `the pipeline returns ${found}; return stages by name, as in { score: evaluate(…) }`,
      location,
    );
  }
  for (const [name, stage] of Object.entries(stages as Readonly<Record<string, StageSpec | undefined>>)) {
    if (!/^\w[\w.-]*$/.test(name)) {
      throw new RequestError(
        `the result name ${quote(name)} is no file name; use letters, digits, -, . and _`,
        location,
      );
    }
    if (!isStageKind(stage?.kind)) {
      throw new RequestError(`the result ${name} is no stage; return what train or evaluate gave`, location);
    }
  }
}
