/** `deno task activations` over the families' folders: its output and its errors. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readHeader, readIntegers, readTensor } from "../../../pipelines/models/weights/safetensors.ts";
import { encodeSafetensors, type NamedTensor } from "../../../pipelines/models/weights/safetensors_writer.ts";
import { inProcess, type Outcome, treeOf } from "../../support/command.ts";
import { type GoldenStack, type Numbers, readFamilyGolden } from "../models/families/families_golden.ts";
import { goldenPath } from "../models/gguf/support.ts";
import { inFolder } from "../models/support.ts";
import { writeTinyModel } from "../../support/tiny_model.ts";

const folderOf = (name: string) => fileURLToPath(new URL(`../../goldens/families/${name}`, import.meta.url));

/** Runs the command with the store and the result in a scratch folder. */
function activations(scratch: string, model: string, ...options: readonly string[]): Promise<Outcome> {
  const places = ["--store", `${scratch}/store`, "--threads", "1", "--out", `${scratch}/out.safetensors`];
  return inProcess("activations", model, ...places, ...options);
}

const integers = (name: string, rows: readonly (readonly number[])[]): NamedTensor => ({
  name,
  shape: [rows.length, rows[0]?.length ?? 0],
  data: BigInt64Array.from(rows.flat(), BigInt),
});

async function writeInput(scratch: string, tensors: readonly NamedTensor[]): Promise<string> {
  const file = `${scratch}/in.safetensors`;
  await Deno.writeFile(file, new Blob(encodeSafetensors(tensors)).stream());
  return file;
}

/** Asserts that numbers [batch, tokens, width] are as expected at every token, and 0 elsewhere. */
function assertAtTokens(found: Float32Array, { data, shape }: Numbers, mask: GoldenStack["mask"], what: string): void {
  const width = shape[2]!;
  mask.flat().forEach((mark, place) => {
    for (let at = place * width; at < (place + 1) * width; at++) {
      const expected = mark === 1 ? data[at]! : 0;
      assert.ok(Math.abs(found[at]! - expected) <= 1e-4, `${what} at ${place}: ${found[at]}, not ${expected}`);
    }
  });
}

for (const name of ["gpt2", "gemma2", "opt-post-norm", "bert", "modernbert"]) {
  Deno.test(`activations equal transformers' at every token, with padding on either side: ${name}`, () =>
    inFolder(async (scratch) => {
      const { stack } = await readFamilyGolden(name), input = `${folderOf(name)}/expected.safetensors`;
      const sites = ["block.1.output", "block.0.attention.query", "embedding.output"];
      const { code, stderr } = await activations(scratch, folderOf(name), "--input", input, "--sites", sites.join());
      assert.equal(code, 0, stderr);
      const { tensors } = await readHeader(`${scratch}/out.safetensors`);
      const read = async (tensor: string) => await readTensor(tensors.get(tensor)!);
      for (const [index, state] of stack.hiddenStates.entries()) {
        assert.deepEqual(tensors.get(`hidden_states.${index}`)!.shape, state.shape);
        assertAtTokens(await read(`hidden_states.${index}`), state, stack.mask, `Hidden state ${index}`);
      }
      assert.deepEqual(await read("embedding.output"), await read("hidden_states.0"));
      assert.deepEqual(
        [...tensors.keys()].filter((each) => !/^(hidden_states|logits)/.test(each)).sort(),
        sites.sort(),
      );
    }));
}

