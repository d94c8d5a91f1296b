/** Everything that an edit may be, trained and evaluated: sites, positions, kinds, and several together. @module */
import assert from "node:assert/strict";
import type { MemberRecord, Results } from "../../../../../pipelines/results/results.ts";
import { inProcess } from "../../../../support/command.ts";
import { inScene, pipelineText, sceneRows } from "../../../../support/scene.ts";
import { readHeader, readTensor } from "../../../../../pipelines/models/weights/safetensors.ts";
import {
  assertClose,
  evaluationOf,
  onlyMember,
  predictionsOf,
  resultsOf,
} from "../../../../pipelines/schedule/support.ts";

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

for (
  const [chosen, named] of [
    ["({ ids }) => [ids.length - 1, refract.fromEnd(2)]", '"l2"'],
    ["({ pieces }) => pieces.map((_, index) => index)", '"all"'],
    ["({ text, pieces }) => text.endsWith('\\n') && pieces.at(-1) === '\\n' ? [refract.fromEnd(1)] : []", '"l1"'],
    ["({ ids, spans }) => [...spans.q, ids.length - 1]", '"all"'],
    ["({ spans }) => spans.q.slice(-1)", '"{q}.l1"'],
    ["({ spans }) => spans.q.slice(0, 2)", '"{q}.f2"'],
    ["({ fields, spans }) => fields.q.length > 0 ? spans.q : []", '"{q}"'],
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
  inScene({ positions: "() => [refract.fromEnd(1)]", metrics: "[loss()]" }, async (scene) => {
    const trained = async (positions: string, name: string) => {
      const text = (await Deno.readTextFile(scene.pipeline)).replace("() => [refract.fromEnd(1)]", positions);
      await scene.write(name, text);
      const { code, stdout, stderr } = await inProcess("run", scene.path(name), ...scene.places, "--json");
      assert.equal(code, 0, stderr);
      const { members: [member] }: Results = JSON.parse(stdout);
      return member!.stages.map(({ cached }) => cached);
    };
    assert.deepEqual(await trained("() => [refract.fromEnd(1)]", "first.ts"), [false, false]);
    assert.deepEqual(await trained("({ ids }) => [ids.length - 1]", "same.ts"), [true, true]);
    assert.deepEqual(await trained("() => [refract.fromEnd(2)]", "other.ts"), [false, false]);
  }));

const subspaced = {
  rank: "3",
  heldOut: "rows",
  metrics: "[loss()]",
  batchSize: "8",
};

Deno.test("an edit of all rows of its rank is one without a subspace", async () => {
  const whole = await onlyMember({ ...subspaced, positions: '"f1+l2"' });
  const listed = await onlyMember({ ...subspaced, positions: '"f1+l2"', editSettings: "subspace: () => [2, 0, 1]" });
  assertClose(listed.losses, whole.losses, 1e-6);
  assert.deepEqual(predictionsOf(listed.predictions), predictionsOf(whole.predictions));
});

Deno.test("rows of the rank that no example has stay where they began", () =>
  inScene(
    {
      ...subspaced,
      edit: "refract.noreft",
      editSettings: "subspace: () => [0, 2]",
      optimizer: 'adamw({ learningRate: sweep("rate", [0, 1e-2]) })',
    },
    async (scene) => {
      await resultsOf(scene);
      const tensorsOf = async (rate: string) => {
        const { tensors } = await readHeader(
          scene.path("out", "members", `rate=${rate}`, "intervention", "weights.safetensors"),
        );
        const read = [...tensors.values()].map(async (record) => {
          const data = await readTensor(record), size = data.length / 3;
          return [0, 1, 2].map((row) => [...data.slice(row * size, (row + 1) * size)]);
        });
        return await Promise.all(read);
      };
      const began = await tensorsOf("0"), ended = await tensorsOf("0.01");
      assert.equal(began.length, 3);
      for (const [index, tensor] of ended.entries()) {
        assert.notDeepEqual(tensor[0], began[index]![0]);
        assert.deepEqual(tensor[1], began[index]![1]);
        assert.notDeepEqual(tensor[2], began[index]![2]);
      }
    },
  ));

Deno.test("a subspace that a field lists is that of a function, and acts on what is written", async () => {
  const rows = JSON.stringify(sceneRows.map((row, index) => ({ ...row, subspaces: [index % 3] })));
  const parts = {
    ...subspaced,
    preamble: `const listed = records(${rows}, { prompt: "{q}\\n", completion: "{a}" });`,
    data: "listed",
    heldOut: "listed",
    positions: '"generated"',
    decoding: "beam({ maxNewTokens: 6, beams: 2 })",
    epochs: "6",
    optimizer: "adamw({ learningRate: 3e-2 })",
  };
  const byField = await onlyMember({ ...parts, editSettings: 'subspace: "subspaces"' });
  const byFunction = await onlyMember({ ...parts, editSettings: "subspace: ({ subspaces }) => subspaces" });
  const single = await onlyMember({
    ...parts,
    editSettings: 'subspace: "subspaces"',
    stages: "{ tuned: evaluate(tuned, { data: heldOut, metrics, decoding, batchSize: 1 }) }",
  });
  assert.deepEqual(byFunction.losses, byField.losses);
  assert.deepEqual(byFunction.predictions, byField.predictions);
  assert.deepEqual(predictionsOf(single.predictions), predictionsOf(byField.predictions));
});

Deno.test("what functions chose is to be given again when an intervention is loaded", () =>
  inScene({ positions: "({ ids }) => [ids.length - 1]", editSettings: "subspace: () => [1]" }, async (scene) => {
    const { members: [trained] } = await resultsOf(scene);
    const folder = scene.path("out", "members", "main", "intervention");
    const load = async (name: string, options: string) => {
      const stages = "{ tuned: evaluate(edited, { data: heldOut, metrics, decoding }) }";
      const edit = `...(() => [saved(${JSON.stringify(folder)}${options})])`;
      await scene.write(name, pipelineText({ edit, stages }));
      const places = ["--store", scene.path("store"), "--out", scene.path(`${name} out`), "--threads", "1"];
      return await inProcess("run", scene.path(name), ...places, "--json");
    };
    const bare = await load("bare.ts", "");
    assert.equal(bare.code, 2);
    assert.match(
      bare.stderr,
      /a function chose the positions of intervention 0.*as in saved\(folder, \{ positions \}\)/,
    );
    const given = await load("given.ts", ", { positions: ({ ids }) => [ids.length - 1], subspace: () => [1] }");
    assert.equal(given.code, 0, given.stderr);
    const { members: [loaded] }: Results = JSON.parse(given.stdout);
    const text = (member: MemberRecord, out: string) => {
      return Deno.readTextFile(scene.path(out, evaluationOf(member).predictions));
    };
    assert.equal(await text(loaded!, "given.ts out"), await text(trained!, "out"));
  }));

for (const positions of ["f2", "l2", "f1+l2", "all", "{q}", "{q}.l1", "completion"]) {
  Deno.test(`padding changes nothing at ${positions}`, async () => {
    const parts = {
      at: 'block("all").output',
      positions: JSON.stringify(positions),
      decoding: "greedy({ maxNewTokens: 8 })",
      metrics: "[exactMatch(), loss()]",
      epochs: "6",
      optimizer: "adamw({ learningRate: 1e-2 })",
      heldOut: "rows",
    };
    const padded = await onlyMember({ ...parts, batchSize: "8" });
    const alone = await onlyMember({
      ...parts,
      batchSize: "1",
      trainSettings: "gradientAccumulation: 8",
      stages: "{ tuned: evaluate(tuned, { data: heldOut, metrics, decoding, batchSize: 1 }) }",
    });
    assertClose(padded.losses, alone.losses, 1e-5);
    assertClose([padded.metrics["loss"]!], [alone.metrics["loss"]!], 1e-5);
    assert.deepEqual(predictionsOf(padded.predictions), predictionsOf(alone.predictions));
  });
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

/** An edit as the scene has it, with adapters before and after it. */
const composed = (...edits: readonly string[]) => `...((options) => [${edits.join(", ")}])`;
const kinds = {
  ...Object.fromEntries(["red", "road", "gatedDirection"].map((name) => {
    return [name, composed(`refract.${name}({ at: options.at, positions: options.positions })`)];
  })),
  "lora": composed("lora({ rank: 2, alpha: 4, blocks: [1] })"),
  "dora": composed("refract.dora({ rank: 2, alpha: 4, modules: ['v_proj', 'down_proj'] })"),
  "prefixTuning": composed("refract.prefixTuning({ tokens: 3 })"),
  "loreft after a prefix": composed("refract.prefixTuning({ tokens: 2 })", "loreft(options)"),
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
    assert.deepEqual(predictionsOf(alone.predictions), predictionsOf(learned.predictions));
  });
}

