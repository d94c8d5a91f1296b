/** `deno task activations` over the families' folders: what it writes, and what it refuses. @module */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { encodeSafetensors, type NamedTensor, readHeader, readTensor } from "../../../pipelines/models/safetensors.ts";
import { inProcess, type Outcome, treeOf } from "../../support/command.ts";
import { readFamilyGolden } from "../models/families_golden.ts";
import { inFolder } from "../models/support.ts";

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

for (const name of ["gpt2", "gemma2", "opt-post-norm", "bert", "modernbert"]) {
  Deno.test(`activations are transformers' at every token, whichever side a row is padded on: ${name}`, () =>
    inFolder(async (scratch) => {
      const { stack } = await readFamilyGolden(name), input = `${folderOf(name)}/expected.safetensors`;
      const sites = ["block.1.output", "block.0.attention.query", "embedding.output"];
      const { code, stderr } = await activations(scratch, folderOf(name), "--input", input, "--sites", sites.join());
      assert.equal(code, 0, stderr);
      const { tensors } = await readHeader(`${scratch}/out.safetensors`);
      const read = async (tensor: string) => await readTensor(tensors.get(tensor)!);
      for (const [index, state] of stack.hiddenStates.entries()) {
        const found = await read(`hidden_states.${index}`), width = state.shape[2]!;
        assert.deepEqual(tensors.get(`hidden_states.${index}`)!.shape, state.shape);
        stack.mask.flat().forEach((mark, place) => {
          for (let at = place * width; at < (place + 1) * width; at++) {
            const expected = mark === 1 ? state.data[at]! : 0;
            assert.ok(Math.abs(found[at]! - expected) <= 1e-4, `${index} at ${place}: ${found[at]}, not ${expected}`);
          }
        });
      }
      assert.deepEqual(await read("embedding.output"), await read("hidden_states.0"));
      assert.deepEqual(
        [...tensors.keys()].filter((each) => !/^(hidden_states|logits)/.test(each)).sort(),
        sites.sort(),
      );
    }));
}

Deno.test("activations of a classifier have a row's scores as logits, and those of a bare model none", () =>
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

Deno.test("activations of a text have its tokens beside them, and need no logits", () =>
  inFolder(async (scratch) => {
    const { code, stderr } = await activations(
      scratch,
      "builtin:tiny",
      "--text",
      "red",
      "--text",
      "blue is",
      "--no-logits",
    );
    assert.equal(code, 0, stderr);
    const { tensors } = await readHeader(`${scratch}/out.safetensors`);
    const [rows, length] = tensors.get("input_ids")!.shape;
    assert.equal(rows, 2);
    assert.deepEqual(tensors.get("attention_mask")!.shape, [rows, length]);
    assert.deepEqual(tensors.get("hidden_states.0")!.shape.slice(0, 2), [rows, length]);
    assert.ok(!tensors.has("logits"));
  }));

const sound = [integers("input_ids", [[3, 4, 5]]), integers("attention_mask", [[1, 1, 0]])];
const [ids] = sound as [NamedTensor];

const refusals: readonly (readonly [string, readonly NamedTensor[], readonly string[], RegExp])[] = [
  ["no input", sound, [], /say what the model is to read: give either --input or --text/],
  ["an input without ids", [integers("ids", [[1]])], ["--input"], /in\.safetensors: has no tensor input_ids/],
  [
    "ids beyond the vocabulary",
    [integers("input_ids", [[3, 48]])],
    ["--input"],
    /has the id 48 in row 0 and the vocabulary ends at 47/,
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
    "a mask of other numbers",
    [ids, integers("attention_mask", [[1, 2, 1]])],
    ["--input"],
    /has 2 in the attention_mask of row 0/,
  ],
  ["a row of padding", [ids, integers("attention_mask", [[0, 0, 0]])], ["--input"], /has no token in row 0/],
  [
    "ids that are no whole numbers",
    [{ ...ids, data: new Float32Array(3) }],
    ["--input"],
    /is stored as F32 where whole numbers/,
  ],
  [
    "too many tokens",
    [integers("input_ids", [new Array<number>(65).fill(3)])],
    ["--input"],
    /has 65 tokens in row 0 and the model reads at most 64/,
  ],
  [
    "an unknown site",
    sound,
    ["--sites", "block.9.output", "--input"],
    /no site "block\.9\.output"; the model has blocks 0 to 1 and embedding\.output, block\.0\.input, /,
  ],
  ["no rows", [{ ...ids, shape: [0, 3], data: new BigInt64Array() }], ["--input"], /has no rows/],
];

for (const [what, tensors, options, says] of refusals) {
  Deno.test(`activations refuse ${what}`, () =>
    inFolder(async (scratch) => {
      const input = await writeInput(scratch, tensors), before = treeOf(scratch);
      const all = options.includes("--input") ? [...options, input] : options;
      const { code, stdout, stderr } = await activations(scratch, folderOf("gpt2"), ...all);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, says);
      assert.equal(stderr.trimEnd().split("\n").length, 1);
      assert.deepEqual(treeOf(scratch), before);
    }));
}
