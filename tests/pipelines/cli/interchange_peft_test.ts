/** Invalid imports from peft and exports to it: each is refused in one line, and leaves no files. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { writeSafetensors } from "../../../pipelines/models/weights/safetensors_writer.ts";
import { inProcess, treeOf } from "../../support/command.ts";
import { inScene } from "../../support/scene.ts";
import { inFolder } from "../models/support.ts";
import { savedByPeft, succeeds, tensorsOf } from "../interchange/peft/support.ts";

const file = "adapter_model.safetensors", config = "adapter_config.json";

type Fields = Record<string, unknown>;
type Tensors = Record<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>;

/** Changes to a folder that peft saved. */
interface Change {
  readonly of?: string;
  readonly config?: (fields: Fields) => Fields;
  readonly tensors?: (tensors: Tensors) => Tensors;
  readonly options?: readonly string[];
}

async function inChanged(change: Change, test: (folder: string) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const source = savedByPeft(change.of ?? "lora"), adapter = join(folder, "adapter");
    await Deno.mkdir(adapter);
    const fields: Fields = JSON.parse(await Deno.readTextFile(join(source, config)));
    await Deno.writeTextFile(join(adapter, config), JSON.stringify((change.config ?? ((same) => same))(fields)));
    const tensors = (change.tensors ?? ((same: Tensors) => same))(await tensorsOf(join(source, file)));
    const listed = Object.entries(tensors).map(([name, { shape, data }]) => {
      return { name, shape, data: Float32Array.from(data) };
    });
    await writeSafetensors(join(adapter, file), listed);
    await test(folder);
  });
}

function refuses(name: string, change: Change, at: string, says: RegExp): void {
  Deno.test(`an import refuses ${name}`, () =>
    inChanged(change, async (folder) => {
      const before = treeOf(folder), { options = [] } = change;
      const outcome = await inProcess("import", join(folder, "adapter"), "--out", join(folder, "out"), ...options);
      assert.deepEqual([outcome.code, outcome.stdout], [2, ""], outcome.stderr);
      const [line, ...rest] = outcome.stderr.replaceAll(`${folder}/`, "").split("\n");
      assert.deepEqual(rest, [""]);
      assert.ok(line!.startsWith(`error: ${at}`), line);
      assert.match(line!, says);
      assert.deepEqual(treeOf(folder), before);
    }));
}

const setting = (changed: Fields): Change => ({ config: (fields) => ({ ...fields, ...changed }) });
const inConfig = `adapter/${config}: `, inFile = `adapter/${file}: `;
const first = "base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight";

