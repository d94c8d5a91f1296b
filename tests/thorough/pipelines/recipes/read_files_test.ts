/** A manifest has a digest of every file that its run has read, and repeating it reports changed files. @module */
import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { readRecipe } from "../../../../pipelines/recipes/recipe.ts";
import { inChatScene, turnTemplate } from "../../../support/chat_scene.ts";
import { inProcess, inProcessUnder, treeOf } from "../../../support/command.ts";
import { hasty, sha256, withHub } from "../../../support/hub.ts";
import { openedDuring } from "../../../support/opened.ts";
import { inScene, type PipelineParts, type Scene, sceneRows } from "../../../support/scene.ts";
import { goldenPath } from "../../../pipelines/models/gguf/support.ts";
import { root } from "../../../bench/command.ts";

/** The digests that a run's manifest has, by the real paths of the files. */
async function recordedFiles(
  scene: Scene,
  snapshots: (commit: string) => string,
): Promise<ReadonlyMap<string, string>> {
  const { pipeline, recorded } = await readRecipe(scene.path("out", "manifest.yaml"));
  assert.ok(recorded !== undefined);
  const found = new Map([[pipeline, recorded.pipeline.digest]]);
  for (const { path, digest } of recorded.files) found.set(resolve(scene.folder, path), digest);
  for (const { at: from, commit, weights, files = {} } of recorded.models) {
    const at = from.startsWith(".") ? resolve(scene.path("out"), from) : from;
    const isFile = await Deno.stat(at).then((info) => info.isFile, () => false);
    const folder = commit === undefined
      ? at.replace(/^builtin:/, join(root, "pipelines", "models", "builtin", "/"))
      : snapshots(commit);
    for (const [name, digest] of Object.entries(files)) {
      found.set(isFile && name.endsWith(".gguf") ? at : join(folder, name), digest);
    }
    if (!isFile) found.set(join(folder, "model.safetensors"), weights);
  }
  const real = [...found].map(async ([path, digest]) => {
    return [await Deno.realPath(path).catch(() => path), digest] as const;
  });
  return new Map(await Promise.all(real));
}

/** Whether a file is one of Refract's sources, or in the store or the run's folder. */
function isOwn(scene: Scene, path: string): boolean {
  const folders = [scene.path("store"), scene.path("out"), root].map((folder) => resolve(folder) + "/");
  return folders.some((folder) => path.startsWith(folder)) && !path.includes("/models/builtin/");
}

/** Runs a scene, and compares its manifest with the files that it opened. */
async function requireRecorded(
  scene: Scene,
  read: readonly string[],
  run: () => Promise<{ readonly code: number; readonly stderr: string }> = () => scene.run(),
  snapshots: (commit: string) => string = (commit) => commit,
): Promise<void> {
  const opened = await openedDuring(async () => {
    const { code, stderr } = await run();
    assert.equal(code, 0, stderr);
  });
  const recorded = await recordedFiles(scene, snapshots);
  const others = [...opened].filter((path) => !isOwn(scene, path) && !path.includes("/refs/"));
  for (const path of others) {
    assert.equal(
      recorded.get(path),
      sha256(await Deno.readFile(path)),
      `${path} is not in the manifest as it was read`,
    );
  }
  for (const name of read) assert.ok(others.some((path) => path.endsWith(name)), `${name} was not read`);
}

const description = ["/pipeline.ts", "/config.json", "/tokenizer.json", "/tokenizer_config.json"];
const asFolder = [...description, "/model.safetensors"];

const scenes: Readonly<Record<string, readonly [Partial<PipelineParts>, (scene: Scene) => Promise<void>, string[]]>> = {
  "rows of JSONL": [{}, () => Promise.resolve(), [...asFolder, "/rows.jsonl"]],
  "rows of TSV": [
    { heldOut: "rows.take(4)", data: `refract.tsv("./rows.tsv", { prompt: "{q}\\n", completion: "{a}" })` },
    (scene) => scene.write("rows.tsv", `q\ta\n${sceneRows.map(({ q, a }) => `${q}\t${a}\n`).join("")}`),
    [...asFolder, "/rows.tsv", "/rows.jsonl"],
  ],
  "an initial file and a saved edit": [
    { editSettings: `...({ initial: "./initial/weights.safetensors" })` },
    async (scene) => {
      await scene.write("first.ts", (await Deno.readTextFile(scene.pipeline)).replace(/initial: "[^"]*"/, ""));
      const first = await inProcess(
        "run",
        scene.path("first.ts"),
        "--store",
        scene.path("store"),
        "--out",
        scene.path("first"),
      );
      assert.equal(first.code, 0, first.stderr);
      await Deno.rename(scene.path("first", "members", "main", "intervention"), scene.path("initial"));
    },
    [...asFolder, "/initial/weights.safetensors"],
  ],
  "a builtin model": [{ source: '"builtin:tiny"', at: "block(0).output" }, () => Promise.resolve(), [
    ...asFolder,
    "/rows.jsonl",
  ]],
  "a GGUF file": [
    { source: '"./model.gguf"', at: "block(0).output" },
    (scene) => Deno.copyFile(goldenPath("llama.gguf"), scene.path("model.gguf")),
    ["/pipeline.ts", "/model.gguf", "/rows.jsonl"],
  ],
};

for (const [name, [parts, prepare, read]] of Object.entries(scenes)) {
  Deno.test(`a run of ${name} has a digest of every file that it read`, () =>
    inScene(parts, async (scene) => {
      await prepare(scene);
      await requireRecorded(scene, read);
    }));
}

Deno.test("a run of a saved edit has a digest of every file that it read", () =>
  inScene({}, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    await Deno.rename(scene.path("out", "members", "main", "intervention"), scene.path("edit"));
    const text = await Deno.readTextFile(scene.pipeline);
    await scene.write("pipeline2.ts", text.replace(/base\.with\(.*\)/, `base.with(saved("./edit"))`));
    const run = () => inProcess("run", scene.path("pipeline2.ts"), ...scene.places);
    await requireRecorded(scene, ["/edit/weights.safetensors", "/edit/intervention.json", "/pipeline2.ts"], run);
  }));

