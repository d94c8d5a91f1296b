/** Adapters saved by peft: models give the same outputs with them as in peft, and exports equal the imports. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { counted } from "../../../../pipelines/common/counted.ts";
import { treeOf } from "../../../support/command.ts";
import { inFolder } from "../../models/support.ts";
import { golden, largestGap, logitsOf, savedByPeft, succeeds, tensorsOf } from "./support.ts";

const counts: Readonly<Record<string, number>> = { lora: 4, rslora: 6, dora: 1, ia3: 12, prefix: 4 };

for (const name of Object.keys(golden.logits)) {
  Deno.test(`${name} as saved by peft has peft's logits, and is exported unchanged`, () =>
    inFolder(async (scratch) => {
      const imported = join(scratch, "imported"), exported = join(scratch, "exported");
      const { stdout, stderr } = await succeeds("import", savedByPeft(name), "--out", imported);
      assert.deepEqual([stdout, stderr], [`${counted(counts[name]!, "adaptation")} in ${imported}\n`, ""]);
      const logits = await logitsOf(scratch, imported, golden.ids);
      const gap = largestGap(logits.at(-1)!, golden.logits[name]!.flat());
      assert.ok(gap <= 1e-4, `logits differ by ${gap}`);

      await succeeds("export", imported, "--to", "peft", "--out", exported);
      assert.deepEqual(treeOf(exported), ["adapter_config.json", "adapter_model.safetensors"]);
      const file = "adapter_model.safetensors";
      assert.deepEqual(await tensorsOf(join(exported, file)), await tensorsOf(join(savedByPeft(name), file)));

      const again = join(scratch, "again");
      const { stderr: note } = await succeeds("import", exported, "--model", "builtin:tiny", "--out", again);
      assert.match(note, /^the adapter was trained on .*builtin.tiny, but is imported for builtin:tiny\n$/);
      const read = (folder: string) => Deno.readTextFile(join(folder, "intervention.json"));
      assert.equal(await read(again), await read(imported));
    }));
}

Deno.test("adapter_model.bin, which peft writes without safe_serialization, is read", () =>
  inFolder(async (scratch) => {
    const tensors = await Promise.all(["lora", "pickled"].map(async (name) => {
      await succeeds("import", savedByPeft(name), "--out", join(scratch, name));
      return await tensorsOf(join(scratch, name, "weights.safetensors"));
    }));
    assert.deepEqual(treeOf(savedByPeft("pickled")), ["adapter_config.json", "adapter_model.bin"]);
    assert.deepEqual(tensors[1], tensors[0]);
  }));

Deno.test("an exported adapter's config names its modules and their scaling", () =>
  inFolder(async (scratch) => {
    const configs: Record<string, Record<string, unknown>> = {};
    for (const name of ["lora", "rslora", "dora", "ia3"]) {
      const [imported, exported] = [join(scratch, name), join(scratch, `${name} exported`)];
      await succeeds("import", savedByPeft(name), "--out", imported);
      await succeeds("export", imported, "--to", "peft", "--out", exported);
      configs[name] = JSON.parse(await Deno.readTextFile(join(exported, "adapter_config.json")));
      assert.match(String(configs[name]!["base_model_name_or_path"]), /^\/.*builtin.tiny$/);
    }
    const { lora, rslora, dora, ia3 } = configs;
    assert.deepEqual(lora!["target_modules"], ["q_proj", "v_proj"]);
    assert.deepEqual(lora!["layers_to_transform"], [1, 3]);
    assert.deepEqual([lora!["r"], lora!["lora_alpha"], lora!["use_rslora"]], [2, 6, false]);
    assert.deepEqual([rslora!["r"], rslora!["lora_alpha"], rslora!["use_rslora"]], [2, 3, true]);
    assert.equal(rslora!["lora_dropout"], 0.1);
    const [key, up] = ["model\\.layers\\.0\\.self_attn\\.k_proj", "model\\.layers\\.2\\.mlp\\.up_proj"];
    assert.deepEqual(
      rslora!["rank_pattern"],
      { [key]: 3, ["model\\.layers\\.0\\.mlp\\.up_proj"]: 1, [up]: 1 },
    );
    assert.deepEqual([dora!["use_dora"], dora!["target_modules"]], [true, ["o_proj"]]);
    assert.deepEqual(ia3!["feedforward_modules"], ["down_proj"]);
  }));
