import assert from "node:assert/strict";
import * as o from "../../../ops/operators.ts";
import { input, parameter, valuesOf } from "../../../ops/program/program.ts";
import { rewrite, rewriteProgram, substitute } from "../../../ops/passes/rewrite.ts";
import { verify } from "../../../ops/passes/verify.ts";

const x = input("x", ["batch", 3]), w = parameter("w", [3]);
const inner = o.exp(x), product = o.mul(inner, w), result = o.add(product, inner);
const program = { name: "small", outputs: { result, inner } };

Deno.test("rewrite() without a replacement returns the same values", () => {
  assert.deepEqual(rewrite([result, product], () => undefined), [result, product]);
});

Deno.test("rewrite() rebuilds every user of a replaced value", () => {
  const [rebuilt] = rewrite([result], (value) => value === inner ? o.tanh(x) : undefined);
  assert.equal(rebuilt, o.add(o.mul(o.tanh(x), w), o.tanh(x)));
});

Deno.test("rewrite() passes each value rebuilt and in its original form", () => {
  const seen: [string, boolean][] = [];
  rewrite([result], (value, original) => {
    seen.push([original.op, value === original]);
    return value === inner ? o.tanh(x) : undefined;
  });
  assert.deepEqual(seen, [["input", true], ["exp", true], ["parameter", true], ["mul", false], ["add", false]]);
});

Deno.test("rewriteProgram() keeps the name and the results' names and order", () => {
  const rewritten = rewriteProgram(program, (value) => value === w ? o.neg(w) : undefined);
  assert.equal(rewritten.name, "small");
  assert.deepEqual(Object.entries(rewritten.outputs), [["result", o.add(o.mul(inner, o.neg(w)), inner)], [
    "inner",
    inner,
  ]]);
});

Deno.test("substitute() drops values that only the old value needed", () => {
  const fed = input("kept", ["batch", 3]);
  const cut = substitute(program, new Map([[inner, fed]]));
  assert.deepEqual(valuesOf(verify(cut)), [fed, w, o.mul(fed, w), o.add(o.mul(fed, w), fed)]);
  assert.equal(cut.outputs["inner"], fed);
});

Deno.test("substitute() infers shapes again", () => {
  const cut = substitute(program, new Map([[x, input("x", ["batch", "tail", 3])]]));
  assert.deepEqual(verify(cut).outputs["result"]!.shape, ["batch", "tail", 3]);
});
