import assert from "node:assert/strict";
import { actsOnCompletion, isSelectedByFunction } from "../../../../pipelines/compile/lower/adaptation.ts";
import { lowerAdaptations } from "../../../../pipelines/compile/lower/lower_adaptations.ts";
import type { Value } from "../../../../ops/program/program.ts";
import { maskName } from "../../../../pipelines/compile/lower/edit_masks.ts";
import type { EditSpec, Resolved } from "../../../../pipelines/spec/mod.ts";
import { assertRefused, model } from "../support.ts";

const edit: Resolved<EditSpec> = {
  kind: "loreft",
  at: { blocks: [0, 1], site: "block.output" },
  positions: "l1",
  rank: 1,
  tied: false,
};
const lora = { kind: "lora", blocks: [2], modules: ["q_proj"], rank: 1 } as const;
const head = { kind: "regression", frozen: false, fresh: true } as const;
const classified = { ...model, classifier: { pooled: "last", scores: (rows: Value) => rows } as const };

Deno.test("adaptations are numbered in the order of their declarations", () => {
  const all = lowerAdaptations([edit, { kind: "prefixTuning", tokens: 1 }, lora], model);
  assert.deepEqual(all.map(({ index, form, block }) => `${index} ${form} ${block}`), [
    "0 intervention 0",
    "1 intervention 1",
    "2 prefix 0",
    "3 prefix 1",
    "4 prefix 2",
    "5 adapter 2",
  ]);
});

Deno.test("saved adaptations continue the numbers of those declared before them", () => {
  const saved = lowerAdaptations([edit], model);
  const all = lowerAdaptations([lora, {
    kind: "saved",
    adaptations: saved.map(({ index: _, ...rest }) => rest),
    initial: "/w",
  }], model);
  assert.deepEqual(all.map(({ index, form }) => `${index} ${form}`), ["0 adapter", "1 intervention", "2 intervention"]);
});

Deno.test("two heads are refused", () => {
  assertRefused(() => lowerAdaptations([head, head], classified), /two heads; give it one/);
});

Deno.test("a head for a family without heads is refused", () => {
  assertRefused(() => lowerAdaptations([head], model), /the model family small has no head for regression/);
});

Deno.test("functions are numbered within a list, so functions declared elsewhere do not change a mask's name", () => {
  const masksOf = (...functions: (() => number[])[]) => {
    return lowerAdaptations(functions.map((positions) => ({ ...edit, positions })), model)
      .flatMap((adaptation) => adaptation.form === "intervention" ? [maskName(adaptation)] : []);
  };
  const [one, other] = [() => [0], () => [1]];
  assert.deepEqual(masksOf(one), masksOf(other));
  const [first, , second] = masksOf(one, other);
  assert.notEqual(first, second);
});

Deno.test("isSelectedByFunction() is true if a function chooses the positions or the subspace", () => {
  const holds = (changes: Partial<Resolved<EditSpec>>) => {
    return lowerAdaptations([{ ...edit, ...changes }], model).every(isSelectedByFunction);
  };
  assert.equal(holds({}), false);
  assert.equal(holds({ positions: "{field}" }), false);
  assert.equal(holds({ positions: () => [0] }), true);
  assert.equal(holds({ subspace: () => [0] }), true);
});

Deno.test("adapters and edits of the completion affect it, edits of the prompt do not", () => {
  const acts = (...specs: Parameters<typeof lowerAdaptations>[0]) =>
    lowerAdaptations(specs, model).map(actsOnCompletion);
  assert.deepEqual(acts(edit), [false, false]);
  assert.deepEqual(acts({ ...edit, positions: "completion" }), [true, true]);
  assert.deepEqual(acts(lora), [true]);
});
