import assert from "node:assert/strict";
import { gradients } from "../../../ops/passes/autodiff.ts";
import { rowsAt } from "../../../ops/nn/loss.ts";
import * as o from "../../../ops/operators.ts";
import { input, parameter } from "../../../ops/program/program.ts";
import { Runtime } from "../../../pipelines/runtime/runtime.ts";
import { assertSuitsWebgpu, nodesOf } from "../model.ts";
import { emitFor, weighted } from "../support.ts";
import { conform } from "./conformance.ts";
import { indexingCases, indexingRefusals } from "./indexing_cases.ts";

conform("indexing", indexingCases, indexingRefusals);

Deno.test("scatterRows is emitted as ScatterND where its threads cannot collide", () => {
  const x = parameter("x", [4, 3]), rows = input("rows", [4], "int64");
  const typesOf = (provider: "cpu" | "webgpu", distinct: boolean) => {
    const program = { name: "scatter", outputs: { y: o.scatterRows(x, rows, 7, distinct) } };
    return nodesOf(emitFor(provider, program).bytes).map(({ opType }) => opType).filter((type) =>
      /^Scatter/.test(type)
    );
  };
  assert.deepEqual(typesOf("cpu", true), ["ScatterND"]);
  assert.deepEqual(typesOf("cpu", false), ["ScatterElements"]);
  assert.deepEqual(typesOf("webgpu", false), ["ScatterND"]);
});

Deno.test("the gradient by the rows at a column of positions suits webgpu", () => {
  const hidden = parameter("hidden", ["batch", "tail", 3]), places = input("places", ["labelled", 1], "int64");
  const loss = weighted(rowsAt(hidden, places)), [gradient] = gradients(loss, [hidden]);
  assertSuitsWebgpu(emitFor("webgpu", { name: "rows", outputs: { loss, gradient: gradient! } }).bytes);
});

Deno.test("scatterRows loses no update where many threads add to few rows", async () => {
  using runtime = new Runtime({ threads: 2 });
  const updates = 4096, width = 64;
  const sums = o.scatterRows(parameter("x", [updates, width]), input("rows", [updates], "int64"), 2, false);
  const session = await runtime.open(emitFor("cpu", { name: "scatter", outputs: { sums } }));
  for (let attempt = 0; attempt < 8; attempt++) {
    const { outputs } = await session.run({
      x: { shape: [updates, width], data: new Float32Array(updates * width).fill(1) },
      rows: { shape: [updates], data: new BigInt64Array(updates) },
    });
    const expected = new Float32Array(2 * width).fill(updates, 0, width);
    assert.deepEqual(outputs["sums"]!.data, expected);
  }
});
