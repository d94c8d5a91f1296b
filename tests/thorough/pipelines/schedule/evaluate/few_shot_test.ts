/** Few-shot examples: what is prepended to prompts, and that computing it once changes nothing. @module */
import assert from "node:assert/strict";
import { loadRows } from "../../../../../pipelines/data/rows.ts";
import { type FewShot, shotsOf } from "../../../../../pipelines/data/few_shot.ts";
import type { Prediction } from "../../../../../pipelines/metrics/prediction.ts";
import { inScene, type PipelineParts, type Scene } from "../../../../support/scene.ts";
import { tinyT5Config } from "../../../../support/tiny_t5.ts";
import { assertClose, evaluationOf, resultsOf } from "../../../../pipelines/schedule/support.ts";

const template = { prompt: "{q}?", completion: " {a}" };
const records = (count: number, from = 0) => {
  const rows = Array.from({ length: count }, (_, at) => ({ q: `question ${at + from}`, a: `answer ${at + from}` }));
  return { kind: "records" as const, records: rows, template };
};

Deno.test("the same examples are prepended to every prompt, and fields are located after them", async () => {
  const rows = await loadRows(records(3), "/");
  const fewShot: FewShot = { examples: records(5, 100), count: 2, seed: 7, separator: "\n" };
  const after = async (shots: FewShot) => {
    const drawn = await shotsOf(shots, { base: "/" });
    return rows.map((row) => drawn?.before(row) ?? row);
  };
  const found = await after(fewShot);
  const before = found[0]!.prompt.slice(0, -rows[0]!.prompt.length);
  assert.match(before, /^question 10\d\? answer 10\d\nquestion 10\d\? answer 10\d\n$/);
  for (const [at, { prompt, spans, completion }] of found.entries()) {
    assert.equal(prompt, before + rows[at]!.prompt);
    const [[start, end]] = spans["q"] as [[number, number]];
    assert.equal(prompt.slice(start, end), `question ${at}`);
    assert.equal(completion, rows[at]!.completion);
  }
  const other = await after({ ...fewShot, seed: 8 });
  assert.notEqual(other[0]!.prompt, found[0]!.prompt);
  assert.deepEqual(await after({ ...fewShot, count: 0 }), rows);
});

const long = "Ask of it";
const parts = (model: string, decoding: string): Partial<PipelineParts> => ({
  preamble:
    `const shots = records([{ q: "${long}", a: "yes" }, { q: "${long} too", a: "no" }], { prompt: "{q}\\n", completion: "{a}" });`,
  decoding,
  metrics: "[exactMatch(), loss()]",
  heldOut: "rows",
  stages: `{ tuned: evaluate(${model}, { data: heldOut, metrics, decoding, fewShot: refract.fewShot(shots, 2, 1) }) }`,
});

/** The predictions of a run, one per row. */
async function predictions(scene: Scene): Promise<readonly Prediction[]> {
  const { members: [member] } = await resultsOf(scene);
  const text = await Deno.readTextFile(scene.path("out", evaluationOf(member!).predictions));
  return text.trim().split("\n").map((line) => JSON.parse(line));
}

const finetuned = "train(base.with(refract.fullFinetuning()), { data, epochs, batchSize, optimizer })";
const models: readonly (readonly [what: string, model: string, at?: string, config?: typeof tinyT5Config])[] = [
  ["a base model", "base"],
  ["an edited model", "tuned"],
  ["a finetuned model", finetuned],
  ["an edited model with an encoder", "tuned", "refract.encoder.block(0).output", tinyT5Config],
];

