import assert from "node:assert/strict";
import { gradients } from "../../../ops/passes/autodiff.ts";
import * as o from "../../../ops/operators.ts";
import { input, parameter, topologicalOrder, type Value, weight } from "../../../ops/program/program.ts";
import { verify } from "../../../ops/passes/verify.ts";
import { randomSymbols, randomValues } from "../random_program.ts";
import { evaluate } from "../reference.ts";
import { assertClose, assertGradients, differences, drawLeaves } from "../support.ts";

const x = input("x", ["batch", 4]);
const total = (value: Value) => o.reduceSum(value, value.shape.map((_, axis) => axis));
const count = (roots: readonly Value[], op: string) =>
  topologicalOrder(roots).filter((value) => value.op === op).length;

Deno.test("gradients() of random programs match finite differences", () => {
  for (let seed = 100; seed < 140; seed++) {
    const values = randomValues(seed, 20), witness = total(values[0]!);
    const loss = values.slice(-3).reduce((sum, value) => o.add(sum, total(o.tanh(value))), witness);
    const environment = drawLeaves([loss], randomSymbols[seed % 2]!, {}, seed);
    const reached = topologicalOrder([loss]).filter(({ op }) => op === "parameter");
    if (reached.length > 0) assertGradients(loss, environment);
  }
});

Deno.test("gradients() computes no products toward frozen values", () => {
  const p = parameter("p", [4, 4]);
  const below = o.matmul(o.tanh(o.matmul(x, weight("w1", [4, 4]))), weight("w2", [4, 4]));
  const loss = total(o.matmul(o.matmul(below, p), weight("w3", [4, 4])));
  const [gradient] = gradients(loss, [p]);
  assert.equal(count([loss], "matmul"), 4);
  assert.equal(count([loss, gradient!], "matmul"), 6, "one product back through w3 and one for the parameter");
  assert.equal(count([loss, gradient!], "tanh"), 1);
});

Deno.test("gradients() of a frozen branch add nothing", () => {
  const p = parameter("p", [4]), frozen = o.exp(x);
  const [gradient] = gradients(total(o.add(o.mul(x, p), frozen)), [p]);
  assert.equal(count([gradient!], "exp"), 0);
});

Deno.test("gradients() is undefined where the loss does not depend on a parameter", () => {
  const p = parameter("p", [4]), q = parameter("q", [4]);
  const [toP, toQ] = gradients(total(o.mul(x, p)), [p, q]);
  assert.notEqual(toP, undefined);
  assert.equal(toQ, undefined);
});

Deno.test("gradients() sums over every use of a parameter", () => {
  const p = parameter("p", [4]);
  assertGradients(total(o.mul(o.add(o.mul(x, p), o.tanh(p)), o.div(p, o.exp(p)))), drawLeaves([x, p], { batch: 3 }));
});

Deno.test("gradients() can be taken with respect to intermediate values", () => {
  const p = parameter("p", [4]), middle = o.mul(x, p), loss = total(o.exp(middle));
  const [gradient] = gradients(loss, [middle]);
  verify({ name: "middle", outputs: { gradient: gradient! } });
  const environment = drawLeaves([loss], { batch: 2 });
  assertClose(evaluate([gradient!], environment)[0]!, evaluate([o.exp(middle)], environment)[0]!, 1e-12, "middle");
});

Deno.test("gradients() of the loss itself is 1", () => {
  const p = parameter("p", []);
  assert.deepEqual(
    evaluate(gradients(p, [p]).flatMap((found) => found ?? []), drawLeaves([]))[0]!.data,
    Float64Array.of(1),
  );
});

Deno.test("gradients() can be differentiated again", () => {
  const p = parameter("p", [4]), loss = total(o.tanh(o.mul(o.softmax(o.mul(x, p)), p)));
  const [first] = gradients(loss, [p]);
  const along = total(o.mul(first!, input("direction", [4])));
  const [second] = gradients(along, [p]);
  const environment = drawLeaves([along], { batch: 3 });
  assertClose(evaluate([second!], environment)[0]!, differences(along, p, environment), 1e-6, "second derivative");
});

Deno.test("gradients() refuses a loss that is not a scalar", () => {
  assert.throws(() => gradients(x, [x]), TypeError);
});

Deno.test("gradients() refuses an operation without a gradient only on a path to a parameter", () => {
  const p = parameter("p", [4]), clipped = o.max(x, 0);
  assert.throws(() => gradients(total(o.max(p, 0)), [p]), TypeError);
  assert.notEqual(gradients(total(o.mul(clipped, p)), [p])[0], undefined);
});

Deno.test("gradients() treats truncation as a constant", () => {
  const p = parameter("p", [4]);
  const [gradient] = gradients(total(o.mul(o.truncate(p), p)), [p]);
  const environment = drawLeaves([p]);
  assertClose(evaluate([gradient!], environment)[0]!, evaluate([o.truncate(p)], environment)[0]!, 0, "gradient");
});
