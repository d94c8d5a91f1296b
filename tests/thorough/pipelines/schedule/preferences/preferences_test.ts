/** Trainings on preferences in runs: the frozen model's scores, what is kept, batches, chats and reward heads. */
import assert from "node:assert/strict";
import { ofKind } from "../../../../../pipelines/common/of_kind.ts";
import { inScene, type PipelineParts, type Scene } from "../../../../support/scene.ts";
import { evaluationOf, resultsOf, trainingOf } from "../../../../pipelines/schedule/support.ts";

const pairs = [
  { question: "The cat", better: "sits", worse: "eats a red house" },
  { question: "A red bird over the old house", better: "flies over", worse: "is" },
  { question: "Where is the dog", better: "home in the town", worse: "two" },
  { question: "It is", better: "late", worse: "water in the hand" },
  { question: "What has the man", better: "a key", worse: "a bird and a bird" },
];
const data = `records(${JSON.stringify(pairs)}, ` +
  `refract.prefer({ prompt: "{question}\\n", chosen: "{better}", rejected: "{worse}" }))`;

/** A scene that trains on preferences. */
function preferring(objective: string, parts: Partial<PipelineParts> = {}, model = "edited"): Partial<PipelineParts> {
  return {
    data,
    epochs: "3",
    batchSize: "2",
    stages:
      `{ told: evaluate(train(${model}, { data, epochs, batchSize, optimizer, objective: refract.${objective} }), ` +
      `{ data, metrics: [refract.rewardAccuracy(), refract.rewardMargin(), loss()] }) }`,
    ...parts,
  };
}

const onlyTraining = async (scene: Scene, ...options: readonly string[]) =>
  trainingOf((await resultsOf(scene, ...options)).members[0]!);

function assertNear(found: readonly number[], expected: readonly number[], tolerance = 1e-5): void {
  assert.equal(found.length, expected.length);
  found.forEach((value, at) => assert.ok(Math.abs(value - expected[at]!) <= tolerance, `${value}, ${expected[at]}`));
}

for (const positions of [`"l1"`, `"f1+l1"`, `"completion"`]) {
  Deno.test(`what is kept of the rows changes no loss of DPO at ${positions}`, async () => {
    const found: { losses: readonly number[]; margins: readonly number[] }[] = [];
    for (const options of [[], ["--cache-memory", "0"]]) {
      await inScene(preferring("dpo({ beta: 0.5 })", { positions }), async (scene) => {
        const { losses, rewards } = await onlyTraining(scene, ...options);
        found.push({ losses, margins: rewards!.margins });
      });
    }
    assertNear(found[0]!.losses, found[1]!.losses);
    assertNear(found[0]!.margins, found[1]!.margins);
    assert.ok(found[0]!.losses.at(-1)! < found[0]!.losses[0]!);
  });
}

Deno.test("a step in two batches has the loss and the rewards of the step in one", async () => {
  const found: (readonly number[])[] = [];
  for (const trainSettings of ["batchSize: 4", "batchSize: 2, gradientAccumulation: 2"]) {
    const stages =
      `{ tuned: train(edited, { data, epochs, optimizer, ${trainSettings}, objective: refract.simpo({ beta: 2, gamma: 1 }) }) }`;
    await inScene(preferring("", { stages }), async (scene) => {
      const { losses, rewards } = await onlyTraining(scene);
      found.push([...losses, ...rewards!.chosen, ...rewards!.rejected, ...rewards!.accuracies]);
    });
  }
  assertNear(found[0]!, found[1]!);
});

const gpt2 = { model_type: "gpt2", n_embd: 16, n_layer: 2, n_head: 2, n_positions: 256, embd_pdrop: 0.2 };

for (
  const [name, model, objective] of [["DPO", "edited", "dpo({ beta: 0.5 })"], [
    "a reward head",
    "edited.with(refract.reward())",
    "bradleyTerry()",
  ]] as const
) {
  Deno.test(`the base's own dropout acts on both answers before ${name}, whatever the batches`, async () => {
    const found = async (settings: string) => {
      let losses: readonly number[] = [];
      const stages =
        `{ tuned: train(${model}, { data, epochs, optimizer, objective: refract.${objective}, ${settings} }) }`;
      await inScene(preferring("", { stages, optimizer: "adamw({ learningRate: 1e-2 })" }), async (scene) => {
        ({ losses } = await onlyTraining(scene));
      }, { config: gpt2 });
      return losses;
    };
    const plain = await found("batchSize: 4"), dropped = await found("batchSize: 4, baseDropout: true");
    assert.ok(Math.abs(dropped[0]! / plain[0]! - 1) > 1e-4, `${dropped[0]}, ${plain[0]}`);
    assertNear(await found("batchSize: 2, gradientAccumulation: 2, baseDropout: true"), dropped);
  });
}

Deno.test("the frozen model is asked once for all members, and not again by a second run", () =>
  inScene(preferring(`dpo({ beta: sweep("beta", [0.1, 0.5]) })`, { rank: `sweep("rank", [1, 2])` }), async (scene) => {
    const first = await resultsOf(scene), again = await resultsOf(scene);
    const references = first.members.map((member) => trainingOf(member).reference!);
    assert.equal(new Set(references.map(({ key }) => key)).size, 1);
    assert.deepEqual(references.filter(({ cached }) => !cached).length, 1);
    for (const [at, member] of again.members.entries()) {
      const { cached, rewards, reference } = trainingOf(member);
      assert.deepEqual([cached, reference!.cached], [true, true]);
      assert.deepEqual(rewards, trainingOf(first.members[at]!).rewards);
      assert.deepEqual(evaluationOf(member).metrics, evaluationOf(first.members[at]!).metrics);
    }
  }));

