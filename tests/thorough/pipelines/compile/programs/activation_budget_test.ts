/** That a training whose activations do not fit computes blocks again, and what that changes. @module */
import assert from "node:assert/strict";
import { recomputableRuns, recompute } from "../../../../../ops/passes/recompute.ts";
import { verify } from "../../../../../ops/passes/verify.ts";
import { wholeRows } from "../../../../../pipelines/compile/rows/layout.ts";
import type { CompiledModel } from "../../../../../pipelines/compile/programs/forward.ts";
import { trainingPrograms } from "../../../../../pipelines/compile/programs/training_programs.ts";
import { architectureOf } from "../../../../../pipelines/models/families/mod.ts";
import { familyCases, readFamilyGolden } from "../../../../pipelines/models/families/families_golden.ts";
import { inProcess } from "../../../../support/command.ts";
import { inScene, type PipelineParts, type Scene } from "../../../../support/scene.ts";
import { usualStepping } from "../../../../pipelines/compile/support.ts";
import { lossesOf, resultsOf, trainingOf } from "../../../../pipelines/schedule/support.ts";

const model = { config: { num_hidden_layers: 5 } };
const everywhere = { at: `block("all").output`, positions: '"f2+l3"' };

async function planOf(scene: Scene, ...options: readonly string[]): Promise<string> {
  const outcome = await inProcess("plan", scene.pipeline, "--store", scene.path("store"), ...options);
  assert.equal(outcome.code, 0, outcome.stderr);
  return outcome.stdout;
}

Deno.test("a plan says how many blocks are computed again for a budget, and none by default", () =>
  inScene(everywhere, async (scene) => {
    const frontierOf = async (...options: readonly string[]) => {
      const { frontiers: [frontier], budgets, estimate } = JSON.parse(await planOf(scene, "--json", ...options));
      return { blocks: frontier.recomputedBlocks, budget: budgets.activations, memory: estimate.memory };
    };
    const usual = await frontierOf(), least = await frontierOf("--activation-memory", "0");
    assert.deepEqual([usual.blocks, usual.budget], [0, 2e9]);
    assert.deepEqual([least.blocks, least.budget], [3, 0]);
    assert.ok(least.memory < usual.memory);
    assert.deepEqual(await frontierOf("--activation-memory", "unlimited"), { ...usual, budget: null });
    assert.match(
      await planOf(scene, "--activation-memory", "0"),
      /\nrecomputed: 3 blocks in each step, so that the longest row takes at most 0 B\n/,
    );
    assert.doesNotMatch(await planOf(scene), /recomputed/);
  }, model));

const cases: Readonly<Record<string, Partial<PipelineParts>>> = {
  "edits of all blocks": everywhere,
  "tied edits of all blocks under dropout": { ...everywhere, editSettings: "tied: true, dropout: 0.3" },
  "adapters of all blocks": { edit: "...(() => [lora({ rank: 2, dropout: 0.2 })])" },
  "edits that train side by side": { positions: '"l2"', rank: 'sweep("rank", [1, 3])' },
};

for (const [name, parts] of Object.entries(cases)) {
  Deno.test(`losses and tensors are the same with blocks computed again: ${name}`, () =>
    inScene(parts, async (scene) => {
      const found: unknown[] = [];
      for (const size of ["unlimited", "0"]) {
        const options = ["--activation-memory", size, "--out", scene.path(size)];
        const { frontiers } = JSON.parse(await planOf(scene, "--json", "--activation-memory", size));
        for (const { recomputedBlocks } of frontiers) assert.equal(recomputedBlocks > 0, size === "0");
        const results = await resultsOf(scene, ...options);
        assert.ok(results.members.every((member) => !trainingOf(member).cached));
        const tensors = results.members.map(({ id }) => {
          return Deno.readFile(scene.path(size, "members", id, "intervention", "weights.safetensors"));
        });
        found.push([lossesOf(results), await Promise.all(tensors)]);
      }
      assert.deepEqual(found[1], found[0]);
    }, model));
}

Deno.test("every decoder's blocks but the last can be computed again", async (t) => {
  for (const name of familyCases) {
    const { config } = await readFamilyGolden(name);
    const architecture = architectureOf(config);
    if (architecture.head !== "language" || !architecture.causal) continue;
    await t.step(name, () => {
      const model: CompiledModel = { architecture, storedType: () => "float32", members: [[]], full: true };
      const { accumulate, boundaries } = trainingPrograms(model, wholeRows(architecture, []), usualStepping);
      assert.equal(recomputableRuns(accumulate, boundaries), architecture.blocks - 1);
      verify(recompute(accumulate, boundaries));
    });
  }
});