refuses(
  "an adapter whose base is elsewhere",
  setting({ base_model_name_or_path: "/nowhere/at/all" }),
  'the model "/nowhere/at/all" leads to no folder',
  /; check the path \(adapter_config\.json names it; --model gives another\)$/,
);
refuses(
  "a peft_type that is unknown",
  setting({ peft_type: "LOKR" }),
  inConfig,
  /the peft_type "LOKR" is not known; import one of LORA, IA3, PREFIX_TUNING$/,
);
refuses("a config without a type", setting({ peft_type: 3 }), inConfig, /the peft_type 3 is not known/);
refuses(
  "modules that are saved whole",
  setting({ modules_to_save: ["lm_head"] }),
  inConfig,
  /sets modules_to_save to \["lm_head"\], whole modules, .*; save/,
);
refuses(
  "trained biases of the base",
  setting({ bias: "lora_only" }),
  inConfig,
  /sets bias to "lora_only", but .*; train without it$/,
);
refuses(
  "an initialization that changes the base",
  setting({ init_lora_weights: "pissa" }),
  inConfig,
  /sets init_lora_weights to "pissa", which changes the base's weights; first convert/,
);
refuses(
  "repeated blocks",
  setting({ layer_replication: [[0, 2]] }),
  inConfig,
  /sets layer_replication to \[\[0,2\]\], which/,
);
refuses("an invalid rank", setting({ r: 0 }), inConfig, /r is 0; it must be a whole number of at least 1/);
refuses("an invalid alpha", setting({ lora_alpha: "8" }), inConfig, /lora_alpha is "8"; it must be a number/);
refuses(
  "an alpha below 0",
  setting({ lora_alpha: -8 }),
  inConfig,
  /lora_alpha is -8; it must be a number of at least 0/,
);
refuses(
  "a module's alpha below 0",
  setting({ alpha_pattern: { q_proj: -1 } }),
  inConfig,
  /q_proj is -1; it must be a number of at least 0/,
);
refuses(
  "a pattern that JavaScript reads otherwise",
  setting({ target_modules: ".*\\Qq_proj\\E" }),
  inConfig,
  /target_modules has the pattern ".*", which is not supported; list names instead/,
);
refuses(
  "an invalid pattern",
  setting({ rank_pattern: { "(": 3 } }),
  inConfig,
  /rank_pattern has the pattern "\(", which is not supported/,
);
refuses(
  "invalid target_modules",
  setting({ target_modules: 3 }),
  inConfig,
  /target_modules is 3; it must list names/,
);
refuses(
  "a config with another rank",
  setting({ r: 4 }),
  inFile,
  /q_proj\.lora_A\.weight has rank 2 where adapter_config\.json says 4; take both/,
);
refuses(
  "a config with more modules",
  setting({ target_modules: ["q_proj", "v_proj", "o_proj"] }),
  inFile,
  /lacks .*o_proj\.lora_A\.weight, which target_modules requires/,
);
refuses(
  "a config with fewer modules",
  setting({ target_modules: ["q_proj"] }),
  inFile,
  /adapts model\.layers\.1\.self_attn\.v_proj, which target_modules does not name/,
);
refuses(
  "a config of DoRA over LoRA's tensors",
  setting({ use_dora: true }),
  inFile,
  /lacks .*q_proj\.lora_magnitude_vector, which/,
);
refuses(
  "a missing tensor",
  { tensors: ({ [first]: _, ...rest }) => rest },
  inFile,
  /lacks base_model\..*layers\.1\.self_attn\.q_proj\.lora_A\.weight/,
);
refuses(
  "an extra tensor",
  { tensors: (all) => ({ ...all, "base_model.model.lm_head.weight": all[first]! }) },
  inFile,
  /holds "base_model\.model\.lm_head\.weight", which is not an adapter of a projection/,
);
refuses(
  "a tensor of another kind of adapter",
  { tensors: (all) => ({ ...all, [first.replace("lora_A.weight", "ia3_l")]: all[first]! }) },
  inFile,
  /q_proj\.ia3_l, which is not part of a lora adapter; take both/,
);
refuses(
  "an adapter of a head",
  {
    tensors: (all) => ({ ...all, "base_model.model.lm_head.lora_A.weight": all[first]! }),
  },
  inFile,
  /adapts "lm_head", which is not a projection of the model's blocks/,
);
refuses(
  "weights that are not finite",
  {
    tensors: (all) => ({ ...all, [first]: { shape: all[first]!.shape, data: all[first]!.data.with(7, NaN) } }),
  },
  inFile,
  /lora_A\.weight holds NaN, which is not a finite number; train it again/,
);
refuses(
  "a tensor of another model's shape",
  {
    tensors: (all) => ({ ...all, [first]: { shape: [2, 64], data: all[first]!.data.slice(0, 128) } }),
  },
  inFile,
  /lora_A\.weight is \[2, 64\] where the model needs \[2, 128\]; check --model/,
);
refuses(
  "a prefix of another length",
  {
    of: "prefix",
    config: (fields) => ({ ...fields, num_virtual_tokens: 3 }),
  },
  inFile,
  /prompt_embeddings is \[2, 512\] where the model needs \[3, 512\]; check --model/,
);
refuses(
  "(IA)³ that scales another side",
  {
    of: "ia3",
    config: (fields) => ({ ...fields, feedforward_modules: [] }),
  },
  inFile,
  /feedforward_modules omits model\.layers\.0\.mlp\.down_proj, /,
);
refuses(
  "positions",
  { options: ["--positions", "l1"] },
  "--positions is for pyreft folders",
  /; omit it, because peft's adapters act on every token$/,
);
refuses(
  "a base that does not exist",
  setting({ base_model_name_or_path: "/nowhere/at/all" }),
  'the model "/nowhere/at/all"',
  /; check the path/,
);
refuses(
  "a base that is not named",
  setting({ base_model_name_or_path: null }),
  "adapter: adapter_config.json names no base model",
  /; give it with --model$/,
);

Deno.test("an import reports unknown settings and missing weights", () =>
  inChanged(setting({ use_new_thing: true, kept_empty: null }), async (folder) => {
    const { stderr } = await succeeds("import", join(folder, "adapter"), "--out", join(folder, "out"));
    assert.equal(stderr, "adapter_config.json sets use_new_thing, which is not known and is ignored\n");
    await Deno.remove(join(folder, "adapter", file));
    const { code, stderr: error } = await inProcess("import", join(folder, "adapter"), "--out", join(folder, "again"));
    assert.equal(code, 2);
    assert.match(
      error,
      /adapter: has neither adapter_model\.safetensors nor adapter_model\.bin; copy the whole folder\n$/,
    );
  }));

