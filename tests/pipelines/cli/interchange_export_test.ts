/** Exports: which intervention a path refers to, and what is refused in one line. @module */
import assert from "node:assert/strict";
import { inProcess, treeOf } from "../../support/command.ts";
import { inScene, type Scene } from "../../support/scene.ts";
import { writeTinyModel } from "../../support/tiny_model.ts";
import { importing, keyOf, writePyreft } from "../interchange/support.ts";

const exported = ["README.md", `config.json`, `intkey_${keyOf(0)}.bin`];

/** Exports a path of the scene. */
function exporting(scene: Scene, path: string, ...options: readonly string[]) {
  return inProcess("export", scene.path(path), "--to", "pyreft", "--out", scene.path("exported"), ...options);
}

async function refuses(scene: Scene, path: string, at: string, says: RegExp, ...options: readonly string[]) {
  const before = treeOf(scene.folder);
  const { code, stdout, stderr } = await exporting(scene, path, ...options);
  assert.equal(code, 2, stderr);
  assert.equal(stdout, "");
  const [line, ...rest] = stderr.replaceAll(`${scene.folder}/`, "").split("\n");
  assert.deepEqual(rest, [""]);
  assert.ok(line!.startsWith(`error: ${at}`), line);
  assert.match(line!, says);
  assert.deepEqual(treeOf(scene.folder), before);
}

Deno.test("an export takes a run's folder with a member, a member's folder, or an intervention's", () =>
  inScene({ rank: 'sweep("rank", [1, 2])' }, async (scene) => {
    const { code, stderr } = await scene.run();
    assert.equal(code, 0, stderr);
    const ways: readonly (readonly [path: string, ...options: readonly string[]])[] = [
      ["out", "--member", "rank=2"],
      ["out/members/rank=2"],
      ["out/members/rank=2/intervention"],
    ];
    for (const [path, ...options] of ways) {
      const { code, stderr } = await exporting(scene, path, ...options);
      assert.equal(code, 0, stderr);
      assert.deepEqual(treeOf(scene.path("exported")), exported);
      const { representations } = JSON.parse(await Deno.readTextFile(scene.path("exported", "config.json")));
      assert.equal(representations[0][4], 2, path);
      await Deno.remove(scene.path("exported"), { recursive: true });
    }
    await refuses(scene, "out", "out: has several members", /; choose one with --member: rank=1 rank=2$/);
    await refuses(scene, "out", 'out: has no trained member "rank=3"', /did you mean "rank=1"/, "--member", "rank=3");
    await refuses(
      scene,
      "out/members/rank=1",
      'out/members/rank=1: is not a run folder and has no member "rank=2"',
      /; omit --member$/,
      "--member",
      "rank=2",
    );
  }));

Deno.test("an export may be repeated into its folder, and never replaces the files of another, such as a model's", () =>
  inScene({}, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    for (let times = 0; times < 2; times++) assert.equal((await exporting(scene, "out")).code, 0);
    await Deno.remove(scene.path("exported"), { recursive: true });
    await writeTinyModel(scene.path("exported"));
    const config = await Deno.readTextFile(scene.path("exported", "config.json"));
    await refuses(scene, "out", "exported/config.json: would be overwritten", /; give --out another folder$/);
    assert.equal(await Deno.readTextFile(scene.path("exported", "config.json")), config);
  }));

Deno.test("an export takes one of a member's trainings, and finds its run's base model", () => {
  const stages =
    `{ tuned: evaluate(tuned, { data: heldOut, metrics, decoding }), again: train(edited, { data, epochs: 1,
    batchSize, optimizer }) }`;
  return inScene({ rank: 'sweep("rank", [1, 2])', stages }, async (scene) => {
    const { code, stderr } = await scene.run();
    assert.equal(code, 0, stderr);
    const all = "rank=1/again rank=1/loreft rank=2/again rank=2/loreft";
    await refuses(scene, "out", "out: has several members", new RegExp(`; choose one with --member: ${all}$`));
    await refuses(
      scene,
      "out",
      'out: has several trainings of "rank=2"',
      /; choose one with --member: rank=2\/again rank=2\/loreft$/,
      "--member",
      "rank=2",
    );
    const ways = [["out", "--member", "rank=2/again"], ["out/members/rank=2/again/intervention"]] as const;
    for (const [path, ...options] of ways) {
      const { code, stderr } = await inProcess(
        "export",
        scene.path(path),
        ...["--to", "onnx", "--out", scene.path("exported")],
        ...options,
      );
      assert.equal(code, 0, stderr);
    }
  });
});

Deno.test("an export of a run with one member needs no --member", () =>
  inScene({}, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    const { code, stderr } = await exporting(scene, "out");
    assert.equal(code, 0, stderr);
    assert.deepEqual(treeOf(scene.path("exported")), exported);
  }));

Deno.test("an export refuses folders without an intervention", () =>
  inScene({}, async (scene) => {
    await refuses(scene, "nowhere", "nowhere: there is no such folder", /; check the path$/);
    await refuses(scene, "model", "model: holds no trained intervention", /; give the folder of a run/);
    await refuses(scene, "rows.jsonl", "rows.jsonl: holds no trained intervention", /; give the folder of a run/);
  }));

type Description = { weights?: string; digest?: string; interventions: Record<string, unknown>[] };

