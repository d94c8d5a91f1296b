/** Every file is flushed to disk before it is renamed, whichever function writes it. @module */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { inProcess, inProcessUnder } from "../../support/command.ts";
import { type DiskCall, recordingDisk } from "../../support/disk.ts";
import { hasty, withHub, writer } from "../../support/hub.ts";
import { inScene, type Scene } from "../../support/scene.ts";
import { goldenPath } from "../models/gguf/support.ts";

/** Rewritten every second of a run and removed at its end: syncing it would only keep the disk busy. */
const isLive = (path: string) => path.endsWith("/live.json");

/** Files that were renamed before they were synced, or whose folder was not synced afterwards. */
function unsafe(calls: readonly DiskCall[]): readonly string[] {
  return calls.flatMap((call, at) => {
    if (!("to" in call) || isLive(call.to)) return [];
    const isSynced = (path: string, calls: readonly DiskCall[]) =>
      calls.some((other) => "synced" in other && other.synced === path);
    return [
      ...isSynced(call.from, calls.slice(0, at)) ? [] : [`${call.to}: unsynced`],
      ...isSynced(dirname(call.to), calls.slice(at)) ? [] : [`${call.to}: its folder is unsynced`],
    ];
  });
}

/** The paths that each command must have renamed something to. */
const commands: Readonly<Record<string, (scene: Scene) => Promise<readonly string[]>>> = {
  async run(scene) {
    const { code, stderr } = await scene.run();
    assert.equal(code, 0, stderr);
    const model = scene.filesOf("store").find((path) => path.endsWith("/model.safetensors"))!;
    const trained = scene.path("out", "members", "main", "intervention");
    return [
      scene.path("store", "version"),
      scene.path("store", model),
      ...scene.entries.filter((path) => !path.startsWith("models/")).map((path) => scene.path("store", path)),
      scene.path("out", "results.json"),
      join(trained, "intervention.json"),
      join(trained, "weights.safetensors"),
    ];
  },
  async "export to pyreft"(scene) {
    const { code, stderr } = await inProcess(
      ...["export", scene.path("out"), "--to", "pyreft", "--out", scene.path("pyreft")],
    );
    assert.equal(code, 0, stderr);
    return [scene.path("pyreft")];
  },
  async "pull into an existing folder"(scene) {
    const intervention = scene.path("out", "members", "main", "intervention");
    await withHub({}, async (hub) => {
      const env = { HF_HUB_CACHE: scene.path("cache"), HF_ENDPOINT: hub.endpoint, HF_TOKEN: writer };
      const command = (...args: readonly string[]) => inProcessUnder({ hub: { env, timings: hasty } }, ...args);
      assert.equal((await command("push", intervention, "owner/tuned")).code, 0);
      await Deno.mkdir(scene.path("pulled"));
      const { code, stderr } = await command("pull", "owner/tuned", "--out", scene.path("pulled"));
      assert.equal(code, 0, stderr);
    });
    const blobs = scene.filesOf("cache").filter((path) => /\/blobs\/\w+$/.test(path));
    assert.equal(blobs.length, 3);
    return [
      ...blobs.map((path) => scene.path("cache", path)),
      scene.path("pulled", "intervention.json"),
      scene.path("pulled", "weights.safetensors"),
    ];
  },
};

Deno.test("every file is flushed to disk before it is renamed, and its folder afterwards", () =>
  inScene({ source: '"./model.gguf"', at: "block(0).output" }, async (scene) => {
    await Deno.copyFile(goldenPath("llama.gguf"), scene.path("model.gguf"));
    for (const [name, command] of Object.entries(commands)) {
      let expected: readonly string[] = [];
      const calls = await recordingDisk(async () => {
        expected = await command(scene);
      });
      assert.deepEqual(unsafe(calls), [], name);
      const lives = calls.flatMap((call) => "to" in call && isLive(call.to) ? [call.from] : []);
      assert.equal(lives.length > 0, name === "run");
      assert.ok(!calls.some((call) => "synced" in call && lives.includes(call.synced)), "live.json is synced");
      const renamed = new Set(calls.flatMap((call) => "to" in call ? [call.to] : []));
      assert.deepEqual(expected.filter((path) => !renamed.has(path)), [], name);
    }
  }));

Deno.test("only the functions that sync write files under their final names", async () => {
  const root = new URL("../../../pipelines/", import.meta.url);
  const renames = /\b(rename|renameSync|writeTextFile|writeTextFileSync|writeFileSync|copyFile|copyFileSync)\(/;
  const found: string[] = [];
  const search = async (folder: URL) => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = new URL(isDirectory ? `${name}/` : name, folder);
      if (isDirectory && name !== "node_modules") await search(path);
      if (!name.endsWith(".ts")) continue;
      const lines = (await Deno.readTextFile(path)).split("\n").filter((line) => renames.test(line));
      found.push(
        ...lines.filter((line) => /\b(Deno|system)\./.test(line)).map(() => path.href.slice(root.href.length)),
      );
    }
  };
  await search(root);
  assert.deepEqual([...new Set(found)].sort(), [
    // Into folders that are published as a whole.
    "cli/commands/judge_command.ts",
    "cli/commands/new_command.ts",
    "cli/commands/pull_command.ts",
    "cli/commands/workflow_command.ts",
    "common/durable.ts",
    // A file that shows whether a folder can be written, and is removed.
    "common/files.ts",
    "interchange/merged/write.ts",
    "interchange/web/bundle.ts",
    "interchange/web/library.ts",
    "interchange/web/runtime_files.ts",
    "interchange/web/site.ts",
    "interchange/web/types.ts",
  ]);
});
