/** How answers are generated, and that they depend only on the row. @module */
import assert from "node:assert/strict";
import type { MemberRecord, Results } from "../../../../../pipelines/results/results.ts";
import { inProcess } from "../../../../support/command.ts";
import { inScene, sceneRows } from "../../../../support/scene.ts";
import {
  assertClose,
  evaluationOf,
  onlyMember,
  predictionsOf,
  resultsOf,
} from "../../../../pipelines/schedule/support.ts";

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
  Deno.test(`${decoding} generates the same answers with any batch size`, async () => {
    const stages = (batchSize: number) =>
      `{ tuned: evaluate(tuned, { data: rows, metrics, decoding, batchSize: ${batchSize} }) }`;
    const alone = predictionsOf((await onlyMember({ decoding, stages: stages(1) })).predictions);
    const together = predictionsOf((await onlyMember({ decoding, stages: stages(8) })).predictions);
    assert.deepEqual(together, alone);
    assert.ok(new Set(alone).size > 1);
  });
}

for (
  const [label, parts] of Object.entries({
    "edits of the last token": {},
    "edits of several blocks": { at: 'block(sweep("layer", [0, 1])).output' },
    "edits of the last three tokens": { positions: '"l3"' },
    "edits of generated tokens": { positions: '"generated"' },
    "edits of first tokens": { positions: '"f1+l1"', at: "block(1).output" },
    "prompts with a common prefix": {
      preamble:
        'const long = jsonl("./rows.jsonl", { prompt: "Say in one word what fits here: {q}\\n", completion: "{a}" });',
      data: "long",
      heldOut: "long",
    },
  })
) {
  Deno.test(`a member answers the same alone and with other members: ${label}`, () =>
    inScene(
      { heldOut: "rows", ...parts, rank: 'sweep("rank", [1, 2])', decoding: "greedy({ maxNewTokens: 8 })" },
      async (scene) => {
        const { members } = await resultsOf(scene);
        const read = (folder: string, member: MemberRecord) => {
          return Deno.readTextFile(scene.path(folder, evaluationOf(member).predictions));
        };
        for (const member of members) {
          const set = Object.entries(member.axes).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
          const places = ["--store", scene.path("store2"), "--out", scene.path("out2"), "--threads", "1"];
          const { code, stdout, stderr } = await inProcess("run", scene.pipeline, ...places, ...set, "--json");
          assert.equal(code, 0, stderr);
          const { members: [alone] }: Results = JSON.parse(stdout);
          assert.equal(await read("out2", alone!), await read("out", member));
        }
        assert.ok(scene.entries.some((path) => path.startsWith("encode/")));
      },
    ));
}

Deno.test("a sample's seed determines the random choices", async () => {
  const draw = async (seed: number) => {
    const decoding = `sample({ maxNewTokens: 8, temperature: 2, seed: ${seed} })`;
    return predictionsOf((await onlyMember({ decoding })).predictions);
  };
  assert.notDeepEqual(await draw(1), await draw(2));
});

Deno.test("an answer ends before a stop text", async () => {
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
  // A token that is part of a character can't be a choice.
  const rows = sceneRows.filter((_, row) => !written[row]!.includes("\ufffd"));
  const likeliest = written.filter((text) => !text.includes("\ufffd"));
  assert.ok(new Set(likeliest).size > 1);
  // No other token is likelier, and its continuations are less likely as a whole.
  const among = (list: (answer: string) => readonly string[]) =>
    answersTo(
      rows.map((row, index) => ({ ...row, a: likeliest[index], options: list(likeliest[index]!) })),
      'choices("options")',
    );
  const others = ["a", "e", "s", "t"];
  assert.deepEqual(await among((answer) => [answer, ...others]), likeliest);
  assert.deepEqual(await among((answer) => [...others, answer]), likeliest);
  assert.deepEqual(await among((answer) => [answer + "zq", answer]), likeliest);
});
