import assert from "node:assert/strict";
import { inPreparedScene } from "../prepared.ts";

const stagesOf = (options: string) =>
  `{ tuned: evaluate(base, { data: rows, metrics, decoding: choices(${options}) }) }`;

Deno.test("the choices of each row are a list for all, or the row's own", async () => {
  await inPreparedScene({ stages: stagesOf(`["yes", "no"]`) }, ({ members: [member] }) => {
    const [stage] = member!.stages;
    assert.ok(stage?.kind === "evaluate");
    assert.deepEqual(stage.choices?.[0]?.map(({ text }) => text), ["yes", "no"]);
    assert.ok(stage.choices.every((each) => each.every(({ tokens }) => tokens.length > 0)));
  });
  await inPreparedScene({ stages: stagesOf(`"options"`) }, ({ members: [member] }) => {
    const [stage] = member!.stages;
    assert.ok(stage?.kind === "evaluate");
    assert.deepEqual(stage.choices?.[1]?.map(({ text }) => text), ["flies", "sleeps"]);
  });
});

Deno.test("choices that a row has not are refused where the row is", () =>
  assert.rejects(
    inPreparedScene({ stages: stagesOf(`"option"`) }, () => {}),
    /rows\.jsonl:1: the row has no field "option", which choices names; did you mean "options"/,
  ));
