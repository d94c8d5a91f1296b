/** Evaluations that begin before their turn, so that their rows are decoded with those of others. @module */
import assert from "node:assert/strict";
import { Continuation } from "../../../../pipelines/decoding/continuation.ts";
import { Runtime } from "../../../../pipelines/runtime/runtime.ts";
import { inScene, type PipelineParts, sceneRows } from "../../../support/scene.ts";
import { evaluationOf, resultsOf } from "../support.ts";

/** The most rows that any decoding step had while something ran. */
async function mostRows<T>(run: () => Promise<T>): Promise<{ readonly found: T; readonly most: number }> {
  const { next } = Continuation.prototype;
  let most = 0;
  Continuation.prototype.next = function (steps, ...others) {
    most = Math.max(most, steps.length);
    return next.call(this, steps, ...others);
  };
  try {
    return { found: await run(), most };
  } finally {
    Continuation.prototype.next = next;
  }
}

const members: Partial<PipelineParts> = {
  heldOut: "rows",
  rank: 'sweep("rank", [1, 2, 4])',
  decoding: "greedy({ maxNewTokens: 24 })",
};

Deno.test("the rows of members that are trained together are decoded together, and each has its own time", () =>
  inScene(members, async (scene) => {
    const start = performance.now();
    const { found: { members }, most } = await mostRows(() => resultsOf(scene));
    const whole = (performance.now() - start) / 1000;
    assert.ok(most > sceneRows.length, `at most ${most} rows`);
    const evaluations = members.map(evaluationOf);
    assert.ok(evaluations.every(({ cached, tokensPerSecond = 0, seconds }) => {
      return !cached && tokensPerSecond > 0 && seconds > 0;
    }));
    assert.ok(evaluations.reduce((sum, { seconds }) => sum + seconds, 0) < whole);
  }));

Deno.test("members that are decoded by programs of their own are answered one after another", () =>
  inScene(
    {
      ...members,
      edit: '((_) => lora({ blocks: "all", modules: ["q_proj"], rank }))',
      rank: 'sweep("rank", [1, 2, 3, 4, 5, 6])',
      stages: "{ tuned: evaluate(tuned, { data: heldOut, metrics, decoding, batchSize: 64 }) }",
    },
    async (scene) => {
      const { open } = Runtime.prototype;
      let opened = 0;
      Runtime.prototype.open = function (...given) {
        opened++;
        return open.apply(this, given);
      };
      try {
        const { most } = await mostRows(() => resultsOf(scene));
        assert.equal(most, sceneRows.length);
      } finally {
        Runtime.prototype.open = open;
      }
      // Each trains, is saved, reads prompts and decodes.
      assert.ok(opened <= 6 * 4 + 4, `${opened} sessions`);
    },
  ));

Deno.test("no more rows than the batch size are decoded at once, whosever they are", () =>
  inScene(
    {
      ...members,
      stages: "{ tuned: evaluate(tuned, { data: heldOut, metrics, decoding, batchSize: 4 }) }",
    },
    async (scene) => assert.equal((await mostRows(() => resultsOf(scene))).most, 4),
  ));

Deno.test("the rows of a member's evaluations are decoded together", () =>
  inScene(
    {
      decoding: members.decoding!,
      stages: `{
        one: evaluate(tuned, { data: rows, metrics, decoding }), other: evaluate(tuned, { data: held, metrics, decoding })
      }`.replaceAll("\n", " "),
    },
    async (scene) => {
      const { most } = await mostRows(() => resultsOf(scene));
      assert.ok(most > sceneRows.length, `at most ${most} rows`);
    },
  ));

Deno.test("the validations of members that are trained together are decoded together", () =>
  inScene(
    {
      ...members,
      trainSettings: `validate: { data: rows, every: "epoch", metrics: [exactMatch()], decoding: ${members.decoding} }`,
      stages: "{ tuned }",
    },
    async (scene) => {
      const { most } = await mostRows(() => resultsOf(scene));
      assert.ok(most > sceneRows.length, `at most ${most} rows`);
    },
  ));

Deno.test("what was begun ahead of a failure is stopped, and the next run has the results of an undisturbed one", () =>
  inScene(
    {
      ...members,
      preamble: `const { metric } = refract; const fails = () => { throw new Error("no such thing"); };`,
      metrics: '[exactMatch(), metric("flawed", { measure: globalThis.isFlawed ? fails : () => 1 })]',
    },
    async (scene) => {
      const read = (folder: string, member: Parameters<typeof evaluationOf>[0]) => {
        return Deno.readTextFile(scene.path(folder, evaluationOf(member).predictions));
      };
      Object.assign(globalThis, { isFlawed: true });
      const { code, stderr } = await scene.run();
      Object.assign(globalThis, { isFlawed: false });
      assert.notEqual(code, 0);
      assert.match(stderr, /no such thing/);
      const after = await resultsOf(scene);
      const clean = await resultsOf(scene, "--store", scene.path("store2"), "--out", scene.path("out2"));
      for (const [at, member] of clean.members.entries()) {
        assert.equal(await read("out", after.members[at]!), await read("out2", member));
      }
    },
  ));
