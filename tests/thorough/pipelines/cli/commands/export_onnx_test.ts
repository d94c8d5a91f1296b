/**
 * Exports to ONNX from the command line: what is written, what it writes on, and what is refused in one line.
 *
 * @module
 */
import assert from "node:assert/strict";
import { answersInNode, lossInNode } from "../../../../pipelines/interchange/onnx/support.ts";
import { evaluationOf, resultsOf } from "../../../../pipelines/schedule/support.ts";
import { conversations, inChatScene, turnTemplate } from "../../../../support/chat_scene.ts";
import { inProcess, treeOf } from "../../../../support/command.ts";
import { dyingAt } from "../../../../support/dying.ts";
import { onDiskWithRoom } from "../../../../support/disk.ts";
import { inScene, type PipelineParts, type Scene, sceneRows } from "../../../../support/scene.ts";

const decoding = "greedy({ maxNewTokens: 6 })";
const written = [
  "README.md",
  "config.json",
  "conversation.mjs",
  "example.html",
  "example.mjs",
  "generate.mjs",
  "generation_config.json",
  "model.onnx",
  "model.onnx_data",
  "tokenizer.json",
  "tokenizer_config.json",
];

function exporting(scene: Scene, path: string, ...options: readonly string[]) {
  return inProcess("export", scene.path(path), "--to", "onnx", "--out", scene.path("exported"), ...options);
}

async function exports(scene: Scene, path: string, ...options: readonly string[]): Promise<void> {
  const { code, stderr } = await exporting(scene, path, ...options);
  assert.equal(code, 0, stderr);
  assert.deepEqual(treeOf(scene.path("exported")), written);
}

async function refuses(scene: Scene, path: string, says: RegExp, ...options: readonly string[]): Promise<void> {
  const before = treeOf(scene.folder);
  const { code, stdout, stderr } = await exporting(scene, path, ...options);
  assert.deepEqual([code, stdout], [2, ""]);
  const [line, ...rest] = stderr.replaceAll(`${scene.folder}/`, "").split("\n");
  assert.deepEqual(rest, [""]);
  assert.match(line!, says);
  assert.deepEqual(treeOf(scene.folder), before);
}

const predictionsOf = async (scene: Scene): Promise<string[]> => {
  const text = await Deno.readTextFile(scene.path("out", "members", "main", "tuned", "predictions.jsonl"));
  return text.trimEnd().split("\n").map((line) => JSON.parse(line).prediction);
};

const edits: Readonly<Record<string, Partial<PipelineParts>>> = {
  "untied f1+l1": { positions: `"f1+l1"`, at: 'block("all").output' },
  "l1 at one block": {},
};

for (const [name, parts] of Object.entries(edits)) {
  Deno.test(`an export to ONNX writes what the run's evaluation wrote: ${name}`, () =>
    inScene({ decoding, heldOut: "rows", source: '"builtin:tiny"', epochs: "12", ...parts }, async (scene) => {
      assert.equal((await scene.run()).code, 0);
      const prompts = sceneRows.map(({ q }) => `${q}\n`), expected = await predictionsOf(scene);
      assert.ok(expected.some((answer) => answer !== ""));
      await exports(scene, "out");
      assert.deepEqual(await answersInNode(scene.path("exported"), prompts, 6), expected);
      const readme = await Deno.readTextFile(scene.path("exported", "README.md"));
      assert.match(
        readme,
        /`builtin:tiny` with its trained adaptations: loreft at [fl1+]+, block\.output of block/,
      );
      assert.doesNotMatch(readme, /\{\w+\}/);
      const sizeOf = () => Deno.statSync(scene.path("exported", "model.onnx_data")).size, wide = sizeOf();
      await exports(scene, "out", "--dtype", "float16");
      assert.ok(sizeOf() < 0.6 * wide);
    }));
}