Deno.test("what is under the lowest adapted block is computed once, and nothing where that is the first", async () => {
  const encodedBytes = async (edit: string) => {
    let bytes: number[] = [];
    await inScene({ edit: composed(edit) }, async (scene) => {
      bytes = (await resultsOf(scene)).encode.map((record) => record.bytes);
    });
    return bytes;
  };
  const [kept] = await encodedBytes("lora({ rank: 2, blocks: [1] })");
  assert.ok(kept! > 0);
  // Keys, values and queries are made anew of the block's input, so that alone is kept.
  assert.deepEqual(await encodedBytes("lora({ rank: 2, blocks: [1], modules: ['q_proj', 'k_proj', 'v_proj'] })"), [
    kept,
  ]);
  assert.deepEqual(await encodedBytes("lora({ rank: 2 })"), []);
});

Deno.test("a model whose every weight was trained writes, a row as in a batch", async () => {
  const parts = { edit: "...(() => [refract.fullFinetuning()])", heldOut: "rows", epochs: "4" };
  const together = await onlyMember({ ...parts, decoding: "greedy({ maxNewTokens: 6 })" });
  const alone = await onlyMember({
    ...parts,
    decoding: "greedy({ maxNewTokens: 6 })",
    stages: "{ tuned: evaluate(tuned, { data: heldOut, metrics, decoding, batchSize: 1 }) }",
  });
  assert.deepEqual(predictionsOf(together.predictions), predictionsOf(alone.predictions));
});

