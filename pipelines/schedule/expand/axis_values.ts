/** The values of axes, as declared or as overridden, and their labels in the results. @module */
import { RequestError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import type { Override, Overrides, Scalar } from "../../recipes/overrides.ts";
import type { Axis, AxisLabel } from "../../spec/mod.ts";
import { labelsOf, plainLabel } from "./value_labels.ts";

/**
 * An axis with its overriding values; an axis that moves with others keeps a subset of its own values, and the others
 * follow.
 */
export function withValues(
  axis: Axis<unknown>,
  axes: readonly Axis<unknown>[],
  overrides: Overrides,
): Axis<unknown> {
  const own = overrides.get(axis.name);
  if (axis.zipped === undefined) {
    return own === undefined ? axis : { ...axis, values: own.values.map((value) => valueOf(axis, value, own)) };
  }
  const together = axes.filter(({ zipped, name }) => zipped === axis.zipped && overrides.has(name));
  const taken = (other: Axis<unknown>, at: number) => {
    return overrides.get(other.name)!.values.some((value) => knownValue(other, String(value)) === other.values[at]);
  };
  for (const other of together) {
    const all = overrides.get(other.name)!;
    for (const value of all.values) {
      if (knownValue(other, String(value)) === undefined) throw ofAnotherKind(other, String(value), all);
    }
  }
  const values = axis.values.filter((_, at) => together.every((other) => taken(other, at)));
  if (values.length > 0) return { ...axis, values };
  throw new RequestError(
    `no member has this combination of values for ${axis.name} and the axes that move with it; give values that go together`,
    own?.location ?? overrides.get(together[0]!.name)!.location,
  );
}

function valueOf(axis: Axis<unknown>, value: Scalar, override: Override): unknown {
  const text = String(value);
  const known = knownValue(axis, text);
  if (known !== undefined) return known;
  const kinds = new Set(axis.values.map((value) => typeof value));
  if (kinds.has("number") && text.trim() !== "" && Number.isFinite(Number(text))) return Number(text);
  if (kinds.has("string")) return text;
  throw ofAnotherKind(axis, text, override);
}

function knownValue(axis: Axis<unknown>, text: string): unknown {
  return axis.values.find((value) => String(labelOf(axis, value)) === text);
}

function ofAnotherKind(axis: Axis<unknown>, text: string, { location }: Override): RequestError {
  const listed = axis.values.map((value) => labelOf(axis, value)).join(", ");
  return new RequestError(
    `${quote(text)} has the wrong type for the axis ${axis.name}; give values such as ${listed}`,
    location,
  );
}

/** The label of an axis's value in the results. */
export function labelOf(axis: Axis<unknown>, value: unknown): AxisLabel {
  const plain = plainLabel(value);
  if (plain !== undefined) return plain;
  const at = axis.values.indexOf(value);
  return at === -1 ? labelsOf([value])[0]! : labels.getOrInsertComputed(axis, () => labelsOf(axis.values))[at]!;
}

/** The labels of each axis. */
const labels = new WeakMap<Axis<unknown>, readonly AxisLabel[]>();
