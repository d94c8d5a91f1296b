/** Adapters and affine edits merged into the projection that they change. @module */
import { type AdapterName, adapters } from "../../ops/adapters/mod.ts";
import { type InterventionName, interventions } from "../../ops/interventions/mod.ts";
import { usualOptions } from "../../ops/interventions/intervention.ts";
import { linear } from "../../ops/nn/linear.ts";
import { constant, input, leafName, leavesOf, parameter, type Value } from "../../ops/program/program.ts";
import { verify } from "../../ops/passes/verify.ts";
import { interpret } from "./reference.ts";
import { assertClose, drawLeaves } from "./support.ts";
import assert from "node:assert/strict";

const inputs = 5, outputs = 4, rank = 2, symbols = { batch: 2, tail: 3 };
const x = input("x", ["batch", "tail", inputs]), weight = input("weight", [outputs, inputs]);

/** Each adapter with and without a bias, alone and after another adapter. */
for (const kind of Object.keys(adapters) as AdapterName[]) {
  for (const scalesInput of kind === "ia3" ? [false, true] : [false]) {
    for (const bias of [undefined, input("frozen", [outputs])]) {
      for (const first of [undefined, "lora", "bitfit"] as const) {
        const name = `${first === undefined ? "" : `${first}, then `}${kind}${scalesInput ? " on its input" : ""}`;
        Deno.test(`${name} over a projection ${bias === undefined ? "without" : "with"} a bias equals its merge`, () => {
          const list = [...first === undefined ? [] : [first], kind];
          const frozen = { weight, bias }, options = { rank, scaling: 1.5, scalesInput };
          const plain = linear(x, weight, bias);
          let output = plain, merged: ReturnType<typeof adapters.lora.merged> = frozen;
          for (const [index, each] of list.entries()) {
            const roles = Object.entries(adapters[each].tensors({ inputs, outputs }, options));
            const tensors = Object.fromEntries(
              roles.map(([tensor, { shape }]) => [tensor, parameter(`${index}.${tensor}`, shape)]),
            );
            output = adapters[each].adapt(output, { input: x, ...frozen, output: plain }, tensors, options);
            merged = adapters[each].merged(merged, frozen, tensors, options);
          }
          assertSame(output, linear(x, merged.weight, merged.bias));
          const read = leavesOf({ name: "adapted", outputs: { output } }, "parameter").map(leafName);
          assert.deepEqual(new Set(read.map((name) => name[0])), new Set(list.map((_, index) => `${index}`)));
        });
      }
    }
  }
}

for (const kind of Object.keys(interventions) as InterventionName[]) {
  Deno.test(`${kind} is as linear as it declares`, () => {
    const { tensors: rolesOf, edit, linearity } = interventions[kind];
    const roles = Object.entries(rolesOf({ width: outputs, rank }, usualOptions));
    const tensors = Object.fromEntries(roles.map(([name, { shape }]) => [name, parameter(name, shape)]));
    const editOf = (row: readonly number[]) => {
      return edit(constant(row, [1, 1, outputs]), tensors, constant([1], [1, 1, 1]), usualOptions);
    };
    const row = [0.5, -1.25, 2, 0.75], rows = [1, -2, -1, 0].map((factor) => row.map((value) => factor * value));
    const values = rows.map(editOf), run = drawLeaves(values, {}, {}, 5);
    const [one, other, sum, none] = values.map((value) => {
      return [...interpret(verify({ name: "edit", outputs: { value } }), run)["value"]!.data];
    }) as [number[], number[], number[], number[]];
    const isNear = (found: number, expected: number) => Math.abs(found - expected) < 1e-9;
    const isAffine = sum.every((value, at) => isNear(value, one[at]! + other[at]! - none[at]!));
    const isShift = [one, other, sum].every((found, of) => {
      return found.every((value, at) => isNear(value, rows[of]![at]! + none[at]!));
    });
    assert.equal(linearity(usualOptions), isShift ? "shift" : isAffine ? "affine" : "other");
  });
}

function assertSame(found: Value, expected: Value): void {
  const leaves = drawLeaves([found, expected], symbols, {}, 7);
  const { found: left, expected: right } = interpret(
    verify({ name: "merged", outputs: { found, expected } }),
    leaves,
  );
  assertClose(left!, right!, 1e-12, "merged");
}
