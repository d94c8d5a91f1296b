/** What preparing shares between the stages of a member and between members. @module */
import assert from "node:assert/strict";
import { inPreparedScene } from "../prepared.ts";

const sweep = { preamble: `const layer = sweep("layer", [0, 1]);`, at: "block(layer).output" };

Deno.test("a training that several stages use is prepared once, before them", () => {
  const stages = `{ early: evaluate(tuned, { data: heldOut, metrics, decoding }),
    late: evaluate(tuned, { data: rows, metrics, decoding }), base: evaluate(base, { data: rows, metrics, decoding }) }`;
  return inPreparedScene({ stages }, ({ members: [member] }) => {
    const [training, early, late, untrained] = member!.stages;
    assert.deepEqual(member!.stages.map(({ kind, name }) => [kind, name]), [
      ["train", "loreft"],
      ["evaluate", "early"],
      ["evaluate", "late"],
      ["evaluate", "base"],
    ]);
    assert.ok(early?.kind === "evaluate" && late?.kind === "evaluate" && untrained?.kind === "evaluate");
    assert.deepEqual([early.training, late.training, untrained.training], [training, training, undefined]);
    assert.equal(early.adaptations, training!.adaptations);
  });
});

Deno.test("members share models and rows, and not adaptations that differ", () =>
  inPreparedScene(sweep, ({ trainings: [first, second] }) => {
    assert.notEqual(first!.adaptations, second!.adaptations);
    assert.equal(first!.model, second!.model);
    assert.equal(first!.rows, second!.rows);
  }));

Deno.test("a warning that applies to all members is given once", () =>
  inPreparedScene({ ...sweep, optimizer: "adamw({ learningRate: 1e-2, weightDecay: 0.1 })" }, ({ warnings }) => {
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /^weightDecay takes an orthogonal edit's rotation to zero/);
  }));

Deno.test("a training of nothing is refused", () =>
  assert.rejects(
    inPreparedScene({ stages: "{ tuned: train(base, { data, epochs, batchSize, optimizer }) }" }, () =>
      Promise.resolve()),
    /the training tuned has nothing to train; give its model an edit/,
  ));