Deno.test("activations of an encoder and a decoder equal transformers' at every token, with padding on either side", () =>
  inFolder(async (scratch) => {
    const { stack, decoder, head } = await readFamilyGolden("t5");
    const input = `${folderOf("t5")}/expected.safetensors`;
    const sites = ["encoder.block.0.output", "decoder.embedding.output", "decoder.block.1.crossAttention.key"];
    const { code, stderr } = await activations(scratch, folderOf("t5"), "--input", input, "--sites", sites.join());
    assert.equal(code, 0, stderr);
    const { tensors } = await readHeader(`${scratch}/out.safetensors`);
    const read = async (tensor: string) => await readTensor(tensors.get(tensor)!);
    const shapeOf = (tensor: string) => tensors.get(tensor)?.shape;
    for (const [name, { hiddenStates, mask }] of [["encoder", stack], ["decoder", decoder!]] as const) {
      assert.notDeepEqual(mask.map((row) => row.at(0)), mask.map((row) => row.at(-1)));
      for (const [index, state] of hiddenStates.entries()) {
        const tensor = `${name}_hidden_states.${index}`;
        assert.deepEqual(shapeOf(tensor), state.shape);
        assertAtTokens(await read(tensor), state, mask, tensor);
      }
    }
    assert.deepEqual(shapeOf("logits"), head!.logits.shape);
    assertAtTokens(await read("logits"), head!.logits, decoder!.mask, "Logits");
    assert.deepEqual(await read(sites[0]!), await read("encoder_hidden_states.1"));
    assert.deepEqual(await read(sites[1]!), await read("decoder_hidden_states.0"));
    assert.deepEqual(shapeOf(sites[2]!), [...stack.hiddenStates[0]!.shape.slice(0, 2), 24]);
    const others = [...tensors.keys()].filter((each) => !/^((en|de)coder_hidden_states|logits)/.test(each));
    assert.deepEqual(others.toSorted(), sites.toSorted());
  }));

Deno.test("activations of a text in an encoder-decoder model start the decoder with its start token", () =>
  inFolder(async (scratch) => {
    const model = `${scratch}/model`, goldens = new URL("../../goldens/", import.meta.url);
    await Deno.mkdir(model);
    for (const file of ["families/t5/config.json", "families/t5/model.safetensors", "t5/tokenizer.json"]) {
      await Deno.copyFile(new URL(file, goldens), `${model}/${file.split("/").at(-1)}`);
    }
    const of = async (...options: readonly string[]) => {
      const { code, stderr } = await activations(scratch, model, ...options);
      assert.equal(code, 0, stderr);
      const { tensors } = await readHeader(`${scratch}/out.safetensors`);
      return { tensors, logits: await readTensor(tensors.get("logits")!) };
    };
    const texts = await of("--text", "ba be bi", "--text", "lo lu");
    const shapes = ["input_ids", "attention_mask", "decoder_input_ids", "logits"].map((each) => {
      return texts.tensors.get(each)?.shape;
    });
    assert.deepEqual(shapes, [[2, 5], [2, 5], [2, 1], [2, 1, 48]]);
    const ids = await readIntegers(texts.tensors.get("input_ids")!);
    const mask = await readIntegers(texts.tensors.get("attention_mask")!);
    const rows = (flat: readonly number[]) => [flat.slice(0, 5), flat.slice(5)];
    assert.deepEqual(rows(mask), [[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]);
    const input = await writeInput(scratch, [
      integers("input_ids", rows(ids)),
      integers("attention_mask", rows(mask)),
      integers("decoder_input_ids", [[0], [0]]),
    ]);
    assert.deepEqual((await of("--input", input)).logits, texts.logits);
  }));

Deno.test("activations of a classifier have the rows' scores as logits, and a bare model has none", () =>
  inFolder(async (scratch) => {
    const run = async (name: string) => {
      const input = `${folderOf(name)}/expected.safetensors`;
      const { code, stderr } = await activations(scratch, folderOf(name), "--input", input);
      assert.equal(code, 0, stderr);
      return (await readHeader(`${scratch}/out.safetensors`)).tensors.get("logits");
    };
    const scores = await run("modernbert-classifier-mean"),
      { head } = await readFamilyGolden("modernbert-classifier-mean");
    assert.deepEqual(scores?.shape, head!.logits.shape);
    const found = await readTensor(scores);
    head!.logits.data.forEach((expected, at) => assert.ok(Math.abs(found[at]! - expected) <= 1e-4));
    assert.equal(await run("names-bert-bare"), undefined);
  }));

Deno.test("activations of a text include its tokens, and logits are optional", () =>
  inFolder(async (scratch) => {
    const { code, stderr } = await activations(
      scratch,
      "builtin:tiny",
      "--text",
      "red",
      "--text",
      "blue is",
      "--no-logits",
      "--sites",
      "block.1.output, embedding.output",
    );
    assert.equal(code, 0, stderr);
    const { tensors } = await readHeader(`${scratch}/out.safetensors`);
    const [rows, length] = tensors.get("input_ids")!.shape;
    assert.equal(rows, 2);
    assert.deepEqual(tensors.get("attention_mask")!.shape, [rows, length]);
    assert.deepEqual(tensors.get("hidden_states.0")!.shape.slice(0, 2), [rows, length]);
    assert.ok(!tensors.has("logits"));
    assert.ok(tensors.has("block.1.output") && tensors.has("embedding.output"));
  }));

Deno.test("activations that are not finite are noted", () =>
  inFolder(async (scratch) => {
    const model = `${scratch}/model`, file = join(model, "model.safetensors");
    await writeTinyModel(model, {});
    const { tensors } = await readHeader(file), last = "model.layers.1.mlp.down_proj.weight";
    const changed = await Promise.all([...tensors.values()].map(async (tensor): Promise<NamedTensor> => {
      const data = Float32Array.from(await readTensor(tensor));
      return { name: tensor.name, shape: tensor.shape, data: tensor.name === last ? data.fill(NaN) : data };
    }));
    await Deno.writeFile(file, await new Blob(encodeSafetensors(changed)).bytes());
    const { code, stderr } = await activations(scratch, model, "--text", "red");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /note: hidden_states\.2 and 1 more hold numbers that are not finite; check/);
    const sound = await activations(scratch, model, "--text", "red", "--no-logits", "--sites", "block.0.output");
    assert.match(sound.stderr, /note: hidden_states\.2 holds numbers/);
  }));