// A run rounds the inputs of such products to 8 bits while it writes, an export doesn't: texts may differ at near ties.
Deno.test("an export to ONNX has the loss that the run measured on a base in 4 bits", () => {
  const source = '"builtin:tiny", { quantize: "q4" }';
  return inScene({ source, metrics: "[loss()]", heldOut: "rows", epochs: "12" }, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    const { members: [member] } = await resultsOf(scene), expected = evaluationOf(member!).metrics["loss"]!;
    await exports(scene, "out");
    const loss = await lossInNode(scene.path("exported"), sceneRows.map(({ q, a }) => [`${q}\n`, a]));
    assert.ok(Math.abs(loss - expected) < 1e-5 * loss, `${loss} instead of ${expected}`);
    const readme = await Deno.readTextFile(scene.path("exported", "README.md"));
    assert.match(readme, /`builtin:tiny`, its matrices rounded to q4, with its trained adaptations: loreft at l1/);
  });
});

Deno.test("an export to ONNX takes a model that was trained whole", () =>
  inScene({ decoding, heldOut: "rows", edit: "...(() => [refract.fullFinetuning()])", epochs: "8" }, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    await exports(scene, "out/members/main/model");
    const answers = await answersInNode(scene.path("exported"), sceneRows.map(({ q }) => `${q}\n`), 6);
    assert.deepEqual(answers, await predictionsOf(scene));
    const readme = await Deno.readTextFile(scene.path("exported", "README.md"));
    assert.match(readme, /is `model`\. Keep/);
  }));

Deno.test("an export to ONNX refuses what depends on an example, until it is fixed", () => {
  const edit = `...(({ at }) => [
    loreft({ at, positions: "{q}.l1", rank: 2, subspace: "rows" }),
    loreft({ at, positions: () => [refract.fromEnd(1)], rank: 1 }),
  ])`;
  const rows = JSON.stringify(sceneRows.map((row) => ({ ...row, rows: [1] })));
  const preamble = `const listed = records(${rows}, { prompt: "{q}\\n", completion: "{a}" });`;
  return inScene({ edit, preamble, data: "listed", heldOut: "listed.take(1)" }, async (scene) => {
    const { code, stderr } = await scene.run();
    assert.equal(code, 0, stderr);
    const at = "^error: out/members/main/intervention/intervention\\.json: ";
    await refuses(scene, "out", new RegExp(`${at}a function chose the positions of intervention 1, .*--positions, as`));
    const fixed = ["--positions", "l1"];
    await refuses(
      scene,
      "out",
      new RegExp(`${at}the edit's subspace is in each row's field "rows", .*--fields`),
      ...fixed,
    );
    await refuses(scene, "out", /does not list rows of rank 2; give a list/, ...fixed, "--fields", '{"rows": [2]}');
    await exports(scene, "out", ...fixed, "--fields", '{"rows": [1]}');
    const file = scene.path("out", "members", "main", "intervention", "intervention.json");
    const { weights: _, digest: __, ...description } = JSON.parse(await Deno.readTextFile(file));
    description.interventions[1].positions = "l1";
    await Deno.writeTextFile(file, JSON.stringify(description));
    await refuses(
      scene,
      "out",
      new RegExp(`${at}the positions "\\{q\\}\\.l1" depend on a prompt's text, .*--positions`),
    );
    description.interventions[0].subspace = null;
    await Deno.writeTextFile(file, JSON.stringify(description));
    await refuses(scene, "out", new RegExp(`${at}a function chose the subspace of intervention 0, `), ...fixed);
  });
});

Deno.test("an export to ONNX that died at any moment is made whole by the next, which leaves nothing of it", () =>
  inScene({}, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    for (const isThere of [false, true]) {
      let died = true;
      for (let moment = 1; died; moment++) {
        await Deno.remove(scene.path("exported"), { recursive: true }).catch(() => {});
        if (isThere) await Deno.mkdir(scene.path("exported"));
        ({ died } = await dyingAt(moment, () => exporting(scene, "out")));
        await exports(scene, "out");
        assert.deepEqual(treeOf(scene.folder).filter((path) => /\.tmp\/?$/.test(path)), []);
        assert.ok(moment < 40);
      }
    }
  }));

