import assert from "node:assert/strict";
import { interventions } from "../../../../ops/interventions/mod.ts";
import { checkedAdaptation } from "../../../../pipelines/schedule/validate/adaptation_checks.ts";

const at = { blocks: 0, site: "block.output" }, edit = { at, positions: "l1", tied: false };

for (const [kind, { hasRank }] of Object.entries(interventions)) {
  Deno.test(`an edit of the kind ${kind} has ${hasRank ? "a rank" : "no rank"}`, () => {
    const ranked = { kind, ...edit, rank: 2 }, plain = { kind, ...edit };
    assert.equal(checkedAdaptation(hasRank ? ranked : plain).kind, kind);
    assert.throws(() => checkedAdaptation(hasRank ? plain : ranked), { name: "RequestError", problem: /\brank\b/ });
  });
}

Deno.test("a classification has at least two classes, each named once", () => {
  const head = (...labels: readonly string[]) => {
    return () => checkedAdaptation({ kind: "classification", labels, frozen: false, fresh: false });
  };
  assert.deepEqual(head("no", "yes")().kind, "classification");
  assert.throws(head("no"), /labels has only one class; give at least two names/);
  assert.throws(head("no", "yes", "no"), /labels has "no" twice; name each class once/);
});

Deno.test("anything but an adaptation is refused with its kind", () => {
  assert.throws(() => checkedAdaptation({ kind: "fullFinetuning" }), /an intervention is of the kind fullFinetuning; /);
  assert.throws(() => checkedAdaptation(undefined), /an intervention is missing; give an edit or adapter/);
});
