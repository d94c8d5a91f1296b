/**
 * A pipeline as members: one for each point of its axes.
 *
 * @module
 */
import { RequestError } from "../errors.ts";
import { likeNoted, placeOf } from "../places.ts";
import { type Given, type GivenValues, requireKnown, type Scalar } from "../recipes/given.ts";
import type { Axis, Pipeline, Resolved, StageSpec } from "../spec.ts";
import { quote } from "../suggest.ts";

/** A value of an axis at one point. */
export type AxisValue = unknown;

/** One point of a pipeline's axes. */
export interface Member {
  /** Readable and stable: `layer=15,rank=4`; `main` without axes. */
  readonly id: string;
  /** Numbers, texts and booleans as they are; other values by their label. */
  readonly axes: Readonly<Record<string, string | number | boolean>>;
  readonly stages: Readonly<Record<string, Resolved<StageSpec>>>;
}

/**
 * The members of a pipeline, the last axis varying fastest.
 *
 * @param given New values for axes, by name; those for settings are left aside.
 * @param settings The settings that are declared once the pipeline is built.
 * @throws {RequestError} If two axes share a name, or something is given that is neither axis nor setting, or a value
 * that is not of its axis's kind.
 */
export function expand(
  pipeline: Pipeline,
  given: GivenValues = new Map(),
  settings: ReadonlyMap<string, Scalar> = new Map(),
): Member[] {
  const stages = pipeline.build(), place = placeOf(pipeline);
  if (typeof stages !== "object" || stages === null || Object.keys(stages).length === 0) {
    throw new RequestError("the pipeline returns no stages; return what train or evaluate gave", place);
  }
  for (const [name, stage] of Object.entries(stages)) {
    if (!/^\w[\w.-]*$/.test(name)) {
      throw new RequestError(`the result name ${quote(name)} is no file name; use letters, digits, -, . and _`, place);
    }
    if (stage?.kind !== "train" && stage?.kind !== "evaluate") {
      throw new RequestError(`the result ${name} is no stage; return what train or evaluate gave`, place);
    }
  }
  const declared = axesOf(stages);
  requireKnown(given, declared, settings);
  const axes = declared.map((axis) => withGiven(axis, given.get(axis.name)));
  let points: ReadonlyMap<string, AxisValue>[] = [new Map()];
  for (const axis of axes) {
    points = points.flatMap((point) => axis.values.map((value) => new Map([...point, [axis.name, value]])));
  }
  const members = points.map((point) => {
    const labels = Object.fromEntries(axes.map((axis) => [axis.name, labelOf(axis, point.get(axis.name))]));
    const id = Object.entries(labels).map(([name, label]) => `${name}=${fileName(label)}`).join(",");
    return { id: id === "" ? "main" : id, axes: labels, stages: resolve(stages, point) };
  });
  const twin = members.find(({ id }, index) => members.findIndex((other) => other.id === id) !== index);
  if (twin === undefined) return members;
  throw new RequestError(`two members would be called ${twin.id}; give each axis distinct values`, place);
}

function axesOf(stages: unknown): Axis<AxisValue>[] {
  const axes = new Map<string, Axis<AxisValue>>();
  const seen = new Set<unknown>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    if (isAxis(value)) {
      const twin = axes.get(value.name);
      if (twin !== undefined && twin !== value) {
        throw new RequestError(
          `two axes are named ${value.name}; declare it once and use that value in both places`,
          placeOf(value),
        );
      }
      axes.set(value.name, value);
    }
    Object.values(value).forEach(visit);
  };
  visit(stages);
  return [...axes.values()].sort((a, b) => a.order - b.order);
}

function isAxis(value: object): value is Axis<AxisValue> {
  return "kind" in value && value.kind === "axis" && "values" in value && Array.isArray(value.values);
}

function withGiven(axis: Axis<AxisValue>, given: Given | undefined): Axis<AxisValue> {
  return given === undefined ? axis : { ...axis, values: given.values.map((value) => parseValue(axis, value, given)) };
}

function parseValue(axis: Axis<AxisValue>, value: Scalar, { place }: Given): AxisValue {
  const text = String(value);
  const known = axis.values.find((value) => String(labelOf(axis, value)) === text);
  if (known !== undefined) return known;
  const kinds = new Set(axis.values.map((value) => typeof value));
  if (kinds.has("number") && text.trim() !== "" && Number.isFinite(Number(text))) return Number(text);
  if (kinds.has("string")) return text;
  const listed = axis.values.map((value) => labelOf(axis, value)).join(", ");
  throw new RequestError(
    `${quote(text)} is not of the kind of the axis ${axis.name}; give values such as ${listed}`,
    place,
  );
}

function labelOf(axis: Axis<AxisValue>, value: AxisValue): string | number | boolean {
  if (typeof value === "number" || typeof value === "string" || typeof value === "boolean") return value;
  if (Array.isArray(value) && value.every((entry) => typeof entry === "number" || typeof entry === "string")) {
    return value.join(";");
  }
  const kinds = axis.values.map(kindOf), kind = kindOf(value);
  return kind !== undefined && kinds.indexOf(kind) === kinds.lastIndexOf(kind) ? kind : axis.values.indexOf(value);
}

/** What a declaration calls itself, as in `loreft`; it names a value among others of other kinds. */
function kindOf(value: AxisValue): string | undefined {
  return typeof value === "object" && value !== null && "kind" in value && typeof value.kind === "string"
    ? value.kind
    : undefined;
}

function fileName(label: string | number | boolean): string {
  return String(label).replaceAll(/[^\w.+;-]/g, "_");
}

/** A declaration with every axis replaced by its value at a point. */
export function resolve<T>(declared: T, point: ReadonlyMap<string, AxisValue>): Resolved<T> {
  const visit = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(visit);
    if (isAxis(value)) return visit(point.get(value.name));
    return likeNoted(value, Object.fromEntries(Object.entries(value).map(([name, part]) => [name, visit(part)])));
  };
  return visit(declared) as Resolved<T>;
}
