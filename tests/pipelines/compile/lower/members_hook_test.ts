import assert from "node:assert/strict";
import { input } from "../../../../ops/program/program.ts";
import { maskName } from "../../../../pipelines/compile/lower/edit_masks.ts";
import { interventionsOf } from "../../../../pipelines/compile/lower/adaptation.ts";
import { lowerAdaptations } from "../../../../pipelines/compile/lower/lower_adaptations.ts";
import { copyingBlock, membersHook } from "../../../../pipelines/compile/lower/members_hook.ts";
import { savedForm } from "../../../../pipelines/compile/lower/tensor_forms.ts";
import { evaluate } from "../../../ops/reference.ts";
import { tensor } from "../../../ops/tensor.ts";
import { encoderDecoder, model } from "../support.ts";

const red = (blocks: number | number[], changes: object = {}) => ({
  kind: "red" as const,
  at: { blocks, site: "block.output" as const },
  positions: "l1",
  tied: false,
  ...changes,
});

Deno.test("the batch is copied at the lowest edited block, if only block outputs are edited", () => {
  const at = (...specs: Parameters<typeof lowerAdaptations>[0]) => copyingBlock(lowerAdaptations(specs, model));
  assert.equal(at(red([1, 2])), 1);
  assert.equal(at(red(1), red(2, { at: { blocks: 2, site: "mlp.output" } })), 1);
  assert.equal(at(red(1, { at: { blocks: 1, site: "mlp.output" } })), undefined);
  assert.equal(at(red(1), { kind: "lora", blocks: [2], modules: ["q_proj"], rank: 1 }), undefined);
  assert.equal(at(red(1, { at: { site: "embedding.output" } })), undefined);
  assert.equal(at(red(1), { kind: "prefixTuning", tokens: 1 }), undefined);
  assert.equal(at(), undefined);
  const encoded = lowerAdaptations(
    [red(1, { at: { stack: "encoder", blocks: 1, site: "block.output" } })],
    encoderDecoder,
  );
  assert.equal(copyingBlock(encoded), undefined);
});

Deno.test("each member edits its own copy of the rows from the lowest edited block on", () => {
  const [first, second] = lowerAdaptations([red([0, 1]), red(0)], model).reduce<ReturnType<typeof lowerAdaptations>[]>(
    (members, adaptation) => {
      members[adaptation.index < 2 ? 0 : 1]!.push(adaptation);
      return members;
    },
    [[], []],
  );
  const hook = membersHook([first!, second!], savedForm);
  const numbers = (length: number, value: number) => Array<number>(length).fill(value);
  const leaves = {
    low: tensor([1, 1, 8], numbers(8, 10)),
    high: tensor([2, 1, 8], [...numbers(8, 10), ...numbers(8, 20)]),
    [maskName(interventionsOf(first!)[0]!)]: tensor([1, 1, 1], [1]),
    ...Object.fromEntries([1, 2, 3].flatMap((bias, index) => [
      [`${index}.scale`, tensor([8], numbers(8, 1))],
      [`${index}.bias`, tensor([8], numbers(8, bias))],
    ])),
  };
  const run = (block: number, name: string, shape: (number | string)[]) => {
    const value = hook({ block, name: "block.output" }, input(name, shape));
    return Array.from(evaluate([value], { symbols: { batch: 1, tail: 1 }, leaves })[0]!.data);
  };
  assert.deepEqual(run(0, "low", ["batch", "tail", 8]), [...numbers(8, 11), ...numbers(8, 13)]);
  assert.deepEqual(run(1, "high", [2, "tail", 8]), [...numbers(8, 12), ...numbers(8, 20)]);
});
