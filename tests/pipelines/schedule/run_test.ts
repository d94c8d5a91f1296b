/** Whole runs of a small pipeline: what they give, and that it does not depend on what it must not depend on. @module */
import assert from "node:assert/strict";
import { openEntry } from "../../../pipelines/store/entry.ts";
import { readHeader } from "../../../pipelines/models/safetensors.ts";
import { loadTokenizer } from "../../../pipelines/models/tokenizer.ts";
import type { EvaluateRecord, MemberRecord, Results, TrainRecord } from "../../../pipelines/report/results.ts";
import { inProcess } from "../../support/command.ts";
import { inScene, type PipelineParts, type Scene, sceneRows } from "../../support/scene.ts";

async function resultsOf(scene: Scene, ...options: readonly string[]): Promise<Results> {
  const { code, stdout, stderr } = await scene.run("--json", ...options);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

const trainingOf = ({ stages }: MemberRecord) => stages.find((stage): stage is TrainRecord => stage.kind === "train")!;
const evaluationOf = ({ stages }: MemberRecord) =>
  stages.findLast((stage): stage is EvaluateRecord => stage.kind === "evaluate")!;
const lossesOf = ({ members }: Results) => members.map((member) => trainingOf(member).losses);

/** What a run's only training and its evaluation gave. */
async function onlyMember(parts: Partial<PipelineParts>, ...options: readonly string[]) {
  let found: { losses: readonly number[]; metrics: Readonly<Record<string, number>>; predictions: string } | undefined;
  await inScene(parts, async (scene) => {
    const { members: [member] } = await resultsOf(scene, ...options);
    const { metrics, predictions } = evaluationOf(member!);
    const text = await Deno.readTextFile(scene.path("out", predictions));
    found = { losses: trainingOf(member!).losses, metrics, predictions: text };
  });
  return found!;
}

function assertClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, index) => {
    const difference = Math.abs(value / expected[index]! - 1);
    assert.ok(difference <= tolerance, `${value} at ${index} where ${expected[index]} is expected`);
  });
}

const twoRanks: Partial<PipelineParts> = {
  rank: 'sweep("rank", [1, 2])',
  metrics: "[exactMatch(), loss()]",
  stages: `{
    base: evaluate(base, { data: heldOut, metrics, decoding }),
    tuned: evaluate(tuned, { data: heldOut, metrics, decoding }),
  }`,
};

Deno.test("a run gives its members, their stages in order, and one encoding for all of them", () =>
  inScene(twoRanks, async (scene) => {
    const results = await resultsOf(scene);
    assert.equal(results.pipeline, "scene");
    assert.deepEqual(results.members.map(({ id, axes }) => [id, axes]), [
      ["rank=1", { rank: 1 }],
      ["rank=2", { rank: 2 }],
    ]);
    // W [rank, 16], R [16, rank] and b [rank].
    assert.deepEqual(results.members.map(({ trainableParameters }) => trainableParameters), [33, 66]);
    for (const { id, stages } of results.members) {
      assert.deepEqual(stages.map(({ name, kind }) => `${kind} ${name}`), [
        "evaluate base",
        "train tuned",
        "evaluate tuned",
      ]);
      const training = trainingOf(results.members.find((member) => member.id === id)!);
      assert.equal(training.steps, 4);
      assert.equal(training.losses.length, 4);
      assert.equal(training.stepSeconds.length, 4);
    }
    const [encode, ...others] = results.encode;
    assert.deepEqual(others, []);
    assert.equal(encode?.examples, 8);
    assert.equal(encode?.cached, false);
    assert.deepEqual(JSON.parse(await Deno.readTextFile(scene.path("out", "results.json"))), results);
    assert.deepEqual(scene.written.filter((path) => path.startsWith("members/rank=1/") && !path.endsWith("/")), [
      "members/rank=1/base/predictions.jsonl",
      "members/rank=1/intervention/intervention.json",
      "members/rank=1/intervention/weights.safetensors",
      "members/rank=1/tuned/predictions.jsonl",
    ]);
    const { tensors } = await readHeader(scene.path("out/members/rank=2/intervention/weights.safetensors"));
    assert.deepEqual([...tensors.values()].map(({ name, shape }) => [name, shape]), [
      ["0.rotate", [16, 2]],
      ["0.weight", [2, 16]],
      ["0.bias", [2]],
    ]);
  }));

