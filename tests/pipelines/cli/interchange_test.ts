/** Invalid imports from pyreft: each is refused in one line, and leaves no files. @module */
import assert from "node:assert/strict";
import { writeTorchFile } from "../../../pipelines/interchange/torch_file.ts";
import { type Outcome, treeOf } from "../../support/command.ts";
import { inScene, type Scene } from "../../support/scene.ts";
import {
  archiveOf,
  bin,
  config,
  freeState,
  importing,
  keyOf,
  pickledState,
  rank,
  state,
  width,
  writePyreft,
} from "../interchange/support.ts";

interface Refusal {
  readonly change?: (scene: Scene) => Promise<void>;
  readonly options?: readonly string[];
  /** The start of the line, after `error: ` and without the scene's folder. */
  readonly at: string;
  readonly says: RegExp;
}

/** Asserts that an outcome is an error of one line. */
function isRefused(scene: Scene, { code, stdout, stderr }: Outcome, { at, says }: Refusal): void {
  assert.equal(code, 2, stderr);
  assert.equal(stdout, "");
  const [line, ...rest] = stderr.replaceAll(`${scene.folder}/`, "").split("\n");
  assert.deepEqual(rest, [""]);
  assert.ok(line!.startsWith(`error: ${at}`), line);
  assert.match(line!, says);
}

function importRefuses(name: string, refusal: Refusal): void {
  Deno.test(`an import refuses ${name}`, () =>
    inScene({}, async (scene) => {
      await (refusal.change ?? writePyreft)(scene);
      const before = treeOf(scene.folder);
      isRefused(scene, await importing(scene, ...refusal.options ?? []), refusal);
      assert.deepEqual(treeOf(scene.folder), before);
    }));
}

const first = `pyreft/intkey_${keyOf(0)}.bin: `, second = `pyreft/intkey_${keyOf(1)}.bin: `;
const file = "pyreft/config.json: ";
const representation = config.representations[0]!;
const withText = (text: string) => async (scene: Scene) => {
  await writePyreft(scene);
  await scene.write("pyreft/config.json", text);
};
const withConfig = (changed: Readonly<Record<string, unknown>>) => (scene: Scene) => writePyreft(scene, changed);
const withPlace = (...values: readonly unknown[]) => {
  return withConfig({ representations: [representation.map((usual, at) => values[at] ?? usual)] });
};
const withTensors = (changed: typeof state, base = state) => (scene: Scene) => {
  return writePyreft(scene, {}, { ...base, ...changed });
};
const zeros = (...shape: readonly number[]) => {
  return { shape, data: new Float32Array(shape.reduce((product, extent) => product * extent, 1)) };
};

importRefuses("a config.json that is not JSON", {
  change: withText("{"),
  at: "pyreft/config.json:1:2: is",
  says: /; save/,
});
importRefuses("a config.json that is a list", {
  change: withText("[]"),
  at: file,
  says: /must hold a JSON object; save/,
});
importRefuses("a config.json without representations", {
  change: withConfig({ representations: undefined }),
  at: file,
  says: /lists no representations, sorted_keys and intervention_types; give a folder/,
});
importRefuses("a config.json whose lists differ in length", {
  change: withConfig({ intervention_types: [] }),
  at: file,
  says: /different numbers of representations, keys and types; save/,
});
const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
importRefuses("a deeply nested config.json", {
  change: withText(`{ "representations": [[${deep}]], "sorted_keys": [${deep}], "intervention_types": [${deep}] }`),
  at: file,
  says: /the component \(none\) of layer \[…\] is not known; use one/,
});
importRefuses("a type that is not text", {
  change: withConfig({ intervention_types: [{}] }),
  at: file,
  says: /the intervention type \{…\} is not known; use one/,
});
importRefuses("a component with the name of an object's property", {
  change: withPlace(1, "constructor"),
  at: file,
  says: /the component "constructor" of layer 1 is not known; use one/,
});
importRefuses("a layer that is not a number", {
  change: withPlace("1"),
  at: file,
  says: /the component "block_output" of layer "1" is not known/,
});
importRefuses("a layer below the first", {
  change: withPlace(-1),
  at: file,
  says: /block -1 does not exist; the model/,
});
importRefuses("a unit that is not a position", {
  change: withPlace(1, "block_output", "h.pos"),
  at: file,
  says: /the unit "h\.pos" of layer 1 is not known; use one that edits positions/,
});
importRefuses("a rank that is not a number", {
  change: withPlace(1, "block_output", "pos", 1, -2),
  at: file,
  says: /low_rank_dimension is -2 for layer 1; give a whole number/,
});
importRefuses("a key that leads out of the folder", {
  change: withConfig({ sorted_keys: ["../secret"] }),
  at: file,
  says: /the key "\.\.\/secret" is not a file's name; save/,
});
importRefuses("a key of another layer", {
  change: withPlace(0),
  at: file,
  says: /the key "layer_1_.*" is where layer 0's block_output is listed; keys and representations are mixed up/,
});