Deno.test("an export to ONNX refuses bases that are not there, and folders that are others'", () =>
  inScene({}, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    await refuses(scene, "store", /^error: store: holds no trained intervention; /);
    await refuses(scene, "model", /^error: model: holds no trained intervention; /, "--positions", "l1");
    await refuses(scene, "out", /"nothing" is not a folder in .*; relative paths /, "--model", "nothing");
    await refuses(
      scene,
      "out",
      /the intervention is for a model of width 16, but this one has/,
      "--model",
      "builtin:tiny",
    );
    await refuses(scene, "out", /the positions "x" are not valid; write fN/, "--positions", "x");
    await refuses(scene, "out", /argument 'bfloat16' is unknown; use one of float32, float16$/, "--dtype", "bfloat16");
    const config = scene.path("model", "config.json"), text = await Deno.readTextFile(config);
    await Deno.writeTextFile(config, JSON.stringify({ ...JSON.parse(text), architectures: ["LlamaModel"] }));
    await refuses(scene, "out", /^error: model: the llama checkpoint has no head, but one that predicts tokens/);
    await Deno.writeTextFile(config, text);
    await Deno.mkdir(scene.path("exported"));
    await scene.write("exported/README.md", "mine");
    await refuses(scene, "out", /^error: exported: holds other files; give --out a new folder, or one of an earlier/);
    await Deno.remove(scene.path("exported"), { recursive: true });
    await onDiskWithRoom(
      10_000,
      () =>
        refuses(
          scene,
          "out",
          /^error: exported\/model\.onnx_data: can't be written \(No space left .*; free some space/,
        ),
    );
    for (let round = 0; round < 2; round++) await exports(scene, "out");
    await Deno.remove(scene.path("model", "model.safetensors"));
    await refuses(scene, "out", /^error: model: has neither model\.safetensors nor .*; give a folder that has/);
  }));

Deno.test("the export of a chat model answers conversations as the run's evaluation does", () => {
  const parts = { decoding, epochs: "12", optimizer: "adamw({ learningRate: 3e-2 })", positions: '"f1+l1"' };
  return inChatScene(parts, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    const expected = await predictionsOf(scene), { code, stderr } = await exporting(scene, "out");
    assert.equal(code, 0, stderr);
    const asked = conversations.map((messages) => messages.slice(0, -1));
    assert.deepEqual(await answersInNode(scene.path("exported"), asked, 6), expected);
    assert.ok(expected.some((answer) => answer !== ""), "nothing was answered");
  }, turnTemplate.replaceAll("<|pad|>", "{{ eos_token }}"));
});

Deno.test("a base without a tokenizer is exported without one, to the same graph and tensors", () =>
  inScene({}, async (scene) => {
    const { code, stderr } = await scene.run();
    assert.equal(code, 0, stderr);
    await exports(scene, "out");
    const read = (name: string) => Deno.readFile(scene.path("exported", name));
    const files = ["model.onnx", "model.onnx_data"], whole = await Promise.all(files.map(read));
    await Deno.remove(scene.path("exported"), { recursive: true });
    for (const { name } of [...Deno.readDirSync(scene.path("model"))]) {
      if (name.startsWith("tokenizer")) await Deno.remove(scene.path("model", name));
    }

    const bare = await exporting(scene, "out");
    assert.equal(bare.code, 0, bare.stderr);
    assert.match(bare.stderr, /^note: .*model has no tokenizer\.json, so the folder has no tokenizer and no example/);
    assert.deepEqual(treeOf(scene.path("exported")), ["README.md", "config.json", ...files]);
    assert.deepEqual(await Promise.all(files.map(read)), whole);
    const readme = await Deno.readTextFile(scene.path("exported", "README.md"));
    assert.ok(
      readme.endsWith(
        "\n\nThe base model has no tokenizer, so there is none here, and no example that reads text.\n",
      ),
    );
    assert.ok(readme.includes("`prompt_length`") && !readme.includes("example.mjs"));
  }));
