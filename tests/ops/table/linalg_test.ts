import assert from "node:assert/strict";
import * as o from "../../../ops/operators.ts";
import { gradients } from "../../../ops/passes/autodiff.ts";
import { parameter } from "../../../ops/program/program.ts";
import { nodesOf } from "../model.ts";
import { emitFor, weighted } from "../support.ts";
import { conform } from "./conformance.ts";
import { linalgCases, linalgRefusals } from "./linalg_cases.ts";

conform("linalg", linalgCases, linalgRefusals);

Deno.test("no provider copies a matrix to read it transposed, forward or backward", () => {
  const x = parameter("x", ["batch", "tail", 3]), w = parameter("w", [4, 3]);
  const loss = weighted(o.matmul(x, w, { transposeB: true, alpha: 0.5 })), [gradient] = gradients(loss, [x]);
  const typesOf = (provider: "cpu" | "webgpu" | "cuda") => {
    const nodes = nodesOf(emitFor(provider, { name: "product", outputs: { loss, gradient: gradient! } }).bytes);
    return nodes.map(({ opType }) => opType).filter((type) => /Gemm|MatMul|Transpose/.test(type));
  };
  assert.deepEqual(typesOf("cpu"), ["FusedMatMul", "FusedMatMul"]);
  assert.deepEqual(typesOf("webgpu"), ["Gemm", "MatMul"]);
  assert.deepEqual(typesOf("cuda"), ["Gemm", "MatMul"]);
});
