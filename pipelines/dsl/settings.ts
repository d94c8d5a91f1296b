import { putValue } from "../../ops/program/own_value.ts";
import { RequestError } from "../common/errors.ts";
import { currentLoading, type Scalar } from "../recipes/overrides.ts";
import { checkDeclaration, overriddenValue, type SettingDeclaration } from "../recipes/setting.ts";
import { guarded } from "../common/guarded.ts";
import { requireCall } from "./calls.ts";

/**
 * The types of settings, from their declarations: one of the values in `oneOf`, otherwise any of the default's type.
 */
export type SettingValues<D> = { readonly [K in keyof D]: SettingValue<D[K]> };

/** The type of a setting's value. */
export type SettingValue<D> = D extends { readonly oneOf: readonly (infer V)[] } ? V
  : D extends { readonly default: infer V } ? Widened<V>
  : Widened<D>;

/** The general type of a literal value. */
export type Widened<V> = V extends number ? number : V extends string ? string : V extends boolean ? boolean : never;

/**
 * Declares what a recipe or `--set name=value` may set: single values, as opposed to the axes of a sweep, which have
 * several. Call it in the pipeline's build function or at the top level of its file; each name is declared once.
 *
 * @param declared Each setting by its name: its default, or a record with the default, bounds, unit and so on.
 * @returns The values: the defaults unless others are set.
 * @throws {RequestError} If a declaration contradicts itself, a name is declared twice, or a value that is set has
 * another type, is out of bounds or is not among those listed.
 *
 * @example A number of epochs that `--set epochs=5` changes
 * ```ts
 * import assert from "node:assert/strict";
 * import { settings } from "refract";
 *
 * const { epochs, positions, verbose } = settings({
 *   epochs: { default: 3, least: 1, most: 100, whole: true, unit: "passes", about: "Passes over the rows" },
 *   positions: { default: "l1", oneOf: ["l1", "f7+l7"] },
 *   verbose: false,
 * });
 * assert.deepEqual([epochs, positions, verbose], [3, "l1", false]);
 * ```
 */
export function settings<const D extends Readonly<Record<string, SettingDeclaration>>>(declared: D): SettingValues<D> {
  requireCall("settings", arguments);
  const loading = currentLoading(), values: Record<string, Scalar> = {};
  for (const [name, declaration] of Object.entries(declared)) {
    const checked = checkDeclaration(name, declaration), given = loading?.overrides.get(name);
    if (loading?.settings.has(name)) {
      throw new RequestError(
        `the setting ${name} is declared twice; declare it once and use that value in both places`,
      );
    }
    const value = given === undefined ? checked.default : overriddenValue(name, checked, given);
    putValue(values, name, value);
    loading?.settings.set(name, value);
  }
  return guarded(Object.freeze(values), "settings") as SettingValues<D>;
}
