/**
 * A pipeline as members: one for each point of its axes. What continues with the best of them expands when they have
 * run.
 *
 * @module
 */
import { isUnwantedPromise } from "../../common/unwanted_promise.ts";
import { system } from "../../common/system.ts";
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
import { repeatNotes, unusedNotes } from "./unused.ts";

/**
 * Declares a pipeline's stages and expands its members, the last axis varying fastest.
 *
 * @param overrides New values for axes, by name; those for settings are ignored.
 * @param settings The settings that are declared once the pipeline is built.
 * @param declared Everything declared once it is built.
 * @throws {RequestError} If the stages, axes or conditions are invalid, or an override does not fit them.
 */
export function expand(
  pipeline: Pipeline,
  overrides: Overrides = new Map(),
  settings: ReadonlyMap<string, Scalar> = new Map(),
  declared: Iterable<object> = [],
): Expansion {
  const stages = pipeline.build();
  requireStages(stages, pipeline);
  if (!pipeline.conditions.every((condition) => condition?.kind === "where")) {
    throw new RequestError(
      "a condition of the pipeline is not a where(…) condition; write where((member) => …)",
      locationOf(pipeline),
    );
  }
  const axes = new Axes(stages, overrides, settings);
  for (const best of bestsIn(stages)) requireMetric(best);
  const rounds = () => new MemberRounds(pipeline, stages, axes).all();
  const first = rounds().next(), notes = [...unusedNotes(stages, declared, linesOf), ...repeatNotes(stages)];
  return { members: first.done ? [] : first.value, goesOn: bestsIn(stages).length > 0, rounds, notes };
}

const byName = "return stages by name, as in { score: evaluate(…) }";

function linesOf(file: string): readonly string[] | undefined {
  try {
    return system.readTextFileSync(file).split("\n");
  } catch {
    // A pipeline may come from a URL instead of the disk.
    return undefined;
  }
}

/** Describes a value that is not a stage, and the remedy. */
function described(value: unknown): { readonly found: string; readonly remedy?: string } {
  if (value === undefined || value === null) return { found: "nothing" };
  if (isUnwantedPromise(value)) {
    return {
      found: "a promise, which async functions return",
      remedy: "omit async and await, because nothing is read yet",
    };
  }
  if (Array.isArray(value)) return { found: "a list" };
  if (value instanceof Map) return { found: "a Map" };
  if (value instanceof Iterator) return { found: "a generator, which functions with function* return" };
  if (typeof value !== "object") return { found: `a ${typeof value}` };
  if (!("kind" in value && typeof value.kind === "string")) return { found: "an object" };
  return isStageKind(value.kind)
    ? { found: "one stage without a name" }
    : { found: `a declaration of the kind ${value.kind}` };
}

function requireStages(stages: unknown, pipeline: Pipeline): asserts stages is Stages {
  const location = locationOf(pipeline), { found, remedy = byName } = described(stages);
  if (found !== "an object") throw new RequestError(`the pipeline returns ${found}; ${remedy}`, location);
  const named = Object.entries(stages as Readonly<Record<string, StageSpec | undefined>>);
  if (named.length === 0) throw new RequestError(`the pipeline returns no stages; ${byName}`, location);
  for (const [name, stage] of named) {
    if (!/^\w[\w.-]*$/.test(name)) {
      throw new RequestError(
        `the result name ${quote(name)} is not a file name; use letters, digits, -, . and _`,
        location,
      );
    }
    if (isStageKind(stage?.kind)) continue;
    const { found, remedy = "return what train or evaluate returned, each under its own name" } = described(stage);
    throw new RequestError(`the result ${name} is not a stage but ${found}; ${remedy}`, location);
  }
}