Deno.test("weights of more blocks than config.json says are noted", () =>
  inFolder(async (scratch) => {
    const model = `${scratch}/model`, config = join(model, "config.json");
    await writeTinyModel(model, {});
    const plain = await activations(scratch, model, "--text", "red");
    assert.doesNotMatch(plain.stderr, /blocks/);
    await Deno.writeTextFile(
      config,
      (await Deno.readTextFile(config)).replace('"num_hidden_layers":2', '"num_hidden_layers":1'),
    );
    const { code, stderr } = await activations(scratch, model, "--text", "red");
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /note: .*model\.safetensors: has model\.layers\.1\.[\w.]+, but config\.json says that there is 1 block, so it is not/,
    );
  }));

Deno.test("activations refuse to write to an existing folder, before they are computed", () =>
  inFolder(async (scratch) => {
    const { code, stderr } = await inProcess("activations", "builtin:tiny", "--text", "red", "--out", scratch);
    assert.equal(code, 2);
    assert.equal(stderr, `error: ${scratch}: is a folder; give --out a file\n`);
  }));

Deno.test("activations never overwrite what they are computed from", () =>
  inFolder(async (scratch) => {
    const model = join(scratch, "model"), gguf = join(scratch, "model.gguf"), link = join(scratch, "link");
    await writeTinyModel(model);
    await Deno.copyFile(goldenPath("llama.gguf"), gguf);
    await Deno.symlink(join(model, "model.safetensors"), link);
    const input = await writeInput(scratch, sound);
    const refuses = async (source: string, out: string, ...given: readonly string[]) => {
      const before = await Deno.readFile(out);
      const { code, stderr } = await inProcess("activations", source, ...given, "--out", out, "--store", scratch);
      assert.equal(code, 2);
      assert.ok(stderr.endsWith(`${out}: is read by this command and would be overwritten; give --out another file\n`));
      assert.deepEqual(await Deno.readFile(out), before);
    };
    await refuses(model, join(model, "model.safetensors"), "--text", "red");
    await refuses(model, link, "--text", "red");
    await refuses(gguf, gguf, "--text", "red");
    await refuses(model, input, "--input", input);
  }));

const sound = [integers("input_ids", [[3, 4, 5]]), integers("attention_mask", [[1, 1, 0]])];
const [ids] = sound as [NamedTensor];