Deno.test("a second run answers from the store", () =>
  inScene(twoRanks, async (scene) => {
    const first = await resultsOf(scene);
    const entries = scene.entries;
    const second = await resultsOf(scene);
    assert.deepEqual(scene.entries, entries);
    const stages = second.members.flatMap(({ stages }) => stages);
    assert.ok([...stages, ...second.encode].every(({ cached }) => cached));
    const known = ({ members }: Results) =>
      members.map(({ stages }) => stages.map((stage) => ({ ...stage, seconds: 0, cached: true })));
    assert.deepEqual(known(second), known(first));
  }));

Deno.test("--set picks the members of an axis, which are those of the whole sweep", () =>
  inScene(twoRanks, async (scene) => {
    const all = await resultsOf(scene);
    const picked = await resultsOf(scene, "--set", "rank=2");
    assert.deepEqual(picked.members.map(({ id }) => id), ["rank=2"]);
    assert.ok(picked.members[0]!.stages.every(({ cached }) => cached));
    assert.deepEqual(lossesOf(picked), lossesOf(all).slice(1));
  }));

Deno.test("another learning rate trains anew and encodes nothing", () =>
  inScene({ optimizer: 'adamw({ learningRate: sweep("rate", [1e-2, 2e-2]) })' }, async (scene) => {
    await resultsOf(scene, "--set", "rate=0.01");
    const { members: [member], encode: [encode] } = await resultsOf(scene, "--set", "rate=0.02");
    assert.equal(trainingOf(member!).cached, false);
    assert.equal(encode!.cached, true);
    assert.equal(scene.entries.filter((path) => path.startsWith("encode/")).length, 1);
  }));

/** Every tensor that a run trained, as bytes. */
async function trainedBytes(parts: Partial<PipelineParts>): Promise<string> {
  let bytes = "";
  await inScene(parts, async (scene) => {
    await resultsOf(scene);
    const [entry] = scene.entries.filter((path) => path.startsWith("train/"));
    const path = scene.path("store", entry!);
    using opened = await openEntry(await Deno.open(path), path, false);
    for (const name of opened.tensors.keys()) bytes += `${name} ${(await opened.readBytes(name)).toHex()}\n`;
  });
  return bytes;
}

Deno.test("the same seed gives the same bytes, another seed others", async () => {
  const first = await trainedBytes({});
  assert.equal(await trainedBytes({}), first);
  assert.notEqual(await trainedBytes({ trainSettings: "seed: 7" }), first);
});

const edits = [
  "loreft({ at, positions, rank: 1 })",
  "loreft({ at, positions, rank: 3 })",
  "direft({ at, positions, rank: 2 })",
  'loreft({ at: block("all").output, positions, rank: 2 })',
  "red({ at: block([0, 1]).output, positions })",
];

/** The trained tensors of each member, and how many trainings ran together. */
async function trainedEach(members: readonly string[]): Promise<{ tensors: string[]; together: number[] }> {
  let found: { tensors: string[]; together: number[] } | undefined;
  const edit = `...(({ positions }) => [sweep("edit", [${members.join(", ")}])])`;
  await inScene({ edit, positions: '"l2"', metrics: "[loss()]" }, async (scene) => {
    const { code, stderr, stdout } = await scene.run("--json");
    assert.equal(code, 0, stderr);
    const { members }: Results = JSON.parse(stdout);
    const files = members.map(({ id }) => scene.path("out", "members", id, "intervention", "weights.safetensors"));
    const tensors = await Promise.all(files.map(async (file) => (await Deno.readFile(file)).toHex()));
    const trained = stderr.split("\n").filter((line) => line.startsWith("train") && line.includes("4/4"));
    found = { tensors, together: trained.map((line) => Number(/× (\d+)/.exec(line)?.[1] ?? 1)) };
  });
  return found!;
}

Deno.test("members trained side by side give the bytes that each gives alone", async () => {
  const { tensors, together } = await trainedEach(edits);
  assert.deepEqual(together, [3, 2], "edits of one lowest block run together");
  for (const [at, edit] of edits.entries()) {
    const alone = await trainedEach([edit]);
    assert.deepEqual([alone.tensors, alone.together], [[tensors[at]], [1]], edit);
  }
});