importRefuses("a rank other than config.json's", {
  change: withPlace(1, "block_output", "pos", 1, 4),
  at: first,
  says: /has rank 2 where config\.json says low_rank_dimension 4; take both from one folder/,
});
importRefuses("a rank that the model does not allow", {
  change: withTensors({ bias: zeros(width + 1) }),
  at: first,
  says: /bias is \[17\] where the model allows ranks from 1 to 16; check --model/,
});
importRefuses("a file that config.json does not list", {
  change: async (scene) => {
    await writePyreft(scene);
    await Deno.copyFile(bin(scene), bin(scene, 1));
  },
  at: second,
  says: /is not listed in config\.json; take both from one folder, or remove it/,
});
importRefuses("a file that is a folder", {
  change: async (scene) => {
    await writePyreft(scene);
    await Deno.remove(bin(scene));
    await Deno.mkdir(bin(scene));
  },
  at: first,
  says: /can't be read \(.*\); check the path/,
});
importRefuses("a file of another class", {
  change: withTensors({}, freeState),
  at: first,
  says: /lacks rotate_layer, which a LoreftIntervention has; it is a NoreftIntervention or NodireftIntervention, take/,
});
importRefuses("a file with more tensors than its class has", {
  change: withTensors({ mask: zeros(3) }),
  at: first,
  says: /holds "mask", which a LoreftIntervention lacks; take the file and config\.json from one folder/,
});
importRefuses("a tensor of another rank than the others", {
  change: withTensors({ rotate_layer: zeros(width, 3) }),
  at: first,
  says: /rotate_layer for 0\.rotate is \[16, 3\] where the model needs \[16, 2\]; check --model/,
});
importRefuses("a rotation over a base of another width", {
  change: (scene) =>
    writePyreft(scene, { intervention_types: ["<class 'pyreft.interventions.ConsreftIntervention'>"] }, {
      learned_source: zeros(rank),
      "rotate_layer.parametrizations.weight.original": zeros(width, rank),
      "rotate_layer.parametrizations.weight.0.base": zeros(8, 8),
    }),
  at: first,
  says: /weight\.0\.base for 0\.rotate is \[8, 8\] where the model needs \[16, 16\]; check --model/,
});
importRefuses("a rotation that is not orthonormal", {
  change: withTensors({ rotate_layer: zeros(width, rank) }),
  at: "pyreft: ",
  says: /the tensor 0\.rotate has columns that are not orthonormal; start from a rotation/,
});
importRefuses("weights that are not finite", {
  change: withTensors({ bias: { shape: [rank], data: Float32Array.of(1, NaN) } }),
  at: first,
  says: /bias holds NaN, which is not a finite number; train it again/,
});
importRefuses("a file without tensors", {
  change: async (scene) => {
    await writePyreft(scene);
    await Deno.writeFile(bin(scene), archiveOf(pickledState({})));
  },
  at: first,
  says: /lacks rotate_layer, which a LoreftIntervention has; take/,
});

