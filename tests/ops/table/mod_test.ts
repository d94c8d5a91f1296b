import assert from "node:assert/strict";
import { definitionOf, isOperation, type OpName, table } from "../../../ops/table/mod.ts";
import { intern, topologicalOrder } from "../../../ops/program/program.ts";
import { cases } from "./cases.ts";
import { quantizationCases } from "./quantization_cases.ts";

Deno.test("every operation of the table has a conformance case", () => {
  const values = topologicalOrder([...cases, ...quantizationCases].map(({ value }) => value));
  // Differentiating the cases of attend creates its gradient.
  const covered = new Set([...values.map(({ op }) => op), "attendGradient"]);
  assert.deepEqual(Object.keys(table).filter((op) => !covered.has(op)), []);
});

Deno.test("no two conformance cases have the same name", () => {
  const names = [...cases, ...quantizationCases].map(({ name }) => name);
  assert.deepEqual(names.filter((name, index) => names.indexOf(name) !== index), []);
});

Deno.test("isOperation() knows the table's names and no others", () => {
  const named = (op: string) => intern({ op, inputs: [], attributes: {}, shape: [], dtype: "float32" });
  for (const op of Object.keys(table)) assert.ok(isOperation(named(op)));
  for (const name of ["input", "weight", "parameter", "constant", "toString", "constructor", ""]) {
    assert.equal(isOperation(named(name)), false, name);
  }
});

Deno.test("operations of the table refuse missing operands", () => {
  const attributes = { axes: [0], keep: true, shape: [2], permutation: [], runs: [] };
  for (const op of Object.keys(table) as OpName[]) {
    assert.throws(() => definitionOf(op).infer([], attributes), TypeError, op);
  }
});