Deno.test("a run of conversations has a digest of every template that it read", () =>
  inChatScene({ data: `chat(talks, { template: "./mine.jinja" })` }, async (scene) => {
    await scene.write("mine.jinja", turnTemplate);
    await Deno.mkdir(scene.path("model", "additional_chat_templates"));
    await scene.write("model/additional_chat_templates/other.jinja", turnTemplate);
    await scene.write("model/special_tokens_map.json", "{}");
    await scene.write("model/generation_config.json", "{}");
    await requireRecorded(scene, [
      ...asFolder,
      "/mine.jinja",
      "/chat_template.jinja",
      "/other.jinja",
      "/special_tokens_map.json",
      "/generation_config.json",
    ]);
  }));

Deno.test("a run of a hub's model has a digest of every file that it read, and its commit", () =>
  inScene({ source: `"owner/model"` }, async (scene) => {
    const files: Record<string, Uint8Array<ArrayBuffer>> = {};
    for (const name of treeOf(scene.path("model"))) files[name] = await Deno.readFile(scene.path("model", name));
    await withHub({ "owner/model": { files } }, async (hub) => {
      const env = { HF_HUB_CACHE: scene.path("cache"), HF_ENDPOINT: hub.endpoint };
      const run = () => inProcessUnder({ hub: { env, timings: hasty } }, "run", scene.pipeline, ...scene.places);
      assert.equal((await run()).code, 0);
      const snapshot = (commit: string) => scene.path("cache", "models--owner--model", "snapshots", commit);
      // A process hashes the same content of a file only once: pipeline.ts was read by the first run.
      await requireRecorded(scene, ["/rows.jsonl"], run, snapshot);
      const { recorded } = await readRecipe(scene.path("out", "manifest.yaml"));
      assert.equal(recorded?.models[0]?.commit, hub.commit("owner/model"));
      assert.deepEqual(
        Object.keys(recorded?.models[0]?.files ?? {}).toSorted(),
        Object.keys(files).filter((name) => {
          return name.endsWith(".json");
        }).toSorted(),
      );
    });
  }));

/** Changes to the files of a model, and the expected notes. */
const changes:
  readonly (readonly [file: string, before: string | undefined, after: string | undefined, says: RegExp])[] = [
    ["model/generation_config.json", "{}", '{"eos_token_id": [1, 2, 3]}', /^note: the tokenizer of \.\/model is /m],
    [
      "model/generation_config.json",
      "{}",
      '{"temperature": 2}',
      /^note: the file generation_config\.json of \.\/model is /m,
    ],
    [
      "model/generation_config.json",
      undefined,
      "{}",
      /^note: the file generation_config\.json of \.\/model is .*, but absent was recorded$/m,
    ],
    [
      "model/special_tokens_map.json",
      "{}",
      undefined,
      /^note: the file special_tokens_map\.json of \.\/model is absent, but /m,
    ],
    ["model/chat_template.jinja", "{{ 1 }}", "{{ 2 }}", /^note: the tokenizer of \.\/model is /m],
    ["model/chat_template.jinja", undefined, "{{ 2 }}", /^note: the tokenizer of \.\/model is /m],
  ];

for (const [file, before, after, says] of changes) {
  Deno.test(`a manifest distinguishes ${file} with ${before ?? "no content"} from one with ${after ?? "no content"}`, () =>
    inScene({}, async (scene) => {
      const put = (content: string | undefined) =>
        content === undefined ? Deno.remove(scene.path(file)).catch(() => {}) : scene.write(file, content);
      await put(before);
      assert.equal((await scene.run()).code, 0);
      const repeat = () => scene.repeat();
      const same = await repeat();
      assert.deepEqual([same.code, /^note: the /m.test(same.stderr)], [0, false], same.stderr);
      await put(after);
      const { code, stderr } = await repeat();
      assert.equal(code, 2, stderr);
      assert.match(stderr, says);
      assert.match(stderr, /something has changed since this was recorded/);
    }));
}