Deno.test("members that train side by side come to the numbers that each has alone", async () => {
  const ranks: (readonly number[])[] = [];
  await inScene(preferring("ipo({ beta: 0.1 })", { rank: `sweep("rank", [1, 2])` }), async (scene) => {
    ranks.push(...(await resultsOf(scene)).members.map((member) => trainingOf(member).losses));
  });
  await inScene(preferring("ipo({ beta: 0.1 })", { rank: "2" }), async (scene) => {
    assert.deepEqual((await onlyTraining(scene)).losses, ranks[1]);
  });
});

Deno.test("metrics of rewards are means over those in predictions.jsonl", () =>
  inScene(preferring("dpo({ beta: 0.5 })"), async (scene) => {
    const { members: [member] } = await resultsOf(scene), { metrics, predictions } = evaluationOf(member!);
    const rows = (await Deno.readTextFile(scene.path("out", predictions))).trimEnd().split("\n").map((line) =>
      JSON.parse(line)
    );
    const margins = rows.map(({ chosenReward, rejectedReward }) => chosenReward - rejectedReward);
    assertNear([metrics["rewardMargin"]!], [margins.reduce((sum, each) => sum + each, 0) / margins.length]);
    assertNear([metrics["rewardAccuracy"]!], [margins.filter((each) => each > 0).length / margins.length]);
    assert.deepEqual(rows.map(({ rejected }) => rejected), pairs.map(({ worse }) => worse));
  }));

Deno.test("validations measure the rewards that an evaluation of the same parameters has, and end a training", async () => {
  const validate = "validate: { data, every: 3, metrics: [refract.rewardAccuracy(), refract.rewardMargin(), loss()] }";
  const stages =
    `{ told: evaluate(train(edited, { data, epochs, batchSize, optimizer, objective: refract.dpo({ beta: ` +
    `sweep("beta", [0.1, 0.5]) }), ${validate}, keep: "best", patience: 1 }), ` +
    `{ data, metrics: [refract.rewardMargin(), loss()] }) }`;
  // Few rows soon keep their order, which is no better than before.
  await inScene(preferring("", { epochs: "8", optimizer: "adamw({ learningRate: 5e-2 })", stages }), async (scene) => {
    const { members } = await resultsOf(scene);
    assert.equal(members.length, 2);
    for (const member of members) {
      const { validation = [], best, losses, rewards, reference } = trainingOf(member),
        { metrics } = evaluationOf(member);
      const last = validation.at(-1)!, kept = validation.find(({ step }) => step === best!.step)!;
      assert.ok(losses.length < 24, "it ends before its last step");
      assert.deepEqual([last.step, rewards!.chosen.length, rewards!.margins.length], Array(3).fill(losses.length));
      assert.equal(
        kept.metrics["rewardAccuracy"],
        Math.max(...validation.map(({ metrics }) => metrics["rewardAccuracy"]!)),
      );
      assertNear(
        [metrics["rewardMargin"]!, metrics["loss"]!],
        [kept.metrics["rewardMargin"]!, kept.metrics["loss"]!],
        1e-4,
      );
      assert.ok(reference !== undefined);
    }
  });
});

for (const model of ["edited.with(refract.reward())", "base.with(lora({ rank: 2 }), refract.reward())"]) {
  Deno.test(`a reward model learns to tell answers apart: ${model}`, () =>
    inScene(
      {
        ...preferring(
          "bradleyTerry({ centering: 0.01 })",
          { epochs: "20", optimizer: "adamw({ learningRate: 5e-2 })" },
          model,
        ),
        metrics: "[]",
      },
      async (scene) => {
        const text = await Deno.readTextFile(scene.pipeline);
        await scene.write("pipeline.ts", text.replace(", loss()]", "]"));
        const { members: [member] } = await resultsOf(scene), { losses, rewards } = trainingOf(member!);
        assert.ok(losses.at(-1)! < 0.3, `${losses.at(-1)}`);
        assert.ok(rewards!.margins.at(-1)! > 1);
        assert.deepEqual(ofKind(member!.stages, "evaluate").map(({ metrics }) => metrics["rewardAccuracy"]), [1]);
      },
    ));
}

Deno.test("rows of prompt, chosen and rejected need no template, and without a prompt their beginning is one", async () => {
  const found: (readonly number[])[] = [];
  const named = pairs.map(({ question, better, worse }) => ({
    prompt: `${question}\n`,
    chosen: better,
    rejected: worse,
  }));
  const joined = named.map(({ prompt, chosen, rejected }) => ({
    chosen: `${prompt}${chosen}`,
    rejected: `${prompt}${rejected}`,
  }));
  const forms = [
    `records(${JSON.stringify(named)})`,
    data,
    `records(${JSON.stringify(joined)}, refract.prefer({ chosen: "{chosen}", rejected: "{rejected}" }))`,
  ];
  for (const form of forms) {
    await inScene(preferring("dpo({ beta: 0.5 })", { data: form }), async (scene) => {
      found.push((await onlyTraining(scene)).losses);
    });
  }
  assert.deepEqual(found[0], found[1]);
  assert.equal(found[2]!.length, found[1]!.length);
});
