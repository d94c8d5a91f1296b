/** What a training keeps under a budget, and that its losses do not depend on it. @module */
import assert from "node:assert/strict";
import { inProcess } from "../../../../support/command.ts";
import { inScene, type PipelineParts, type Scene } from "../../../../support/scene.ts";
import { assertClose, lossesOf, resultsOf } from "../../../../pipelines/schedule/support.ts";

/** Two blocks above the edit, wide enough that keys and values are worth keeping. */
const model = {
  config: {
    num_hidden_layers: 4,
    hidden_size: 64,
    intermediate_size: 256,
    num_key_value_heads: 2,
    head_dim: 32,
    max_position_embeddings: 128,
  },
};

interface Plan {
  readonly frontiers: readonly { level: string; bytes: number; reason: string; kept: unknown[] }[];
  readonly budgets: { memory: number | null; activations: number | null; disk: number | null };
  readonly cache: readonly { kind: string; cached: boolean }[];
}

async function planOf(scene: Scene, ...options: readonly string[]): Promise<Plan> {
  const outcome = await inProcess("plan", scene.pipeline, "--store", scene.path("store"), "--json", ...options);
  assert.equal(outcome.code, 0, outcome.stderr);
  return JSON.parse(outcome.stdout);
}

const sizes = ["unlimited", "80kB", "40kB", "20kB", "0"];

Deno.test("a smaller budget keeps less, from keys and values over hidden states to nothing", () =>
  inScene({}, async (scene) => {
    const kept: number[] = [], levels: string[] = [];
    for (const size of sizes) {
      const { frontiers: [frontier], budgets } = await planOf(scene, "--cache-memory", size);
      const { level, bytes } = frontier!;
      assert.ok(budgets.memory === null || bytes <= budgets.memory, `${bytes} bytes of ${size}`);
      kept.push(bytes);
      levels.push(level);
    }
    assert.deepEqual(levels, ["keys and values", "hidden states", "hidden states", "hidden states", "nothing"]);
    assert.deepEqual(kept, [...new Set(kept)].sort((a, b) => b - a), "each budget has its own cut");
  }, model));

Deno.test("a budget between all keys and values and hidden states alone is used for those of the lower blocks", () => {
  const deep = { config: { ...model.config, num_hidden_layers: 14, num_attention_heads: 4 }, weights: false };
  return inScene({}, async (scene) => {
    const bytesAt = async (size: number | string) => {
      return (await planOf(scene, "--cache-memory", String(size))).frontiers[0]!.bytes;
    };
    const all = await bytesAt("unlimited"), half = await bytesAt(Math.floor(all / 2));
    assert.ok(half > 0.3 * all && half <= 0.5 * all, `${half} of ${all} bytes`);
  }, deep);
});

const cases: Readonly<Record<string, Partial<PipelineParts>>> = {
  "one edit at l1": {},
  "edits that train side by side at l2": { positions: '"l2"', rank: 'sweep("rank", [1, 3])' },
  "rows that begin alike": {
    preamble: 'const alike = jsonl("./rows.jsonl", { prompt: "Say what fits: {q}\\n", completion: "{a}" });',
    data: "alike",
    positions: '"l3"',
  },
  "an edit of the first tokens": { positions: '"f2+l3"', editSettings: "tied: true" },
};

for (const [name, parts] of Object.entries(cases)) {
  Deno.test(`losses are the same whatever is kept: ${name}`, () =>
    inScene({ ...parts, at: "block(1).output" }, async (scene) => {
      const whole = await resultsOf(scene);
      for (const size of ["40kB", "20kB", "0"]) {
        const results = await resultsOf(scene, "--cache-memory", size);
        lossesOf(results).forEach((losses, member) => assertClose(losses, lossesOf(whole)[member]!, 1e-6));
        assert.ok(results.encode.every(({ bytes }) => size !== "0" && bytes <= parseInt(size) * 1000), size);
      }
    }, model));
}

Deno.test("a budget that changes no program finds what was computed before", () =>
  inScene({}, async (scene) => {
    await resultsOf(scene);
    const again = await resultsOf(scene, "--cache-memory", "1GB", "--cache-disk", "1GB");
    assert.ok(again.members.every(({ stages }) => stages.every(({ cached }) => cached)));
    const isCached = async (size: string) => {
      return (await planOf(scene, "--cache-memory", size, "--threads", "1")).cache.map(({ cached }) => cached);
    };
    assert.deepEqual(await isCached("1GB"), [true, true]);
    assert.deepEqual(await isCached("40kB"), [false, false]);
    assert.deepEqual(await isCached("0"), [false]);
  }, model));

Deno.test("a training keeps no more than the store may hold", () =>
  inScene({}, async (scene) => {
    const { budgets, frontiers: [frontier] } = await planOf(scene, "--cache-disk", "40kB", "--cache-memory", "1GB");
    assert.deepEqual(budgets, { memory: 40_000, activations: 2e9, disk: 40_000 });
    assert.equal(frontier!.level, "hidden states");
    const { budgets: unlimited } = await planOf(scene, "--cache-disk", "unlimited");
    assert.deepEqual(unlimited, { memory: null, activations: 2e9, disk: null });
  }, model));

Deno.test("plan says what is kept of which budget, and when nothing is", () =>
  inScene({}, async (scene) => {
    const textOf = async (...options: readonly string[]) => {
      const { stdout } = await inProcess("plan", scene.pipeline, "--store", scene.path("store"), ...options);
      return stdout;
    };
    const text = await textOf("--cache-memory", "40kB", "--cache-disk", "2GB");
    assert.match(text, /\nkept: hidden states, \d\d\.\d kB of at most 40\.0 kB\n/);
    assert.match(text, /\nthe store may hold: 2\.00 GB\n/);
    assert.match(
      await textOf("--cache-memory", "0"),
      /\nfrontier: the constant part does not fit the budget, so each step recomputes it\nkept: nothing, 0 B of/,
    );
  }, model));
