/** The axes in a declaration, the points they span, and the declaration at one of them. @module */
import { RequestError } from "../../common/errors.ts";
import { locationOf, withLocationOf } from "../../common/source_location.ts";
import { type Overrides, requireKnown, type Scalar } from "../../recipes/overrides.ts";
import type { Axis, AxisLabel, BestSpec, Resolved } from "../../spec/mod.ts";
import { labelOf, withValues } from "./axis_values.ts";
import { axesIn, bestsIn, isAxis, isBest, isBestValue, isKind } from "./declarations.ts";
import { withEpochs } from "./shortening.ts";

/** The value that each axis has: its index, by the axis's name. */
export type Point = ReadonlyMap<string, number>;

/** The best member of an evaluation, as a point. */
export interface BestPoint {
  readonly point: Point;
  /** The share of its declared epochs for which it was trained; 1 unless members were stopped early. */
  readonly epochs: number;
}

/** The best members found so far. */
type BestPoints = ReadonlyMap<BestSpec, BestPoint>;

/** The axes of a pipeline, each with its values after overrides. */
export class Axes {
  readonly #axes: readonly Axis<unknown>[];
  readonly #byName: ReadonlyMap<string, Axis<unknown>>;
  /** For each part of the declaration, the axes in it, including those of values that a point may not have. */
  readonly #within = new WeakMap<object, readonly Axis<unknown>[]>();
  /** Whether a part of the declaration continues with a best member. */
  readonly #holding = new WeakMap<object, boolean>();
  /** Each part of the declaration resolved at the points seen so far, so that equal parts of members are one object. */
  readonly #resolved = new WeakMap<object, Map<string, unknown>>();

  /**
   * @param declared Everything that may hold axes.
   * @param overrides New values for axes, by name; those for settings are ignored.
   * @param settings The declared settings.
   * @throws {RequestError} If two axes share a name, or an override names neither an axis nor a setting, or has a value
   * of the wrong kind for its axis.
   */
  constructor(declared: unknown, overrides: Overrides, settings: ReadonlyMap<string, Scalar>) {
    const found = new Map<string, Axis<unknown>>();
    for (const axis of axesIn(declared)) {
      const known = found.get(axis.name);
      if (known !== undefined && known !== axis) {
        throw new RequestError(
          `two axes are named ${axis.name}; declare it once and use that value in both places`,
          locationOf(axis),
        );
      }
      found.set(axis.name, axis);
    }
    requireKnown(overrides, [...found.values()], settings);
    const inOrder = [...found.values()].sort((a, b) => a.order - b.order);
    this.#axes = inOrder.map((axis) => withValues(axis, inOrder, overrides));
    this.#byName = new Map(this.#axes.map((axis) => [axis.name, axis]));
  }

  /** The names of the axes that repeat one experiment. */
  get repeats(): ReadonlySet<string> {
    return new Set(this.#axes.filter(({ repeats }) => repeats).map(({ name }) => name));
  }

  /** The names of all axes, in the order of their declaration. */
  get names(): readonly string[] {
    return this.#axes.map(({ name }) => name);
  }

  /** The points that some declarations span, each with the axes that it has; the last axis varies fastest. */
  points(declared: unknown, chosen: BestPoints): Point[] {
    const points: Point[] = [];
    const extend = (point: Point): void => {
      const axis = this.#firstFree(declared, point, chosen);
      if (axis === undefined) return void points.push(point);
      const together = axis.zipped === undefined ? [axis] : this.#axes.filter(({ zipped }) => zipped === axis.zipped);
      axis.values.forEach((_, at) => extend(new Map([...point, ...together.map(({ name }) => [name, at] as const)])));
    };
    extend(new Map());
    return points;
  }

  /** Of the axes that a declaration has at a point but the point does not, the one declared first. */
  #firstFree(declared: unknown, point: Point, chosen: BestPoints): Axis<unknown> | undefined {
    let first: Axis<unknown> | undefined;
    const visit = (value: unknown, at: Point): void => {
      if (typeof value !== "object" || value === null || this.#axesWithin(value).length === 0) return;
      if (isAxis(value)) {
        const axis = this.#byName.get(value.name)!, index = at.get(value.name);
        if (index !== undefined) visit(axis.values[index], at);
        else if (first === undefined || axis.order < first.order) first = axis;
      } else if (isBest(value)) visit(value.stage.model, merged(at, chosen.get(value)));
      else if (isBestValue(value)) visit(value.axis, merged(at, chosen.get(value.best)));
      else for (const part of Object.values(value)) visit(part, at);
    };
    visit(declared, point);
    return first;
  }

  /** A declaration with every axis replaced by its value at a point, and every best member by its model. */
  resolve<T>(declared: T, point: Point, chosen: BestPoints): Resolved<T> {
    const visit = (value: unknown, at: Point): unknown => {
      if (typeof value !== "object" || value === null) return value;
      if (isAxis(value)) return visit(this.#byName.get(value.name)!.values[at.get(value.name)!], at);
      if (isBest(value)) {
        return withEpochs(visit(value.stage.model, merged(at, chosen.get(value))), chosen.get(value)?.epochs ?? 1);
      }
      if (isBestValue(value)) return visit(value.axis, merged(at, chosen.get(value.best)));
      const axes = this.#axesWithin(value);
      if (axes.length === 0 && !this.#holdsBest(value)) return value;
      const copy = () => {
        const parts = Object.entries(value).map(([name, part]) => [name, visit(part, at)] as const);
        return Array.isArray(value) ? parts.map(([, part]) => part) : withLocationOf(value, modelOf(parts));
      };
      // What continues with a best member depends on more than its own axes.
      if (this.#holdsBest(value)) return copy();
      const key = axes.map(({ name }) => at.get(name)).join();
      return this.#resolved.getOrInsertComputed(value, () => new Map()).getOrInsertComputed(key, copy);
    };
    return visit(declared, point) as Resolved<T>;
  }

  /** The labels of a point's values in the results, in the order of the axes. */
  labels(point: Point): Readonly<Record<string, AxisLabel>> {
    const named = this.#axes.flatMap((axis) => {
      const index = point.get(axis.name);
      return index === undefined ? [] : [[axis.name, labelOf(axis, axis.values[index])] as const];
    });
    return Object.fromEntries(named);
  }

  #holdsBest(value: object): boolean {
    return this.#holding.getOrInsertComputed(value, () => bestsIn(value).length > 0);
  }

  #axesWithin(value: object): readonly Axis<unknown>[] {
    return this.#within.getOrInsertComputed(value, () => [...axesIn(value)]);
  }
}

/** Training a best member continues from its model as it was before that training. */
function modelOf(parts: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const record = Object.fromEntries(parts), { kind, model } = record;
  const trained = isKind<{ training: unknown }>(model, "checkpoint") ? model.training : model;
  return kind === "train" && isKind<{ model: unknown }>(trained, "train")
    ? { ...record, model: trained.model }
    : record;
}

function merged(point: Point, chosen: BestPoint | undefined): Point {
  return chosen === undefined ? point : new Map([...point, ...chosen.point]);
}
