import assert from "node:assert/strict";
import { inProcess } from "../../support/command.ts";
import { inScene, type Scene } from "../../support/scene.ts";

const twoRanks = { at: "block(0).output", rank: 'sweep("rank", [1, 2])' };

async function planOf(scene: Scene) {
  const { code, stdout, stderr } = await inProcess(
    "plan",
    scene.pipeline,
    "--store",
    scene.path("store"),
    "--threads",
    "1",
    "--json",
  );
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

Deno.test("plan needs no weights, and writes nothing", () =>
  inScene(
    twoRanks,
    async (scene) => {
      const { pipeline, members, programs, cache, estimate } = await planOf(scene);
      assert.equal(pipeline, "scene");
      assert.deepEqual(
        members.map((member: Record<string, unknown>) => [member["id"], member["axes"], member["trainableParameters"]]),
        [["rank=1", { rank: 1 }, 33], ["rank=2", { rank: 2 }, 66]],
      );
      assert.deepEqual(programs.map(({ name }: { name: string }) => name), ["encode", "train", "train"]);
      assert.ok(cache.every(({ cached }: { cached: boolean }) => !cached));
      assert.equal(estimate.steps, 8);
      assert.deepEqual([scene.entries, scene.written], [[], []]);
    },
    { weights: false },
  ));

/** The edits of Wu et al. 2024, section 4, and their numbers of trainable parameters. */
const published = {
  "LLaMA-7B": {
    config: { hidden_size: 4096, intermediate_size: 11008, num_hidden_layers: 32, num_attention_heads: 32 },
    at: 'block("all").output',
    positions: '"f7+l7"',
    rank: 8,
    tied: true,
    count: 2_097_408,
  },
  "LLaMA-13B": {
    config: { hidden_size: 5120, intermediate_size: 13824, num_hidden_layers: 40, num_attention_heads: 40 },
    at: 'block("all").output',
    positions: '"f7+l7"',
    rank: 8,
    tied: true,
    count: 3_277_120,
  },
  "Llama-2-7B": {
    config: { hidden_size: 4096, intermediate_size: 11008, num_hidden_layers: 32, num_attention_heads: 32 },
    at: "block([3, 9, 18, 24]).output",
    positions: '"f5+l5"',
    rank: 4,
    tied: false,
    count: 262_176,
  },
};

for (const [name, { config, at, positions, rank, tied, count }] of Object.entries(published)) {
  Deno.test(`plan counts the paper's trainable parameters of ${name} from its config alone`, () => {
    const large = { vocab_size: 32000, max_position_embeddings: 2048, tie_word_embeddings: false };
    const heads = { num_key_value_heads: config.num_attention_heads, head_dim: 128 };
    return inScene({ at, positions, rank: String(rank), editSettings: `tied: ${tied}` }, async (scene) => {
      const { members: [member] } = await planOf(scene);
      assert.equal(member.trainableParameters, count);
      assert.ok(Math.abs(member.share - count / (name.includes("13B") ? 13.016e9 : 6.738e9)) < 1e-6);
    }, { weights: false, config: { ...config, ...large, ...heads } });
  });
}

Deno.test("plan shows which entries of an earlier run are in the store, and their size", () =>
  inScene(twoRanks, async (scene) => {
    const before = await planOf(scene);
    const { code, stdout, stderr } = await scene.run("--set", "rank=1", "--json");
    assert.equal(code, 0, stderr);
    const after = await planOf(scene);
    const cached = ({ cache }: typeof after) => cache.map((entry: { cached: boolean }) => entry.cached);
    assert.deepEqual(cached(before), [false, false, false]);
    assert.deepEqual(cached(after), [true, true, false]);
    const [encode] = JSON.parse(stdout).encode;
    assert.equal(after.cache[0].bytes, encode.bytes);
    assert.equal(after.cache[0].key, encode.key);
    assert.equal(after.estimate.steps, 4);
  }));

Deno.test("plan compiles programs once for all members that share them, and only some of many", () =>
  inScene({
    at: 'block(sweep("layer", [0, 1])).output',
    rank: 'sweep("rank", [1, 2, 3, 4, 5])',
    trainSettings: 'seed: sweep("seed", [1, 2, 3])',
  }, async (scene) => {
    const { members, programs, cache, estimate } = await planOf(scene);
    assert.equal(members.length, 30);
    const trainings = programs.filter(({ name }: { name: string }) => name === "train");
    assert.deepEqual(trainings.map((program: { members: string[] }) => program.members.length), new Array(10).fill(3));
    assert.equal(trainings.filter(({ isEstimate }: { isEstimate: boolean }) => !isEstimate).length, 2);
    assert.equal(cache.filter(({ kind }: { kind: string }) => kind === "train").length, 30);
    assert.equal(estimate.steps, 30 * 4);
    assert.ok(estimate.flops > 0 && estimate.seconds > 0 && estimate.memory > 0);
    const { stdout } = await inProcess("plan", scene.pipeline, "--store", scene.path("store"), "--threads", "1");
    assert.match(stdout, /^… and 10 more members$/m);
    assert.match(stdout, /^encode +30 members +~/m);
  }));

Deno.test("plan shows the cost of editing first tokens", () =>
  inScene({
    at: "block(0).output",
    positions: '"f1+l1"',
    preamble:
      'const long = records([{ q: "a long way ".repeat(5), a: "b" }], { prompt: "{q}\\n", completion: "{a}" });',
    data: "long",
  }, async (scene) => {
    const { advice } = await planOf(scene);
    assert.equal(advice.length, 1);
    assert.match(
      advice[0],
      /^f1 keeps \d+ context tokens from being computed once; l1 alone would train \d+\.\d times faster$/,
    );
    const { stdout } = await inProcess("plan", scene.pipeline, "--store", scene.path("store"), "--threads", "1");
    assert.match(stdout, /^advice: f1 keeps /m);
  }));

Deno.test("plan estimates full finetuning in a sweep with edits", () =>
  inScene({
    edit: '((options) => sweep("method", [refract.fullFinetuning(), loreft(options)]))',
    positions: '"all"',
    data: 'rows.take(sweep("size", [5, 6, 7, 8]))',
  }, async (scene) => {
    const { programs, estimate } = await planOf(scene);
    const trainings = programs.filter(({ name }: { name: string }) => name === "train");
    assert.equal(trainings.length, 8);
    for (const { flops, operations } of trainings) assert.ok(flops > 0 && operations > 0, `${flops}, ${operations}`);
    assert.ok(estimate.flops > 0 && estimate.seconds > 0, `${estimate.flops}, ${estimate.seconds}`);
  }));

Deno.test("plan estimates from an earlier run's measurements", () =>
  inScene({}, async (scene) => {
    assert.equal((await planOf(scene)).estimate.basis, "assumed");
    assert.equal((await scene.run()).code, 0);
    assert.equal((await planOf(scene)).estimate.basis, "model");
  }));

Deno.test("plan --dot prints a graph from rows to evaluations", () =>
  inScene(twoRanks, async (scene) => {
    const options = ["--store", scene.path("store"), "--threads", "1", "--dot"];
    const { code, stdout } = await inProcess("plan", scene.pipeline, ...options);
    assert.equal(code, 0);
    assert.match(stdout, /^digraph "scene" \{\n/);
    for (const edge of ["rows -> p0", "p0 -> p1", "p0 -> p2", "p1 -> evaluations", "p2 -> evaluations"]) {
      assert.ok(stdout.includes(`${edge};`), edge);
    }
    assert.match(stdout, /p1 \[label="train\\nrank=1\\n\d/);
  }));

Deno.test("plan as text shows the frontier, the programs and what remains to run", () =>
  inScene(twoRanks, async (scene) => {
    const { code, stdout } = await inProcess("plan", scene.pipeline, "--store", scene.path("store"), "--threads", "1");
    assert.equal(code, 0);
    assert.match(stdout, /^frontier of rank=1, rank=2: the edits begin 1 token before the prompt's end/m);
    assert.match(stdout, /^encode +rank=1 rank=2 /m);
    assert.match(stdout, /^to run: 8 steps, /m);
  }));

Deno.test("a memory that no run fits into is noted", () =>
  inScene(twoRanks, async (scene) => {
    const cases = [["8MB", /^note: memory is 8\.00 MB, but a run takes 250 MB .*8GB$/m], ["8GB", undefined]] as const;
    for (const [memory, says] of cases) {
      const place = ["--store", scene.path("store"), "--memory", memory];
      const { code, stderr } = await inProcess("plan", scene.pipeline, ...place);
      assert.equal(code, 0, stderr);
      if (says === undefined) assert.doesNotMatch(stderr, /memory is/);
      else assert.match(stderr, says);
    }
  }));