for (const [what, model, at = "block(1).output", config = {}] of models) {
  for (const decoding of ["greedy({ maxNewTokens: 6 })", "beam({ maxNewTokens: 4, beams: 2 })", `choices("options")`]) {
    Deno.test(`few-shot examples give the same results as whole prompts: ${what}, ${decoding}`, async () => {
      let shared: readonly Prediction[] = [];
      const written = { ...parts(model, decoding), at };
      await inScene(written, async (scene) => {
        shared = await predictions(scene);
      }, { config });
      assert.ok(shared.every(({ prompt }) => prompt.split(long).length === 3));
      // The same prompts, written out.
      const asked = JSON.stringify(
        shared.map(({ prompt, completion, choices }) => ({ q: prompt, a: completion, options: choices })),
      );
      await inScene({
        ...written,
        heldOut: `records(${asked}, { prompt: "{q}", completion: "{a}" })`,
        stages: `{ tuned: evaluate(${model}, { data: heldOut, metrics, decoding }) }`,
      }, async (scene) => {
        const alone = await predictions(scene);
        assert.deepEqual(shared.map(({ prediction }) => prediction), alone.map(({ prediction }) => prediction));
        const numbers = (all: readonly Prediction[]) => all.flatMap(({ loss, scores = [] }) => [loss!, ...scores]);
        assertClose(numbers(shared), numbers(alone), 1e-5);
      }, { config });
    });
  }
}

Deno.test("choices after few-shot examples have the same scores whatever was evaluated before them", async () => {
  const settings = `{ data: heldOut, metrics: [accuracy()], decoding: choices(["a", "two cats", "o"]), batchSize: 2, ` +
    "fewShot: refract.fewShot(rows, 6, 1) }";
  const scores: number[][] = [];
  for (
    const before of [
      "",
      `base: evaluate(base, ${settings}), `,
      `part: evaluate(tuned, ${settings.replace("heldOut", "heldOut.skip(1)")}), `,
    ]
  ) {
    await inScene({ stages: `{ ${before}tuned: evaluate(tuned, ${settings}) }` }, async (scene) => {
      const found = await predictions(scene);
      assert.ok(found.every(({ prompt }) => prompt.length > 100));
      scores.push(found.flatMap((each) => each.scores!));
    }, { config: { max_position_embeddings: 128 } });
  }
  assert.deepEqual(scores[1], scores[0]);
  assert.deepEqual(scores[2], scores[0]);
});

const bad = [
  [
    "more examples than there are",
    `refract.fewShot(shots, 3, 1)`,
    /pipeline\.ts:\d+:\d+: fewShot requests 3 examples of 2; give it more rows or request fewer$/,
  ],
  [
    "examples that are conversations",
    `refract.fewShot(refract.chat([[{ role: "user", content: "a" }, { role: "assistant", content: "b" }]], { template: "{% for m in messages %}{{ m.content }}{% endfor %}" }), 1, 1)`,
    /chat:1: fewShot takes prompts with completions, but the row is a conversation/,
  ],
  [
    "an invalid count",
    `refract.fewShot(shots, -1, 1)`,
    /pipeline\.ts:\d+:\d+: count is -1; give a whole number of at least 0$/,
  ],
  ["rows instead of examples", `shots`, /fewShot is of the kind records; give examples, as in fewShot\(rows, 5, 42\)$/],
] as const;

for (const [name, fewShot, says] of bad) {
  const stages = `{ tuned: evaluate(base, { data: heldOut, metrics, decoding, fewShot: ${fewShot} }) }`;
  Deno.test(`bad examples: ${name}`, () =>
    inScene({ ...parts("base", "greedy({ maxNewTokens: 2 })"), stages }, async (scene) => {
      const { code, stderr } = await scene.run();
      assert.equal(code, 2, stderr);
      assert.match(stderr.trim().split("\n").at(-1)!, says);
    }));
}

Deno.test("an example that is one of the rows is noted", () =>
  inScene({
    ...parts("base", "greedy({ maxNewTokens: 2 })"),
    stages: "{ tuned: evaluate(base, { data: heldOut, metrics, decoding, fewShot: refract.fewShot(rows, 2, 1) }) }",
  }, async (scene) => {
    const { code, stderr } = await scene.run();
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /rows\.jsonl:\d: an example that fewShot puts before the prompts is also one of the evaluated rows/,
    );
  }));
