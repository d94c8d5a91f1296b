/** Every function that a pipeline file can call refuses invalid arguments. @module */
import assert from "node:assert/strict";
import * as refract from "refract";
import { viewKinds } from "../../../pipelines/data/view_kinds.ts";
import { exampleOf } from "../../../pipelines/dsl/calls.ts";
import { isMetric, metricKinds } from "../../../pipelines/metrics/mod.ts";
import { validate } from "../../../pipelines/schedule/validate/validate.ts";
import { assertOneLine } from "../models/support.ts";

const rows = refract.jsonl("./rows.jsonl", { prompt: "{q}", completion: "{a}" });
const base = refract.baseModel("builtin:tiny");
const stage = refract.evaluate(base, { data: rows, metrics: [refract.loss()] });

/** A function that is called with wrong arguments. */
type AnyFunction = (...given: readonly unknown[]) => unknown;

const isFunction = (value: unknown): value is AnyFunction => typeof value === "function";

/** The functions of a record by name. */
function functionsOf(record: object, names: readonly string[] = Object.keys(record)): [string, AnyFunction][] {
  return names.flatMap((name): [string, AnyFunction][] => {
    const value: unknown = Reflect.has(record, name) ? Reflect.get(record, name) : undefined;
    return isFunction(value) ? [[name, value]] : [];
  });
}

const all = [
  ...functionsOf(refract),
  ...functionsOf(rows, Object.keys(viewKinds)).map(([name, call]): [string, AnyFunction] => [`rows.${name}`, call]),
  ...functionsOf(base, ["with"]),
  ...functionsOf(refract.best(stage, refract.loss()), ["value"]),
  ...functionsOf(refract.block(1).attention),
  ...functionsOf(refract.encoder),
  ...functionsOf(refract.decoder),
];

/** An argument that no function accepts for any parameter. */
const nothing = [[undefined]];

Deno.test("every function refuses unknown arguments, and names itself", async () => {
  for (const [name, call] of all) {
    const given = Array.from({ length: 9 }, () => nothing);
    // Some are async, and reject.
    await assert.rejects(async () => await call(...given), (error) => {
      return assertOneLine(error, new RegExp(`^(the \\w+ argument of ${name} |${name} takes )`));
    }, `${name} accepts anything; add its call to pipelines/dsl/calls.ts`);
  }
});

Deno.test("settings that may be swept refuse lists and null", () => {
  for (const seed of [[1, 2], null]) {
    const found = seed === null ? "null" : "a list";
    assert.throws(
      () => (refract.task as AnyFunction)("boolq", { seed }),
      new RegExp(`seed is ${found}; give a whole num`),
    );
    assert.throws(
      () => (refract.suite as AnyFunction)("glue", { seed }),
      new RegExp(`seed is ${found}; give a whole num`),
    );
  }
  const seed = refract.sweep("seed", [1, 2]);
  assert.ok((refract.task as AnyFunction)("boolq", { data: "./data", seed }));
});

Deno.test("functions refuse extra arguments", () => {
  assert.throws(() => (refract.loss as AnyFunction)({}, 1), /^RequestError: loss takes one argument but is given 2; /);
  assert.throws(() => (rows.take as AnyFunction)(3, 4), /^RequestError: rows.take takes one argument but is given 2; /);
});

for (const name of ["then", "toJSON"]) {
  Deno.test(`a property that JavaScript looks up in any object is no mistake: ${name}`, () => {
    for (const record of [rows, base, refract.block(1)]) assert.equal(Reflect.get(record, name), undefined);
  });
}

/** What a call in an error message returns; `undefined` if parts of it stand for the user's own. */
function madeBy(call: string): unknown {
  if (/…|\b(model|data|rows|pieces|endpoint)\b/.test(call)) return undefined;
  return new Function(...Object.keys(refract), `return ${call};`)(...Object.values(refract));
}

Deno.test("the calls that messages show as examples are valid", () => {
  const optimizer = refract.sgd({ learningRate: 1, momentum: 0 }), decoding = refract.greedy({ maxNewTokens: 1 });
  const trained = refract.train(base, { data: rows, epochs: 1, batchSize: 1, optimizer });
  const places: readonly [RegExp, (made: unknown) => object][] = [
    [/^(greedy|sample|beam|beamSample|choices)$/, (decoding) => ({ ...stage, decoding })],
    [/^(adamw|sgd|lion|adafactor)$/, (optimizer) => ({ ...trained, optimizer })],
    [/Schedule$/, (schedule) => ({ ...trained, optimizer: { ...optimizer, schedule } })],
    [/^(dpo|ipo|simpo|bradleyTerry|reps)$/, (objective) => ({ ...trained, objective })],
    [
      /reft$|^(red|road|gatedDirection|lora|dora|ia3|bitfit|prefixTuning|classification|regression|reward)$/,
      (edit) => ({
        ...trained,
        model: { ...base, edits: [edit] },
      }),
    ],
  ];
  const names = Object.keys(refract).filter((name) => !/^(run|open|generate)$/.test(name));
  const shown = [...names.map(exampleOf), ...Object.values(metricKinds).map(({ call }) => call)];
  let checked = 0;
  for (const call of shown) {
    if (call === undefined) continue;
    const made = madeBy(call), place = places.find(([name]) => name.test(call.split("(")[0]!))?.[1];
    if (place === undefined && !isMetric(made)) continue;
    validate(call, (place?.(made) ?? { ...stage, decoding, metrics: [made] }) as never);
    checked++;
  }
  assert.ok(checked > 50, `${checked}`);
});
