import assert from "node:assert/strict";
import { programKey } from "../../../../pipelines/schedule/keys/program_key.ts";
import { inPreparedScene } from "../prepared.ts";

Deno.test("a program's key depends on the adaptations, the weights and the config", () =>
  inPreparedScene({ rank: `sweep("rank", [1, 2])` }, ({ trainings: [one, two] }) => {
    const weights = { digest: "a" }, key = programKey(one!, weights);
    assert.equal(programKey({ ...one! }, weights), key);
    assert.notEqual(programKey(two!, weights), key);
    assert.notEqual(programKey(one!, { digest: "b" }), key);
    assert.notEqual(programKey({ ...one!, model: { ...one!.model, config: "other" } }, weights), key);
  }));