const refusals: readonly (readonly [string, readonly NamedTensor[], readonly string[], RegExp])[] = [
  ["no input", sound, [], /there is nothing for the model to read; give either --input or --text/],
  ["an input without ids", [integers("ids", [[1]])], ["--input"], /in\.safetensors: has no tensor input_ids/],
  [
    "ids beyond the vocabulary",
    [integers("input_ids", [[3, 48]])],
    ["--input"],
    /has the id 48 in row 0, but the vocabulary ends at 47/,
  ],
  ["a negative id", [integers("input_ids", [[-1]])], ["--input"], /has the id -1 in row 0/],
  [
    "ids without a batch",
    [{ ...ids, shape: [3] }],
    ["--input"],
    /has input_ids as \[3\]; give it as \[batch, tokens\]/,
  ],
  ["a mask of another shape", [ids, integers("attention_mask", [[1]])], ["--input"], /has attention_mask as \[1, 1\]/],
  [
    "a mask with values other than 0 and 1",
    [ids, integers("attention_mask", [[1, 2, 1]])],
    ["--input"],
    /has 2 in the attention_mask of row 0/,
  ],
  ["a row of only padding", [ids, integers("attention_mask", [[0, 0, 0]])], ["--input"], /has no token in row 0/],
  [
    "ids that are not whole numbers",
    [{ ...ids, data: new Float32Array(3) }],
    ["--input"],
    /is stored as F32 where whole numbers/,
  ],
  [
    "too many tokens",
    [integers("input_ids", [new Array<number>(65).fill(3)])],
    ["--input"],
    /has 65 tokens in row 0, but the model reads at most 64/,
  ],
  [
    "an unknown site",
    sound,
    ["--sites", "block.9.output", "--input"],
    /no site "block\.9\.output"; the model has blocks 0 to 1 and embedding\.output, block\.0\.input, /,
  ],
  ["no rows", [{ ...ids, shape: [0, 3], data: new BigInt64Array() }], ["--input"], /has no rows/],
];

const twofold = [...sound, integers("decoder_input_ids", [[0, 7]])];

/** Refusals for an encoder-decoder model. */
const twofoldRefusals: typeof refusals = [
  [
    "no tokens for a decoder",
    sound,
    ["--input"],
    /has no tensor decoder_input_ids .*; add it, each row beginning with the decoder_start_token_id 0/,
  ],
  [
    "a different number of rows for a decoder",
    [...sound, integers("decoder_input_ids", [[0], [0]])],
    ["--input"],
    /has 2 rows of decoder_input_ids for 1 of input_ids/,
  ],
  [
    "a decoder's mask of another shape",
    [...twofold, integers("decoder_attention_mask", [[1]])],
    ["--input"],
    /has decoder_attention_mask as \[1, 1\]; give it as \[batch, tokens\], as decoder_input_ids/,
  ],
  [
    "a decoder's row of only padding",
    [...twofold, integers("decoder_attention_mask", [[0, 0]])],
    ["--input"],
    /has no token in row 0 of decoder_input_ids/,
  ],
  [
    "a site of neither stack",
    twofold,
    ["--sites", "block.0.output", "--input"],
    /does not name its stack; write encoder\.block\.0\.output or decoder\.block\.0\.output/,
  ],
  [
    "an unknown site of a stack",
    twofold,
    ["--sites", "encoder.block.0.crossAttention.key", "--input"],
    /no site "encoder\.block\.0\.crossAttention\.key"; the encoder has blocks 0 to 1 and encoder\.embedding\.output, /,
  ],
];

/** Transformers would use LongRoPE's long factors for every row of the batch. */
const longRopeRefusal = [
  "rows longer than the context of LongRoPE's short factors",
  [integers("input_ids", [[3, 4, 5, 6, 7]])],
  ["--input"],
  /has 5 tokens in row 0, but the model reads at most 4/,
] as const;

const allRefusals = [
  ["phi3-longrope-long", ...longRopeRefusal] as const,
  ...refusals.map((each) => ["gpt2", ...each] as const),
  ...twofoldRefusals.map((each) => ["t5", ...each] as const),
];

for (const [model, what, tensors, options, says] of allRefusals) {
  Deno.test(`activations refuse ${what}`, () =>
    inFolder(async (scratch) => {
      const input = await writeInput(scratch, tensors), before = treeOf(scratch);
      const all = options.includes("--input") ? [...options, input] : options;
      const { code, stdout, stderr } = await activations(scratch, folderOf(model), ...all);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, says);
      assert.equal(stderr.trimEnd().split("\n").length, 1);
      assert.deepEqual(treeOf(scratch), before);
    }));
}
