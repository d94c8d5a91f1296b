import assert from "node:assert/strict";
import { lowerAdaptations } from "../../../../pipelines/compile/lower/lower_adaptations.ts";
import { groupOf, parameterKinds } from "../../../../pipelines/compile/programs/parameter_groups.ts";
import type { Resolved, TrainableSpec } from "../../../../pipelines/spec/mod.ts";
import { block, lora, loreft } from "refract";
import { inScene, type PipelineParts } from "../../../support/scene.ts";
import { model as architecture } from "../../compile/support.ts";
import { onlyMember } from "../support.ts";

const edits = [
  loreft({ at: block(0).output, positions: "l1", rank: 1 }),
  lora({ rank: 1, blocks: [1], modules: ["q_proj"] }),
] as Resolved<TrainableSpec>[];

Deno.test("parameters have the kind of their adaptation, and each of LoRA's matrices also its own", () => {
  const members = [lowerAdaptations(edits, architecture).map((each, index) => ({ ...each, index }))];
  const frozen = { architecture: { weights: new Map() }, members, full: false };
  assert.deepEqual(Object.fromEntries(parameterKinds(frozen)), {
    "0.rotate.free": ["edits"],
    "0.weight": ["edits"],
    "0.bias": ["edits"],
    "1.lora_A": ["adapters", "lora_A"],
    "1.lora_B": ["adapters", "lora_B"],
  });
});

Deno.test("a parameter belongs to the first group that matches it", () => {
  const matches = [["lora_B"], ["adapters", "head"]] as const;
  assert.deepEqual(
    [groupOf(["adapters", "lora_B"], matches), groupOf(["adapters"], matches), groupOf(["edits"], matches)],
    [0, 1, undefined],
  );
});

const still: Partial<PipelineParts> = {
  batchSize: "8",
  epochs: "3",
  heldOut: "rows",
  metrics: "[loss()]",
  edit: "(({ rank }) => lora({ rank }))",
};
const lossesWith = async (optimizer: string, parts: Partial<PipelineParts> = {}) =>
  (await onlyMember({ ...still, ...parts, optimizer })).losses;

Deno.test("a group's rate and decay apply only to its parameters", async () => {
  const whole = await lossesWith("adamw({ learningRate: 1e-2, weightDecay: 0.3 })");
  const grouped = `adamw({ learningRate: 1, groups: [{ match: "adapters", learningRate: 1e-2, weightDecay: 0.3 }] })`;
  assert.deepEqual(await lossesWith(grouped), whole);
  const plain = await lossesWith("adamw({ learningRate: 1e-2 })");
  const changed = await lossesWith(
    `adamw({ learningRate: 1e-2, groups: [{ match: "lora_A", learningRate: 0.1 }] })`,
  );
  assert.deepEqual(changed.slice(0, 2), plain.slice(0, 2), "A's first gradient is 0, since B is");
  assert.notEqual(changed[2], plain[2]);
  const [first, ...later] = await lossesWith(
    `adamw({ learningRate: 1e-2, groups: [{ match: "lora_B", learningRate: 0 }] })`,
  );
  assert.deepEqual(later, [first, first], "with B at 0 nothing changes");
});

Deno.test("each of several edits and adapters has the rate and the decay of its group", async () => {
  const edit = "...((options) => [loreft(options), lora({ rank: 2 }), red({ at: block(0).output, positions: 'l2' })])";
  const losses = (optimizer: string) => lossesWith(optimizer, { edit });
  const expected = await losses(
    `adamw({ learningRate: 1e-2, weightDecay: 0.2, groups: [{ match: "edits", learningRate: 3e-2, weightDecay: 0 }] })`,
  );
  for (
    const same of [
      `adamw({ learningRate: 3e-2, groups: [{ match: "adapters", learningRate: 1e-2, weightDecay: 0.2 }] })`,
      `adamw({ learningRate: 1, weightDecay: 0.2, groups: [
        { match: "lora_B", learningRate: 1e-2 },
        { match: "edits", learningRate: 3e-2, weightDecay: 0 },
        { match: "adapters", learningRate: 1e-2 },
      ] })`,
    ]
  ) assert.deepEqual(await losses(same), expected, same);
  for (const other of ["adamw({ learningRate: 3e-2 })", "adamw({ learningRate: 1e-2, weightDecay: 0.2 })"]) {
    assert.notDeepEqual(await losses(other), expected, other);
  }
});

const refused: Readonly<Record<string, [optimizer: string, message: RegExp]>> = {
  "matches nothing": [
    `adamw({ learningRate: 1e-2, groups: [{ match: "lora_B", learningRate: 1 }, { match: "head", weightDecay: 0 }] })`,
    /groups\[1\], "head", matches nothing that is trained; what is trained is "adapters", "lora_A" and "lora_B"/,
  ],
  "has nothing left": [
    `adamw({ learningRate: 1e-2, groups: ["adapters", "lora_A"].map((match) => ({ match, weightDecay: 0 })) })`,
    /groups\[1\], "lora_A", matches only what an earlier group takes; put it before that group/,
  ],
  "changes nothing": [
    `adamw({ learningRate: 1e-2, groups: [{ match: ["lora_A", "lora_B"] }] })`,
    /groups\[0\], "lora_A" and "lora_B", changes nothing; give learningRate or weightDecay/,
  ],
  "matches no kind": [
    `adamw({ learningRate: 1e-2, groups: [{ match: "lora_b", learningRate: 1 }] })`,
    /match is "lora_b"; give "edits", "adapters", "lora_A", "lora_B", "prefixTuning", "head" or "base"/,
  ],
  "has a rate although steps are relative": [
    `refract.adafactor({ groups: [{ match: "adapters", learningRate: 1 }] })`,
    /groups\[0\], "adapters", has a learningRate but the optimizer's steps are relative; give the optimizer a learningRate too/,
  ],
};

for (const [what, [optimizer, message]] of Object.entries(refused)) {
  Deno.test(`a group that ${what} is refused`, () =>
    inScene({ ...still, optimizer }, async (scene) => {
      const { code, stderr } = await scene.run();
      assert.equal(code, 2);
      assert.match(stderr, message);
    }));
}