Deno.test("accumulated gradients are those of the large batch", async () => {
  const large = await onlyMember({ batchSize: "8", epochs: "3" });
  const accumulated = await onlyMember({ batchSize: "2", epochs: "3", trainSettings: "gradientAccumulation: 4" });
  assert.equal(large.losses.length, 3);
  assertClose(accumulated.losses, large.losses, 1e-6);
});

// The evaluation runs every token of a row in one go, the training its tail over the context's kept values.
for (
  const [positions, settings] of [["l1", ""], ["l3", ""], ["f2", ""], ["f1+l2", ""], ["f1+l2", "tied: true"], [
    "f7+l7",
    "",
  ], ["all", ""]]
) {
  Deno.test(`a first step's loss is the evaluation's at ${positions}${settings && `, ${settings}`}`, async () => {
    const { losses, metrics } = await onlyMember({
      at: 'block("all").output',
      positions: JSON.stringify(positions),
      editSettings: settings!,
      batchSize: "8",
      epochs: "1",
      optimizer: "adamw({ learningRate: 0 })",
      heldOut: "rows",
      metrics: "[loss()]",
    });
    assertClose(losses, [metrics["loss"]!], 2e-6);
  });
}

const predictionsOf = (text: string) => {
  return text.trimEnd().split("\n").map((line) => JSON.parse(line).prediction as string);
};

for (
  const [chosen, named] of [
    ["({ ids }) => [ids.length - 1, -2]", '"l2"'],
    ["({ pieces }) => pieces.map((_, index) => index)", '"all"'],
    ["({ text, pieces }) => text.endsWith('\\n') && pieces.at(-1) === '\\n' ? [-1] : []", '"l1"'],
  ] as const
) {
  Deno.test(`positions chosen by ${chosen} give what ${named} gives`, async () => {
    const byName = await onlyMember({ positions: named, metrics: "[loss()]" });
    const byFunction = await onlyMember({ positions: chosen, metrics: "[loss()]" });
    assertClose(byFunction.losses, byName.losses, 1e-6);
    assert.deepEqual(predictionsOf(byFunction.predictions), predictionsOf(byName.predictions));
  });
}

Deno.test("what a function chooses decides what a run takes from the store", () =>
  inScene({ positions: "() => [-1]", metrics: "[loss()]" }, async (scene) => {
    const trained = async (positions: string, name: string) => {
      const text = (await Deno.readTextFile(scene.pipeline)).replace("() => [-1]", positions);
      await scene.write(name, text);
      const { code, stdout, stderr } = await inProcess("run", scene.path(name), ...scene.places, "--json");
      assert.equal(code, 0, stderr);
      const { members: [member] }: Results = JSON.parse(stdout);
      return member!.stages.map(({ cached }) => cached);
    };
    assert.deepEqual(await trained("() => [-1]", "first.ts"), [false, false]);
    assert.deepEqual(await trained("({ ids }) => [ids.length - 1]", "same.ts"), [true, true]);
    assert.deepEqual(await trained("() => [-2]", "other.ts"), [false, false]);
  }));

const alike: Partial<PipelineParts> = {
  preamble:
    'const alike = jsonl("./rows.jsonl", { prompt: "Say in one word what fits here: {q}\\n", completion: "{a}" });',
  data: "alike",
  heldOut: "alike",
  batchSize: "8",
  metrics: "[loss()]",
};

for (const positions of ["l1", "l3", "completion"]) {
  Deno.test(`rows that begin alike give at ${positions} what they give whole, and their beginning is encoded once`, () =>
    inScene(
      { ...alike, positions: JSON.stringify(positions), optimizer: "adamw({ learningRate: 0 })" },
      async (scene) => {
        const { members: [member], encode: [encoded] } = await resultsOf(scene);
        assertClose(trainingOf(member!).losses, [1, 2].map(() => evaluationOf(member!).metrics["loss"]!), 2e-6);
        const tokenizer = await loadTokenizer(scene.path("model"));
        const prompts = sceneRows.map(({ q }) => tokenizer.encodePrompt(`Say in one word what fits here: ${q}\n`));
        const whole = sceneRows.reduce((sum, { a }, row) => sum + prompts[row]!.length + tokenizer.encode(a).length, 0);
        let shared = 0;
        while (prompts.every((prompt) => prompt[shared] === prompts[0]![shared])) shared++;
        assert.ok(shared >= 8);
        assert.equal(encoded!.tokens, whole - shared * (sceneRows.length - 1));
      },
    ));
}

