import assert from "node:assert/strict";
import * as o from "../../../../ops/operators.ts";
import { adapters, isAdapterName } from "../../../../ops/adapters/mod.ts";
import { input, weight } from "../../../../ops/program/program.ts";
import { dropoutName, editHook } from "../../../../pipelines/compile/lower/edit_hook.ts";
import { maskName, masksOf } from "../../../../pipelines/compile/lower/edit_masks.ts";
import type { Adaptation } from "../../../../pipelines/compile/lower/adaptation.ts";
import { lowerAdaptations } from "../../../../pipelines/compile/lower/lower_adaptations.ts";
import { savedForm, trainingForm } from "../../../../pipelines/compile/lower/tensor_forms.ts";
import type { AdapterPositions } from "../../../../pipelines/spec/mod.ts";
import type { Site } from "../../../../pipelines/models/architecture/architecture.ts";
import { evaluate } from "../../../ops/reference.ts";
import { type Tensor, tensor } from "../../../ops/tensor.ts";
import { model } from "../support.ts";

const symbols = { batch: 1, tail: 2 };
const at = { blocks: 1, site: "block.output" } as const;
const red = { kind: "red", at, positions: "l1", tied: false } as const;
const site: Site = { block: 1, name: "block.output" };

/** Tensors of RED edits that compute `2·x + 1`. */
function feedsOf(adaptations: readonly Adaptation[], width = 8): Record<string, Tensor> {
  return Object.fromEntries(adaptations.flatMap(({ index }) => [
    [`${index}.scale`, tensor([width], Array(width).fill(2))],
    [`${index}.bias`, tensor([width], Array(width).fill(1))],
  ]));
}

/** The hidden states 0 to 15 of two tokens, edited where the mask of the first adaptation is 1. */
function edited(
  adaptations: readonly Adaptation[],
  leaves: Record<string, Tensor>,
  { form = savedForm, where = site } = {},
): number[] {
  const hidden = input("hidden", ["batch", "tail", 8]);
  const [first] = adaptations;
  const mask = first?.form === "intervention" ? { [maskName(first)]: tensor([1, 2, 1], [0, 1]) } : {};
  const numbers = { hidden: tensor([1, 2, 8], Array(16).keys()), ...mask, ...leaves };
  const [result] = evaluate([editHook(adaptations, form)(where, hidden)], { symbols, leaves: numbers });
  return Array.from(result!.data);
}

const untouched = [...Array(16).keys()];

Deno.test("an edit changes its site's representation only at its positions", () => {
  const list = lowerAdaptations([red], model);
  const expected = untouched.map((x, index) => index < 8 ? x : 2 * x + 1);
  assert.deepEqual(edited(list, feedsOf(list)), expected);
});

Deno.test("an edit leaves other blocks and sites unchanged", () => {
  const list = lowerAdaptations([red], model);
  for (const where of [{ block: 0, name: "block.output" }, { block: 1, name: "mlp.output" }] satisfies Site[]) {
    assert.deepEqual(edited(list, feedsOf(list), { where }), untouched);
  }
});

Deno.test("edits of one site apply in the order of their declarations", () => {
  const list = lowerAdaptations([red, red], model);
  const expected = untouched.map((x, index) => index < 8 ? x : 2 * (2 * x + 1) + 1);
  assert.deepEqual(edited(list, feedsOf(list)), expected);
});

Deno.test("an edit of one head changes only its columns", () => {
  for (const head of [0, 1]) {
    const list = lowerAdaptations([{ ...red, at: { blocks: 1, site: "attention.head.output", head } }], model);
    const expected = untouched.map((x, index) => index < 8 || Math.floor(index / 4) % 2 !== head ? x : 2 * x + 1);
    assert.deepEqual(edited(list, feedsOf(list, 4), { where: { block: 1, name: "attention.head.output" } }), expected);
  }
});

Deno.test("dropout applies to edited representations only in training", () => {
  const list = lowerAdaptations([{ ...red, dropout: 0.5 }], model), [adaptation] = list;
  assert.ok(adaptation?.form === "intervention");
  const factor = tensor([1, 2, 8], untouched.map((index) => index < 8 ? 1 : index % 2 === 0 ? 0 : 2));
  const expected = untouched.map((x, index) => index < 8 ? x : index % 2 === 0 ? 0 : 2 * (2 * x + 1));
  const leaves = { ...feedsOf(list), [dropoutName(adaptation)]: factor };
  assert.deepEqual(edited(list, leaves, { form: trainingForm }), expected);
  assert.deepEqual(edited(list, feedsOf(list)), untouched.map((x, index) => index < 8 ? x : 2 * x + 1));
});

Deno.test("an adapter changes a projection's output at every token", () => {
  const list = lowerAdaptations([{ kind: "bitfit", blocks: [1], modules: ["q_proj"] }], model);
  const x = input("x", ["batch", "tail", 8]), matrix = weight("w", [8, 8]);
  const hook = editHook(list, savedForm), where: Site = { block: 1, name: "attention.query" };
  const output = o.matmul(x, matrix, { transposeB: true });
  const leaves = {
    x: tensor([1, 2, 8], untouched),
    w: tensor([8, 8], Array.from({ length: 64 }, (_, index) => index % 9 === 0 ? 1 : 0)),
    "0.bias": tensor([8], Array(8).fill(3)),
  };
  const [result] = evaluate([hook(where, output, { input: x, weight: matrix, bias: undefined })], { symbols, leaves });
  assert.deepEqual(Array.from(result!.data), untouched.map((each) => each + 3));
  assert.throws(() => hook(where, output), /attention\.query is not a projection's output/);
});

Deno.test("an adapter for prompts computes the same bits at the prompts' tokens, and changes nothing elsewhere", () => {
  const x = input("x", ["batch", "tail", 8]), matrix = weight("w", [8, 8]);
  const output = o.matmul(x, matrix, { transposeB: true }), projection = { input: x, weight: matrix, bias: undefined };
  const numbers = (count: number, by: number) => Array.from({ length: count }, (_, at) => Math.sin(by * (at + 1)));
  const given = { x: tensor([1, 2, 8], numbers(16, 1.3)), w: tensor([8, 8], numbers(64, 0.7)) };
  for (const kind of Object.keys(adapters).filter(isAdapterName)) {
    const ofLoRA = kind === "lora" || kind === "dora" ? { rank: 2, alpha: 3 } : {};
    const adaptedBy = (positions: AdapterPositions, mask: readonly number[]) => {
      const list = lowerAdaptations([{ kind, blocks: [1], modules: ["q_proj"], ...ofLoRA, positions }], model);
      const tensors = Object.entries(list[0]!.tensors).map(([name, { shape }]) => {
        return [`0.${name}`, tensor([...shape], numbers(shape.reduce((a, b) => a * b), 1.9))] as const;
      });
      const masks = masksOf(list).map((each) => [maskName(each), tensor([1, 2, 1], mask)] as const);
      const leaves = { ...given, ...Object.fromEntries([...tensors, ...masks]) };
      const hooked = editHook(list, savedForm)({ block: 1, name: "attention.query" }, output, projection);
      return evaluate([hooked, output], { symbols, leaves }).map(({ data }) => [...data]);
    };
    const [everywhere, frozen] = adaptedBy("all+completion", []) as [number[], number[]];
    assert.notDeepEqual(everywhere, frozen, kind);
    assert.deepEqual(adaptedBy("prompt", [1, 0])[0], [...everywhere.slice(0, 8), ...frozen.slice(8)], kind);
  }
});