Deno.test("an import and an export need only the base's config.json", () =>
  inFolder(async (folder) => {
    const base = join(folder, "base"), [imported, exported] = [join(folder, "imported"), join(folder, "exported")];
    await Deno.mkdir(base);
    const tiny = new URL("../../../pipelines/models/builtin/tiny/config.json", import.meta.url);
    await Deno.copyFile(tiny, join(base, "config.json"));
    for (const name of ["dora", "prefix"]) {
      await succeeds("import", savedByPeft(name), "--model", base, "--out", join(imported, name));
      await succeeds("export", join(imported, name), "--to", "peft", "--out", join(exported, name));
      assert.deepEqual(
        await tensorsOf(join(exported, name, file)),
        await tensorsOf(join(savedByPeft(name), file)),
      );
    }
  }));

Deno.test("an import names the adapters in a folder's folders", () =>
  inFolder(async (folder) => {
    const [saved, out] = [join(folder, "saved"), join(folder, "out")];
    for (const name of ["checkpoint-10", "checkpoint-9", "logs"]) {
      await Deno.mkdir(join(saved, name), { recursive: true });
    }
    for (const name of [config, file]) {
      for (const step of [9, 10]) {
        await Deno.copyFile(join(savedByPeft("lora"), name), join(saved, `checkpoint-${step}`, name));
      }
    }
    const refused = await inProcess("import", saved, "--out", out);
    assert.deepEqual([refused.code, refused.stderr], [
      2,
      `error: ${saved}: holds peft's adapters in other folders; give one of them: checkpoint-9 checkpoint-10\n`,
    ]);
    await Deno.rename(join(saved, "checkpoint-10", config), join(saved, config));
    await Deno.rename(join(saved, "checkpoint-10", file), join(saved, file));
    const { code, stderr } = await inProcess("import", saved, "--out", out);
    assert.deepEqual([code, stderr], [0, "not imported: the adapters in its folders checkpoint-9\n"]);
  }));

/** Asserts that an export to peft is refused. */
async function refusesExport(folder: string, intervention: string, says: RegExp): Promise<void> {
  const out = join(folder, "exported");
  const { code, stderr } = await inProcess("export", intervention, "--to", "peft", "--out", out);
  assert.equal(code, 2);
  assert.match(stderr, says);
  assert.deepEqual(treeOf(folder).filter((path) => path.startsWith("exported")), []);
}

Deno.test("an export to peft refuses edits", () =>
  inScene({}, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    const says = /intervention\.json: peft has no edit like loreft; export it --to pyreft\n$/;
    await refusesExport(scene.folder, scene.path("out"), says);
  }));

Deno.test("an export to peft refuses biases, several kinds of adapter, and two for one module", () =>
  inFolder(async (folder) => {
    const imported = join(folder, "imported"), weights = join(imported, "weights.safetensors");
    await succeeds("import", savedByPeft("lora"), "--out", imported);
    const description = join(imported, "intervention.json"), text = await Deno.readTextFile(description);
    const { interventions: [query, value], weights: _, digest: __, ...rest } = JSON.parse(text);
    const tensors = await tensorsOf(weights);
    const change = async (other: Fields, own: Tensors) => {
      await Deno.writeTextFile(description, JSON.stringify({ ...rest, interventions: [query, other] }));
      const listed = Object.entries(own).map(([name, { shape, data }]) => {
        return { name, shape, data: Float32Array.from(data) };
      });
      await writeSafetensors(weights, listed);
    };
    const { "0.lora_A": A, "0.lora_B": B } = tensors, first = { "0.lora_A": A!, "0.lora_B": B! };
    const vector = { shape: [64], data: new Array(64).fill(1) };
    await change({ ...value, kind: "bitfit" }, { ...first, "1.bias": vector });
    await refusesExport(
      folder,
      imported,
      /peft has no adapter like bitfit; export one of lora, dora, ia3 or prefixTuning/,
    );
    await change({ ...value, kind: "ia3" }, { ...first, "1.scale": vector });
    await refusesExport(folder, imported, /a peft folder holds one kind of adapter, but this has lora and ia3/);
    await change({ ...query, index: 1 }, { ...first, "1.lora_A": A!, "1.lora_B": B! });
    await refusesExport(
      folder,
      imported,
      /one adapter per module, but this has two for model\.layers\.1\.self_attn\.q_proj/,
    );
  }));
