import assert from "node:assert/strict";
import * as o from "../../../../ops/operators.ts";
import { input, type Program, weight } from "../../../../ops/program/program.ts";
import { layOut } from "../../../../pipelines/compile/rows/laid_out_rows.ts";
import { cutRows } from "../../../../pipelines/compile/rows/layout.ts";
import { rowFlops } from "../../../../pipelines/schedule/encode/flops.ts";
import { exampleOf } from "../../compile/rows/support.ts";

const program: Program = {
  name: "step",
  outputs: { result: o.matmul(input("tail.states", ["batch", "tail", 64]), weight("w", [64, 4])) },
};
const rows = [10, 10, 30].map((length) => layOut(exampleOf(length, 2), cutRows(3, 0)));

Deno.test("a program's operations are those of its matrix products over a typical row", () => {
  assert.equal(rowFlops(program, rows), 2 * rows[0]!.tail.length * 64 * 4);
});
