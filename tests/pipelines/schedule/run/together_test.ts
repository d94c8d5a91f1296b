/** Whole runs on rows whose prompts end within a token, and on truncated prompts. @module */
import assert from "node:assert/strict";
import { inScene, sceneRows } from "../../../support/scene.ts";
import { evaluationOf, onlyMember, predictionsOf, resultsOf } from "../support.ts";

// The answers are one token with the space before them, except "Ann".
const rowsOf = (prompt: string, completion: string, more = "") => {
  return `jsonl("./rows.jsonl", { prompt: "${prompt}", completion: "${completion}"${more} })`;
};

Deno.test("a prompt that ends within a token is noted once with both tokenizations, and its fields are located before that token", () => {
  const data = rowsOf("{q} ", "{a}");
  return inScene({ data, heldOut: data, positions: `"{q}.l1"` }, async (scene) => {
    const { code, stderr } = await scene.run();
    assert.equal(code, 0, stderr);
    const notes = stderr.split("\n").filter((line) => line.includes(": the prompt's tokens "));
    assert.equal(notes.length, 1, stderr);
    assert.match(
      notes[0]!,
      /rows\.jsonl:1: the prompt's tokens change once the completion follows, .*\(alone it ends in " "; with the completion that becomes " si"\)$/,
    );
  });
});

Deno.test("white space that is part of a token may end the prompt or begin the completion, unless these are tokenized apart", async () => {
  const parts = { metrics: "[exactMatch(), loss()]" };
  const of = (data: string) => onlyMember({ ...parts, data: `${data}.take(5)`, heldOut: `${data}.take(5)` });
  const [inPrompt, inCompletion] = [await of(rowsOf("{q} ", "{a}")), await of(rowsOf("{q}", " {a}"))];
  assert.deepEqual(inPrompt.losses, inCompletion.losses);
  assert.equal(inPrompt.metrics["loss"], inCompletion.metrics["loss"]);
  assert.deepEqual(predictionsOf(inPrompt.predictions), predictionsOf(inCompletion.predictions));
  const apart = await of(rowsOf("{q} ", "{a}", ', tokenization: "apart"'));
  assert.notDeepEqual(apart.losses, inPrompt.losses);
});

Deno.test("an evaluation truncates prompts that exceed the context if its settings say so", async () => {
  const long = "the cat and the dog and the bird and ".repeat(12);
  const heldOut = `records([{ q: ${JSON.stringify(long)}, a: "sits", options: ["sits", "runs"] }], ` +
    `{ prompt: "{q}\\n", completion: "{a}" })`;
  const stages = (settings: string) =>
    `{ tuned: evaluate(tuned, { data: heldOut, metrics, decoding, ${settings} }), ` +
    `chosen: evaluate(tuned, { data: heldOut, metrics: [accuracy()], decoding: choices("options"), ${settings} }) }`;
  await inScene({ heldOut, stages: stages("maxLength: 64") }, async (scene) => {
    const { members: [member] } = await resultsOf(scene);
    assert.ok(Number.isFinite(evaluationOf(member!).metrics["accuracy"]));
  });
  await inScene({ heldOut, stages: stages("") }, async (scene) => {
    const { code, stderr } = await scene.run();
    assert.equal(code, 2);
    assert.match(stderr, /records:1: the row has \d+ tokens, but the model reads at most 64; .*maxLength: 64/);
  });
});

Deno.test("a completion that ends with the end-of-sequence token trains like one without it", async () => {
  const text = (rows: readonly unknown[]) =>
    `records(${JSON.stringify(rows)}, { prompt: "{q}\\n", completion: "{a}" })`;
  const rows = sceneRows.slice(0, 4).map(({ q, a }) => ({ q, a }));
  const [bare, ended] = [text(rows), text(rows.map(({ q, a }) => ({ q, a: `${a}<|end|>` })))];
  const parts = { metrics: "[exactMatch(), loss()]" };
  const [one, other] = [
    await onlyMember({ ...parts, data: bare, heldOut: bare }),
    await onlyMember({ ...parts, data: ended, heldOut: ended }),
  ];
  assert.deepEqual(other, one);
});
