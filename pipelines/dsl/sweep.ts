import { RequestError } from "../common/errors.ts";
import { noteDeclared } from "../common/declared.ts";
import { located } from "../common/source_location.ts";
import type { Axis, AxisLabel, WhereSpec } from "../spec/mod.ts";
import { integer, listOf, optional, text } from "../common/checks.ts";
import { requireCall, type SettingChecks } from "./calls.ts";

let declared = 0;

/**
 * An axis of a sweep: a typed value that can be used wherever a plain value can. Several axes multiply; all uses of one
 * axis have the same value in a member. A value may itself contain axes, which only members with that value have.
 *
 * @param name The name of the axis in results and in `--set`.
 * @param values The values, at least one.
 * @throws {RequestError} If the name is not a word, or the values are not a list or an empty one.
 *
 * @example Two axes that multiply, and one whose values are edits
 * ```ts
 * import assert from "node:assert/strict";
 * import { block, lora, loreft, sweep } from "refract";
 *
 * const at = block(sweep("layer", [10, 15, 20])).output;
 * const edit = loreft({ at, positions: "l1", rank: sweep("rank", [1, 4, 8]) });
 *
 * const method = sweep("method", [edit, lora({ rank: 4 })]);
 * assert.deepEqual(method.values.map(({ kind }) => kind), ["loreft", "lora"]);
 * ```
 */
export function sweep<const T>(name: string, values: readonly T[]): Axis<T> {
  requireList(arguments);
  requireCall("sweep", arguments);
  if (!/^[A-Za-z][\w-]*$/.test(name)) {
    throw new RequestError(`the axis name ${JSON.stringify(name)} is not a word; use letters, digits, - and _`);
  }
  if (values.length === 0) throw new RequestError(`the axis ${name} is empty; give it at least one value`);
  const twice = values.find((value, at) => values.indexOf(value) !== at);
  if (twice !== undefined) {
    throw new RequestError(`the axis ${name} has ${JSON.stringify(twice)} twice; give each value once`);
  }
  return axis({ kind: "axis", name, values: [...values], order: declared++ });
}

/** Refuses values given as separate arguments instead of a list, and suggests the list. */
function requireList([name, ...values]: ArrayLike<unknown> & Iterable<unknown>): void {
  const isPlain = (value: unknown) => ["number", "string", "boolean"].includes(typeof value);
  if (typeof name !== "string" || values.length === 0 || !values.every(isPlain)) return;
  const shown = values.map((value) => JSON.stringify(value)).join(", ");
  throw new RequestError(
    `the axis ${name} takes a list of values but is given ${shown}; write sweep("${name}", [${shown}])`,
  );
}

/** An axis that replaces those that it is made of. */
function axis<T>(record: Axis<T>, ...madeOf: readonly Axis<unknown>[]): Axis<T> {
  const made = Object.freeze(located(record));
  noteDeclared(made, madeOf);
  return made;
}

/**
 * Axes that vary together instead of multiplying: the n-th value of one is used with the n-th value of the others.
 *
 * @param axes Axes with the same number of values. Use the returned axes instead of them.
 * @returns The axes in the same order, as in `const [layer, rank] = zip(sweep("layer", [5, 9]), sweep("rank", [8,
 * 4]))`.
 * @throws {RequestError} If they differ in length.
 *
 * @example Layers and ranks in pairs: two members, not four
 * ```ts
 * import assert from "node:assert/strict";
 * import { sweep, zip } from "refract";
 *
 * const [layer, rank] = zip(sweep("layer", [5, 9]), sweep("rank", [8, 4]));
 * assert.deepEqual([layer.values, rank.values], [[5, 9], [8, 4]]);
 * assert.throws(() => zip(sweep("layer", [5, 9]), sweep("rank", [8])), /give both the same number/);
 * ```
 */
export function zip<const A extends readonly Axis<unknown>[]>(...axes: A): A {
  requireCall("zip", arguments);
  const [first, ...others] = axes;
  const other = others.find(({ values }) => values.length !== first?.values.length);
  if (first !== undefined && other !== undefined) {
    throw new RequestError(
      `zip pairs the values of axes, but ${first.name} has ${first.values.length} and ${other.name} has ` +
        `${other.values.length}; give both the same number of values`,
    );
  }
  const zipped = declared++;
  return axes.map((each) => axis({ ...each, zipped }, each)) as readonly Axis<unknown>[] as A;
}

/**
 * One axis with the values of several, in order.
 *
 * @param first The first axis, which gives the result its name.
 * @throws {RequestError} If no axis is given.
 *
 * @example A coarse grid with a fine one added
 * ```ts
 * import assert from "node:assert/strict";
 * import { concat, sweep } from "refract";
 *
 * const rate = concat(sweep("rate", [1e-4, 1e-3]), sweep("fine", [2e-3, 3e-3]));
 * assert.equal(rate.name, "rate");
 * assert.deepEqual(rate.values, [1e-4, 1e-3, 2e-3, 3e-3]);
 * ```
 */
export function concat<T>(first: Axis<T>, ...others: readonly Axis<T>[]): Axis<T> {
  requireCall("concat", arguments);
  const values = [first, ...others].flatMap((each) => each.values);
  return axis({ kind: "axis", name: first.name, values, order: first.order }, first, ...others);
}

/** Settings of a repetition. */
export interface RepeatOptions {
  /** The seeds, one member for each. */
  readonly seeds: readonly number[];
  /** The name of the axis; `seed` if omitted. */
  readonly name?: string;
}

const repeatOptions: SettingChecks<RepeatOptions> = {
  seeds: listOf("a list of seeds", integer),
  name: optional(text),
};

/**
 * An axis of seeds whose members repeat one experiment; results report the mean and standard deviation over them.
 *
 * @example Three seeds for each rank
 * ```ts
 * import { adamw, baseModel, block, jsonl, loreft, repeat, sweep, train } from "refract";
 *
 * const data = jsonl("./rows.jsonl", { prompt: "{question}\n", completion: "{answer}" });
 * const edit = loreft({ at: block(2).output, positions: "l1", rank: sweep("rank", [1, 4]) });
 * const tuned = train(baseModel("builtin:tiny").with(edit), {
 *   data,
 *   epochs: 3,
 *   batchSize: 8,
 *   optimizer: adamw({ learningRate: 4e-3 }),
 *   seed: repeat({ seeds: [42, 43, 44] }),
 * });
 * ```
 */
export function repeat(options: RepeatOptions): Axis<number> {
  requireCall("repeat", arguments, repeatOptions);
  const { seeds, name = "seed" } = options;
  const plain = sweep(name, seeds);
  return axis({ ...plain, repeats: true }, plain);
}

/**
 * A condition on members; those that do not satisfy it do not run.
 *
 * @param holds Receives each axis's value by name: numbers, strings and booleans as they are, other values by their
 * label in results.
 *
 * @example Only small ranks in late blocks
 * ```ts
 * import assert from "node:assert/strict";
 * import { where } from "refract";
 *
 * const condition = where(({ layer, rank }: { layer: number; rank: number }) => layer < 20 || rank <= 4);
 * assert.equal(condition.holds({ layer: 25, rank: 8 }), false);
 * ```
 */
export function where<M extends object = Readonly<Record<string, number>>>(holds: (member: M) => boolean): WhereSpec {
  requireCall("where", arguments);
  return located({
    kind: "where",
    holds: (member: Readonly<Record<string, AxisLabel>>) => holds(member as object as M),
  });
}
