/** What declarations contain: axes and best members. @module */
import type { Axis, BestSpec, BestValueSpec, EvaluateSpec } from "../../spec/mod.ts";

/** A best member, with the declaration of the evaluation that compares the candidates. */
export type BestMemberSpec = BestSpec<EvaluateSpec>;

/** Whether a declaration is of a kind. */
export function isKind<T>(value: unknown, kind: string): value is T {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === kind;
}

/** Whether a declaration is an axis. */
export const isAxis = (value: unknown): value is Axis<unknown> => isKind<Axis<unknown>>(value, "axis");
/** Whether a declaration is a best member. */
export const isBest = (value: unknown): value is BestMemberSpec => isKind<BestMemberSpec>(value, "best");
/** Whether a declaration is the value of a best member. */
export const isBestValue = (value: unknown): value is BestValueSpec<unknown> => isKind(value, "bestValue");

/** Visits a declaration and all its parts, each once: `before` a part's own parts, or `after` them. */
function visitParts(declared: unknown, when: "before" | "after", visit: (part: object) => void): void {
  const seen = new Set<unknown>();
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    if (when === "before") visit(value);
    Object.values(value).forEach(walk);
    if (when === "after") visit(value);
  };
  walk(declared);
}

/** A declaration and everything in it. */
export function partsOf(declared: unknown): ReadonlySet<object> {
  const parts = new Set<object>();
  visitParts(declared, "before", (part) => parts.add(part));
  return parts;
}

/** The axes in a declaration, each once, including those in the values of its axes. */
export function axesIn(declared: unknown): ReadonlySet<Axis<unknown>> {
  const axes = new Set<Axis<unknown>>();
  visitParts(declared, "before", (part) => isAxis(part) && axes.add(part));
  return axes;
}

/** The best members in a declaration, innermost first. */
export function bestsIn(declared: object): readonly BestMemberSpec[] {
  return foundBests.getOrInsertComputed(declared, () => {
    const bests = new Set<BestMemberSpec>();
    visitParts(declared, "after", (part) => isBest(part) && bests.add(part));
    return [...bests];
  });
}

/** Cached, because declarations do not change and are queried for each member. */
const foundBests = new WeakMap<object, readonly BestMemberSpec[]>();