/** Interventions of a prefix and a suffix at one site, the second with the given tensors. */
const withPair = (tensors: typeof state, low: number | null) => async (scene: Scene) => {
  await writePyreft(scene, {
    intervention_types: [...config.intervention_types, ...config.intervention_types],
    representations: [[1, "block_output", "pos", 1, low], [1, "block_output", "pos", 1, low]],
    sorted_keys: [keyOf(0), keyOf(1)],
  });
  await writeTorchFile(bin(scene, 1), "archive", tensors);
};
const wider = { weight: zeros(3, width), bias: zeros(3), rotate_layer: zeros(width, 3) };
importRefuses("a suffix of another class", {
  change: withPair(freeState, rank),
  at: second,
  says: /lacks rotate_layer/,
});
importRefuses("a suffix of another rank", {
  change: withPair(wider, rank),
  at: second,
  says: /has rank 3 where config/,
});
importRefuses("a suffix of another rank if config.json does not give one", {
  change: withPair(wider, null),
  at: second,
  says: /has rank 3 and intkey_.*#0\.bin at the same site 2; take both from one folder/,
});
importRefuses("positions with one side for a prefix and a suffix", {
  change: withPair(state, rank),
  options: ["--positions", "f2"],
  at: file,
  says: /edits the (prefix|suffix), but the positions have no such side; give fN\+lM/,
});
importRefuses("invalid positions", {
  options: ["--positions", "x9"],
  at: 'the positions "x9" are not valid',
  says: /; write fN/,
});
importRefuses("a missing model", {
  options: ["--model", "/nowhere/at/all"],
  at: 'the model "/nowhere/at/all" leads to no folder "nowhere" in /',
  says: /; check the path$/,
});
importRefuses("a missing folder", {
  change: () => Promise.resolve(),
  at: "pyreft: there is no such folder",
  says: /; check the path$/,
});
importRefuses("a folder that neither saved", {
  change: (scene) => Deno.mkdir(scene.path("pyreft")),
  at: "pyreft: has neither config.json nor adapter_config.json",
  says: /; give a folder that pyreft's ReftModel\.save or peft's save_pretrained wrote/,
});
importRefuses("a folder whose config.json is a link to a missing file", {
  change: async (scene) => {
    await Deno.mkdir(scene.path("pyreft"));
    await Deno.symlink(scene.path("absent.json"), scene.path("pyreft", "config.json"));
  },
  at: "pyreft/config.json: is a symbolic link to a file that does not exist",
  says: /; restore that file, or remove the link$/,
});
importRefuses("an archive", {
  change: (scene) => scene.write("pyreft", "PK"),
  at: "pyreft: is a file",
  says: /; give the folder that pyreft or peft saved, unpacked if it is an archive/,
});
importRefuses("an intervention of its own", {
  change: async (scene) => {
    await Deno.mkdir(scene.path("pyreft"));
    await scene.write("pyreft/intervention.json", "{}");
  },
  at: "pyreft: is an intervention already",
  says: /; use it as it is, as in saved\(folder\)/,
});
importRefuses("to overwrite a file", {
  change: async (scene) => {
    await writePyreft(scene);
    await scene.write("imported", "mine");
  },
  at: "imported: is a file; give --out a folder",
  says: /$/,
});

Deno.test("an import to a path below a file reports that it can't be written", () =>
  inScene({}, async (scene) => {
    await writePyreft(scene);
    await scene.write("file", "mine");
    const { code, stderr } = await importing(scene, "--out", scene.path("file", "sub"));
    assert.equal(code, 2);
    assert.match(stderr, /^error: .*file\/sub: can't be written \(.*\); .*choose another folder\n$/);
    assert.equal(await Deno.readTextFile(scene.path("file")), "mine");
  }));

Deno.test("an import into the same folder may be repeated", () =>
  inScene({}, async (scene) => {
    await writePyreft(scene);
    for (let round = 0; round < 2; round++) assert.equal((await importing(scene)).code, 0);
    assert.deepEqual(treeOf(scene.path("imported")), ["intervention.json", "weights.safetensors"]);
  }));

Deno.test("a pair whose ranks config.json does not give is imported", () =>
  inScene({}, async (scene) => {
    await withPair(state, null)(scene);
    const { code, stdout, stderr } = await importing(scene, "--positions", "f1+l1");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^2 interventions in /);
  }));