const sites = [
  "embedding.output",
  "block(1).input",
  "block(1).attention.query",
  "block(1).attention.key",
  "block(1).attention.value",
  "block(1).attention.head(1).output",
  "block(1).attention.output",
  "block(1).mlp.gate",
  "block(1).mlp.activation",
  "block(1).mlp.up",
  "block(1).mlp.output",
  "finalNorm.output",
];

/** An edit as the scene has it, with adapters before and behind it. */
const composed = (...edits: readonly string[]) => `...((options) => [${edits.join(", ")}])`;
const kinds = {
  ...Object.fromEntries(["red", "road", "reftR1"].map((name) => {
    return [name, composed(`refract.${name}({ at: options.at, positions: options.positions })`)];
  })),
  "lora": composed("lora({ rank: 2, alpha: 4, blocks: [1] })"),
  "dora": composed("refract.dora({ rank: 2, alpha: 4, modules: ['v_proj', 'down_proj'] })"),
  "prefixTuning": composed("refract.prefixTuning({ tokens: 3 })"),
  "loreft behind a prefix": composed("refract.prefixTuning({ tokens: 2 })", "loreft(options)"),
  "ia3 and bitfit": composed("ia3()", "bitfit({ blocks: 0 })"),
  "lora before loreft": composed("lora({ rank: 2 })", "loreft(options)"),
};

for (
  const [label, parts] of [
    ...sites.map((at) => [at, { at }] as const),
    ...["completion", "generated"].map((text) => [text, { positions: JSON.stringify(text) }] as const),
    ...Object.entries(kinds).map(([label, edit]) => [label, { edit }] as const),
  ]
) {
  Deno.test(`a training of ${label} starts at the evaluation's loss, learns, and answers a row as in a batch`, async () => {
    const both = `{ one: evaluate(tuned, { data: rows, metrics, decoding, batchSize: 1 }) }`;
    const settings = { ...parts, batchSize: "8", heldOut: "rows", metrics: "[loss()]" };
    const still = await onlyMember({ ...settings, epochs: "1", optimizer: "adamw({ learningRate: 0 })" });
    assertClose(still.losses, [still.metrics["loss"]!], 2e-6);
    const learned = await onlyMember({ ...settings, epochs: "8", optimizer: "adamw({ learningRate: 3e-2 })" });
    assert.ok(learned.metrics["loss"]! < still.metrics["loss"]!);
    const alone = await onlyMember({
      ...settings,
      epochs: "8",
      optimizer: "adamw({ learningRate: 3e-2 })",
      stages: both,
    });
    assert.equal(alone.predictions.split("\n").length, learned.predictions.split("\n").length);
    const answers = (text: string) => text.trimEnd().split("\n").map((line) => JSON.parse(line).prediction as string);
    assert.deepEqual(answers(alone.predictions), answers(learned.predictions));
  });
}

Deno.test("edits at one site compose in the order of their declaration", async () => {
  const first = "red({ at: options.at, positions: options.positions })", second = "loreft(options)";
  const settings = { epochs: "2", heldOut: "rows", metrics: "[loss()]" };
  const lossOf = async (...edits: readonly string[]) => {
    return (await onlyMember({ ...settings, edit: composed(...edits) })).metrics["loss"];
  };
  assert.notEqual(await lossOf(first, second), await lossOf(second, first));
});

Deno.test("answers do not depend on the rows that run together", async () => {
  const stages = (batchSize: number) =>
    `{ tuned: evaluate(tuned, { data: rows, metrics, decoding, batchSize: ${batchSize} }) }`;
  const parts = { metrics: "[exactMatch(), loss()]", decoding: "greedy({ maxNewTokens: 8 })" };
  const alone = await onlyMember({ ...parts, stages: stages(1) });
  const together = await onlyMember({ ...parts, stages: stages(8) });
  const answers = (text: string) => text.trimEnd().split("\n").map((line) => JSON.parse(line).prediction as string);
  assert.deepEqual(answers(together.predictions), answers(alone.predictions));
  assert.ok(new Set(answers(alone.predictions)).size > 1);
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
    return predictions.trimEnd().split("\n").map((line) => JSON.parse(line).prediction as string);
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
