import assert from "node:assert/strict";
import { leafName, leavesOf, type Program } from "../../../../ops/program/program.ts";
import {
  type CompiledTraining,
  compileTraining,
  longestExtents,
  rowWork,
  typicalExtents,
} from "../../../../pipelines/compile/frontier/compiled_training.ts";
import { cut } from "../../../../pipelines/compile/frontier/cut.ts";
import type { CompiledModel } from "../../../../pipelines/compile/programs/forward.ts";
import { layOut } from "../../../../pipelines/compile/rows/laid_out_rows.ts";
import { cutRows, layoutOf } from "../../../../pipelines/compile/rows/layout.ts";
import { usualStepping } from "../support.ts";
import { exampleOf, lowered, tinyArchitecture as architecture } from "../rows/support.ts";
import { lengthsOf } from "../../../../pipelines/compile/rows/row_lengths.ts";

const loreft = { kind: "loreft", at: { blocks: 1, site: "block.output" }, positions: "l1", rank: 2 };
const examples = [exampleOf(9, 2), exampleOf(6, 3, 40)];

/** The training of an edit of two prompts' last tokens. */
function compiled(declared: Readonly<Record<string, unknown>> = loreft, keeps = true): CompiledTraining {
  const adaptations = lowered(architecture, declared), layout = layoutOf(architecture, adaptations, examples);
  const rows = examples.map((example) => layOut(example, layout)), typical = typicalExtents(rows);
  const model: CompiledModel = { architecture, storedType: () => "float32", members: [adaptations], full: false };
  const bytePrice = keeps ? 1 : Infinity;
  return compileTraining(
    model,
    layout,
    usualStepping,
    rows,
    (program) => cut(program, typical, { bytePrice }),
  );
}

const inputsOf = (program: Program) => leavesOf(program, "input").map(leafName);

Deno.test("a training has the edit's tensors as parameters, an orthogonal one in unconstrained form", () => {
  const { parameters } = compiled();
  assert.deepEqual(Object.fromEntries(parameters.map(({ name, shape }) => [name, shape.join("×")])), {
    "0.rotate.free": `${architecture.width}×2`,
    "0.weight": `2×${architecture.width}`,
    "0.bias": "2",
  });
});

Deno.test("a training uses its stored values of the frozen blocks, and no tokens of the context", () => {
  const { kept, accumulate, train, readsContext } = compiled();
  assert.ok(kept.length > 0);
  for (const program of [accumulate, train]) {
    assert.ok(kept.every(({ name }) => inputsOf(program).includes(name)), `${program.name} reads the stored values`);
  }
  assert.equal(readsContext, false);
  assert.ok(!inputsOf(accumulate).some((name) => name.startsWith("context.tokens")));
});

Deno.test("a training that may store nothing recomputes the context in each step", () => {
  const { kept, readsContext, recomputed } = compiled(loreft, false);
  assert.deepEqual([kept, readsContext], [[], true]);
  assert.ok(recomputed > compiled().recomputed);
});

Deno.test("the update of a training reads gradients, and no rows", () => {
  const { update } = compiled();
  assert.ok(!inputsOf(update).some((name) => /^(context|tail|positions|labelled)\./.test(name)));
});

const rows = examples.map((example) => layOut(example, cutRows(1, 2)));

Deno.test("typicalExtents() are the mean lengths of rows, longestExtents() the longest, each at least 1", () => {
  assert.deepEqual(typicalExtents(rows), { batch: 1, shared: 2, context: 5, tail: 3, labelled: 3 });
  assert.deepEqual(longestExtents(rows), { batch: 1, shared: 2, context: 6, tail: 3, labelled: 3 });
});

Deno.test("rowWork() counts a token of the context by its weight", () => {
  assert.equal(rowWork(lengthsOf(rows), 0, { contextWeight: 0.5 }), 2 + 0.5 * 6);
});
