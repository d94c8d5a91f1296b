/**
 * Folders that pyreft saved, imported and exported: the imported intervention has pyreft's loss, and the export
 * contains the same intervention. pyreft's folders and losses are in goldens/pyreft_saved.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { baseModel, evaluate, jsonl, loss, type Pipeline, pipeline, saved } from "refract";
import { readHeader, readTensor } from "../../pipelines/models/weights/safetensors.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { inProcess } from "../support/command.ts";
import { sharedFolder } from "../support/shared.ts";
import { runIn } from "../support/trajectory.ts";

const folder = fileURLToPath(new URL("../goldens/pyreft_saved/", import.meta.url));
const losses: Readonly<Record<string, number>> = JSON.parse(await Deno.readTextFile(join(folder, "losses.json")));
const shared = sharedFolder();

function pipelineOf(intervention: string, model: string): Pipeline {
  const data = jsonl(join(shared!, "data", "multiarith.test.jsonl"), {
    prompt: "{instruction}\n",
    completion: "{answer}",
    // Like make_pyreft_saved.py.
    tokenization: "apart",
  });
  const edited = baseModel(model).with(saved(intervention));
  return pipeline("imported", () => ({ imported: evaluate(edited, { data: data.take(4), metrics: [loss()] }) }));
}

async function tensorsOf(intervention: string): Promise<Record<string, Float32Array>> {
  const { tensors } = await readHeader(join(intervention, "weights.safetensors"));
  const read = [...tensors.values()].map(async (record) => [record.name, await readTensor(record)] as const);
  return Object.fromEntries(await Promise.all(read));
}

async function command(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await inProcess(...args);
  assert.equal(code, 0, stderr);
}

for (const [kind, expected] of Object.entries(losses)) {
  Deno.test({
    name: `${kind} saved by pyreft has pyreft's loss, and survives an export`,
    ignore: shared === undefined,
    fn: () =>
      inFolder(async (scratch) => {
        const model = join(shared!, "models", "stories260k");
        const imported = join(scratch, "imported"),
          exported = join(scratch, "exported"),
          again = join(scratch, "again");
        const options = ["--model", model, "--positions", "f2+l3"];
        await command("import", join(folder, kind), ...options, "--out", imported);
        const [member] = await runIn(scratch, scratch, pipelineOf(imported, model));
        const found = member!.stages.flatMap((stage) => stage.kind === "evaluate" ? [stage.metrics["loss"]!] : [])[0]!;
        assert.ok(Math.abs(found / expected - 1) <= 1e-5, `the loss is ${found} and not ${expected}`);

        await command("export", imported, "--to", "pyreft", "--out", exported);
        const names = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).sort();
        assert.deepEqual(names(exported), ["README.md", ...names(join(folder, kind))]);
        await command("import", exported, ...options, "--out", again);
        const before = await tensorsOf(imported), after = await tensorsOf(again);
        assert.deepEqual(Object.keys(after), Object.keys(before));
        for (const [name, data] of Object.entries(before)) {
          data.forEach((element, at) => assert.ok(Math.abs(after[name]![at]! - element) <= 1e-6, `${name} at ${at}`));
        }
      }),
  });
}
