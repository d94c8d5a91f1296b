/**
 * The labels of an axis's values in the results: numbers, strings and booleans as they are, edits and other
 * declarations by their settings.
 *
 * @module
 */
import type { AxisLabel } from "../../spec/mod.ts";
import { isAxis, isBestValue } from "./declarations.ts";

/** A value with more distinguishing settings than this is labelled by its number. */
const mostSettings = 4;

/** Settings that are always part of an edit's label, even if they do not differ, and their short form. */
const short: ReadonlyMap<string, (value: string) => string> = new Map([
  ["rank", (value) => `r${value}`],
  ["positions", (value) => value],
]);

/** The labels of an axis's values, in their order; different values never have equal labels. */
export function labelsOf(values: readonly unknown[]): readonly AxisLabel[] {
  const kinds = values.map(kindOf), settings = values.map(settingsOf);
  const labels = values.map((value, at): AxisLabel => {
    const plain = plainLabel(value), kind = kinds[at];
    if (plain !== undefined) return plain;
    if (kind === undefined) return at;
    const alike = settings.filter((_, other) => kinds[other] === kind);
    return alike.length === 1 ? kind : settingsLabel(kind, settings[at]!, alike) ?? at;
  });
  const isOwn = (at: number) =>
    plainLabel(values[at]) !== undefined || labels.indexOf(labels[at]!) === labels.lastIndexOf(labels[at]!);
  return labels.map((label, at) => isOwn(at) ? label : at);
}

/**
 * A kind with the settings that distinguish a value from others of its kind: `loreft r4 l1`, `adamw
 * learningRate=0.001`.
 */
function settingsLabel(kind: string, own: Settings, alike: readonly Settings[]): string | undefined {
  const names = new Set([...short.keys(), ...alike.flatMap((settings) => [...settings.keys()])]);
  const shown = [...names].filter((name) =>
    short.has(name) || alike.some((other) => other.get(name) !== own.get(name))
  );
  if (shown.length > mostSettings) return undefined;
  const texts = shown.flatMap((name) => {
    const value = own.get(name);
    return value === undefined ? [] : [short.get(name)?.(value) ?? `${name.slice(name.lastIndexOf(".") + 1)}=${value}`];
  });
  return [kind, ...texts].join(" ");
}

/** A value's settings, by path; those that cannot be part of a label are omitted. */
type Settings = ReadonlyMap<string, string>;

function settingsOf(value: unknown): Settings {
  const found = new Map<string, string>();
  const visit = (part: unknown, path: string): void => {
    const plain = plainLabel(part);
    // A label is part of a folder's name and of the command line; a path is shortened to its file name.
    if (plain !== undefined) found.set(path, String(plain).replace(/^.*\//, "").replaceAll(/[^\w.;+ -]+/g, "-"));
    // What varies within a value is labelled by its own axis.
    else if (typeof part === "object" && part !== null && !isAxis(part) && !isBestValue(part)) {
      for (const [name, inner] of Object.entries(part)) {
        if (name !== "kind") visit(inner, path === "" ? name : `${path}.${name}`);
      }
    }
  };
  visit(value, "");
  return found;
}

/** The label of a value that is itself text: the value, or a list's entries. */
export function plainLabel(value: unknown): AxisLabel | undefined {
  if (typeof value === "number" || typeof value === "string" || typeof value === "boolean") return value;
  const isList = Array.isArray(value) && value.every((entry) => typeof entry === "number" || typeof entry === "string");
  return isList ? value.join(";") : undefined;
}

/** What a declaration calls itself, as in `loreft`. */
function kindOf(value: unknown): string | undefined {
  return typeof value === "object" && value !== null && "kind" in value && typeof value.kind === "string"
    ? value.kind
    : undefined;
}