Deno.test("edits at one site compose in the order of their declaration", async () => {
  const first = "red({ at: options.at, positions: options.positions })", second = "loreft(options)";
  const settings = { epochs: "2", heldOut: "rows", metrics: "[loss()]" };
  const lossOf = async (...edits: readonly string[]) => {
    return (await onlyMember({ ...settings, edit: composed(...edits) })).metrics["loss"];
  };
  assert.notEqual(await lossOf(first, second), await lossOf(second, first));
});

for (const edit of [...Object.values(kinds).slice(0, 2), kinds["lora"]!, kinds["dora"]!, kinds["prefixTuning"]!]) {
  Deno.test(`what ${edit} learned is loaded as it was trained`, () =>
    inScene({ edit, epochs: "4" }, async (scene) => {
      const { members: [trained] } = await resultsOf(scene);
      const folder = scene.path("out", "members", "main", "intervention");
      const stages = "{ tuned: evaluate(edited, { data: heldOut, metrics, decoding }) }";
      await scene.write("load.ts", pipelineText({ edit: `...(() => [saved(${JSON.stringify(folder)})])`, stages }));
      const places = ["--store", scene.path("store"), "--out", scene.path("loaded"), "--threads", "1"];
      const { code, stdout, stderr } = await inProcess("run", scene.path("load.ts"), ...places, "--json");
      assert.equal(code, 0, stderr);
      const { members: [loaded] }: Results = JSON.parse(stdout);
      const read = (out: string, member: MemberRecord) => {
        return Deno.readTextFile(scene.path(out, evaluationOf(member).predictions));
      };
      assert.equal(await read("loaded", loaded!), await read("out", trained!));
    }));
}
