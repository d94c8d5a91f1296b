/** How answers are written, and that they depend on nothing but the row. @module */
import assert from "node:assert/strict";
import { sceneRows } from "../../support/scene.ts";
import { assertClose, onlyMember, predictionsOf } from "./support.ts";

Deno.test("answers do not depend on the rows that run together", async () => {
  const stages = (batchSize: number) =>
    `{ tuned: evaluate(tuned, { data: rows, metrics, decoding, batchSize: ${batchSize} }) }`;
  const parts = { metrics: "[exactMatch(), loss()]", decoding: "greedy({ maxNewTokens: 8 })" };
  const alone = await onlyMember({ ...parts, stages: stages(1) });
  const together = await onlyMember({ ...parts, stages: stages(8) });
  assert.deepEqual(predictionsOf(together.predictions), predictionsOf(alone.predictions));
  assert.ok(new Set(predictionsOf(alone.predictions)).size > 1);
  assertClose([together.metrics["loss"]!], [alone.metrics["loss"]!], 1e-6);
});

for (
  const decoding of ["sample({ maxNewTokens: 8, temperature: 2, topK: 20 })", "beam({ maxNewTokens: 8, beams: 3 })"]
) {
  Deno.test(`${decoding} writes a row as in any batch, and again the same`, async () => {
    const stages = (batchSize: number) =>
      `{ tuned: evaluate(tuned, { data: rows, metrics, decoding, batchSize: ${batchSize} }) }`;
    const alone = predictionsOf((await onlyMember({ decoding, stages: stages(1) })).predictions);
    const together = predictionsOf((await onlyMember({ decoding, stages: stages(8) })).predictions);
    assert.deepEqual(together, alone);
    assert.ok(new Set(alone).size > 1);
  });
}

Deno.test("a sample's seed decides what is drawn", async () => {
  const draw = async (seed: number) => {
    const decoding = `sample({ maxNewTokens: 8, temperature: 2, seed: ${seed} })`;
    return predictionsOf((await onlyMember({ decoding })).predictions);
  };
  assert.notDeepEqual(await draw(1), await draw(2));
});

Deno.test("a stop text ends an answer before it", async () => {
  const whole = predictionsOf((await onlyMember({ decoding: "greedy({ maxNewTokens: 12 })" })).predictions);
  const stop = whole[0]!.slice(4, 6);
  const decoding = `greedy({ maxNewTokens: 12, stop: [${JSON.stringify(stop)}] })`;
  const cut = predictionsOf((await onlyMember({ decoding })).predictions);
  assert.deepEqual(cut, whole.map((text) => text.split(stop)[0]));
  assert.notDeepEqual(cut, whole);
});

Deno.test("choices takes the likeliest answer by the sum of its tokens' log-likelihoods", async () => {
  const answersTo = async (rows: readonly unknown[], decoding: string) => {
    const { predictions } = await onlyMember({
      preamble: `const asked = records(${JSON.stringify(rows)}, { prompt: "{q}\\n", completion: "{a}" });`,
      decoding,
      stages: "{ base: evaluate(base, { data: asked, metrics, decoding }), tuned }",
    });
    return predictionsOf(predictions);
  };
  const written = await answersTo(sceneRows, "greedy({ maxNewTokens: 1 })");
  // A token that is part of a letter is no text to choose.
  const rows = sceneRows.filter((_, row) => !written[row]!.includes("\ufffd"));
  const likeliest = written.filter((text) => !text.includes("\ufffd"));
  assert.ok(new Set(likeliest).size > 1);
  // No other token is likelier, and what goes on after it is less likely as a whole.
  const among = (list: (answer: string) => readonly string[]) =>
    answersTo(rows.map((row, index) => ({ ...row, options: list(likeliest[index]!) })), 'choices("options")');
  const others = ["a", "e", "s", "t"];
  assert.deepEqual(await among((answer) => [answer, ...others]), likeliest);
  assert.deepEqual(await among((answer) => [...others, answer]), likeliest);
  assert.deepEqual(await among((answer) => [answer + "zq", answer]), likeliest);
});