Deno.test("an export refuses what pyreft lacks, and invalid descriptions", () =>
  inScene({}, async (scene) => {
    await writePyreft(scene);
    assert.equal((await importing(scene)).code, 0);
    const file = scene.path("imported", "intervention.json"), text = await Deno.readTextFile(file);
    const cases: readonly (readonly [changed: Readonly<Record<string, unknown>>, says: RegExp])[] = [
      [{ kind: "lora", module: "q_proj", scaling: 1 }, /cannot hold lora; export an edit/],
      [{ kind: "prefixTuning", tokens: 3 }, /cannot hold prefixTuning; export an edit/],
      [{ site: "attention.head.output", head: 1 }, /cannot hold an edit of one head; export an edit/],
      [{ activation: "relu" }, /does not record the activation relu; export an edit without one/],
      [{ site: "finalNorm.output", block: null }, /no component like the site finalNorm\.output; export an edit at/],
      [{ block: -1 }, /has an intervention without a valid block or site; train or import it again/],
      [{ block: "1" }, /has an intervention without a valid block or site; train or import it again/],
      [{ site: [[]] }, /has an intervention without a valid block or site; train or import it again/],
      [{ kind: "loraft" }, /is of the kind loraft; /],
      [{ positions: "x" }, /the positions "x" are not valid/],
      [{ rank: 1e9 }, /the rank 1000000000 is out of range/],
    ];
    for (const [changed, says] of cases) {
      const { weights: _, digest: __, ...description }: Description = JSON.parse(text);
      description.interventions = description.interventions.map((stored) => ({ ...stored, ...changed }));
      await Deno.writeTextFile(file, JSON.stringify(description));
      await refuses(scene, "imported", "imported/intervention.json: ", says);
    }
    await Deno.writeTextFile(file, "{");
    await refuses(scene, "imported", "imported/intervention.json:1:2: is not JSON", /; train or import/);
    await Deno.writeTextFile(file, '{ "base": "x", "width": 16, "interventions": [] }');
    await refuses(scene, "imported", "imported/intervention.json: does not list", /; train or import/);
  }));

Deno.test("an export omits positions and subspaces, so functions may have chosen them", () =>
  inScene({}, async (scene) => {
    await writePyreft(scene);
    assert.equal((await importing(scene)).code, 0);
    const states = async () => {
      const { code, stderr } = await exporting(scene, "imported");
      assert.equal(code, 0, stderr);
      const files = treeOf(scene.path("exported")).filter((name) => name !== "README.md");
      return await Promise.all(files.map((name) => Deno.readFile(scene.path("exported", name))));
    };
    const file = scene.path("imported", "intervention.json"), before = await states();
    const { weights: _, digest: __, ...description }: Description = JSON.parse(await Deno.readTextFile(file));
    const interventions = description.interventions.map((each) => ({ ...each, positions: null, subspace: null }));
    await Deno.writeTextFile(file, JSON.stringify({ ...description, interventions }));
    assert.deepEqual(await states(), before);
    assert.match(await Deno.readTextFile(scene.path("exported", "README.md")), /chosen by a function/);
    for (const format of ["gguf", "vllm", "easysteer", "onnx"]) {
      const out = scene.path("other.gguf"), base = ["--model", scene.path("model")];
      const { code, stderr } = await inProcess(
        ...["export", scene.path("imported"), "--to", format, "--out", out, ...base],
      );
      assert.equal(code, 2);
      assert.match(stderr, /a function chose the \w+ of intervention 0, .*\n$/);
      assert.doesNotMatch(stderr, /saved\(/, format);
    }
  }));

Deno.test("an export refuses damaged and missing weights", () =>
  inScene({}, async (scene) => {
    await writePyreft(scene);
    assert.equal((await importing(scene)).code, 0);
    const weights = scene.path("imported", "weights.safetensors"), bytes = await Deno.readFile(weights);
    const at = "imported/weights.safetensors: ";
    await Deno.writeFile(weights, bytes.slice(0, 60));
    await refuses(scene, "imported", `${at}is cut short in its header`, /; download or export/);
    await Deno.writeFile(weights, bytes.slice(0, -4));
    await refuses(scene, "imported", `${at}is cut short from tensor`, /; download or export/);
    await Deno.remove(weights);
    await refuses(scene, "imported", `${at}is absent`, /; check the path/);
  }));

Deno.test("an export refuses unknown formats and options, and folders with other files", () =>
  inScene({}, async (scene) => {
    await writePyreft(scene);
    assert.equal((await importing(scene)).code, 0);
    await refuses(
      scene,
      "imported",
      "option '--to <format>' argument 'adapterhub' is unknown",
      /pyreft, peft, gguf, vllm, easysteer, onnx, web$/,
      "--to",
      "adapterhub",
    );
    for (
      const [name, value] of [["dtype", "float16"], ["positions", "l1"], ["model", "x"], ["fields", "{}"]] as const
    ) {
      await refuses(scene, "imported", `--${name} is for --to `, /onnx; omit it for pyreft$/, `--${name}`, value);
    }
    await scene.write("exported", "mine");
    await refuses(scene, "imported", "exported: is a file; give --out a folder", /$/);
    await Deno.remove(scene.path("exported"));
    await Deno.mkdir(scene.path("exported"));
    await scene.write("exported/intkey_other.bin", "mine");
    await refuses(
      scene,
      "imported",
      "exported/intkey_other.bin: belongs to another export",
      /; give --out another folder$/,
    );
    await Deno.remove(scene.path("exported", "intkey_other.bin"));
    for (let round = 0; round < 2; round++) assert.equal((await exporting(scene, "imported")).code, 0);
    assert.deepEqual(treeOf(scene.path("exported")), exported);
  }));
