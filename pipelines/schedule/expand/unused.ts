/** What a pipeline file declares but no stage uses. @module */
import { formatLocation, RequestError, type SourceLocation } from "../../common/errors.ts";
import { locationOf } from "../../common/source_location.ts";
import type { Axis } from "../../spec/mod.ts";
import { isAxis, isBestValue, partsOf } from "./declarations.ts";
import { isStageKind } from "./shortening.ts";
import type { Stages } from "./rounds.ts";

/** A declaration and its place. */
interface Unused {
  readonly kind: string;
  readonly name: string | undefined;
  readonly location: SourceLocation;
}

/** Declarations that are in no stage, as far as their place is known. */
function unusedIn(stages: Stages, declared: Iterable<object>): Unused[] {
  const used = partsOf(stages), lost = [...declared].filter((record) => !used.has(record));
  const within = new Set(lost.flatMap((record) => [...partsOf(record)].filter((part) => part !== record)));
  return lost.flatMap((record): Unused[] => {
    const location = locationOf(record);
    // What an unused declaration contains is not listed again.
    if (within.has(record) || location === undefined || !("kind" in record)) return [];
    const name = "name" in record && typeof record.name === "string" ? record.name : undefined;
    return [{ kind: String(record.kind), name, location }];
  });
}

/** What it means that nothing uses a declaration; a kind that is not listed is an edit, adapter or head. */
const losses: ReadonlyMap<string, (unused: Unused) => string> = new Map<string, (unused: Unused) => string>([
  ["axis", ({ name }) => `the axis ${name} multiplies nothing, because no stage uses it; use it in place of a value`],
  ["train", () => "this training feeds no result and does not run; return it, or evaluate it"],
  ["checkpoint", () => "no stage uses this epoch's model; evaluate it"],
  ["evaluate", () => "this evaluation is not returned and does not run; return it under its own name"],
  [
    "activations",
    () => "these activations are not returned and are not written; return them under their own name",
  ],
  ["best", () => "no stage uses this best member; train or evaluate it"],
]);

/**
 * Notes on declarations that no stage uses.
 *
 * @param declared All declared axes, stages, edits and so on.
 * @param textOf A file's lines; `undefined` if it cannot be read.
 * @throws {RequestError} If a stage is lost because another one has its name.
 */
export function unusedNotes(
  stages: Stages,
  declared: Iterable<object>,
  textOf: (file: string) => readonly string[] | undefined,
): string[] {
  return unusedIn(stages, declared).map((unused) => {
    const { kind, location } = unused, name = nameAt(location, textOf);
    if (isStageKind(kind) && name !== undefined && Object.hasOwn(stages, name)) {
      throw new RequestError(
        `two results are named ${name}, and only the last would run; give each its own name`,
        location,
      );
    }
    const loss = losses.get(kind)?.(unused) ??
      `this ${kind} is on no model that a stage uses; use what model.with(…) gives`;
    return `${formatLocation(location)}: ${loss}`;
  });
}

/** Notes on axes of repeat(…) that are used as anything but a seed: their members are no repeats of one experiment. */
export function repeatNotes(stages: Stages): string[] {
  const found = new Map<Axis<unknown>, string>();
  for (const part of partsOf(stages)) {
    if (Array.isArray(part) || isBestValue(part)) continue;
    for (const [name, value] of Object.entries(part)) {
      if (isAxis(value) && value.repeats && name !== "seed") found.set(value, name);
    }
  }
  return [...found].map(([axis, name]) => {
    const location = locationOf(axis), place = location === undefined ? "" : `${formatLocation(location)}: `;
    return `${place}repeat(…) is used as ${name}, so results average over different values of it; ` +
      `write sweep(${JSON.stringify(name)}, […])`;
  });
}

/** The name that an object literal gives the value at a location, as in `score: evaluate(…)`. */
function nameAt(
  { file, line = 1, column = 1 }: SourceLocation,
  textOf: (file: string) => readonly string[] | undefined,
) {
  const before = textOf(file)?.[line - 1]?.slice(0, column - 1) ?? "";
  return /([\w$.-]+)["']?\s*:\s*(?:\w+\.)?$/.exec(before)?.[1];
}
