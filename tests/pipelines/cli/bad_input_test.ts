/** Every invalid input is refused in one line with its location and a remedy, and leaves no files. @module */
import { readHeader } from "../../../pipelines/models/weights/safetensors.ts";
import assert from "node:assert/strict";
import { inScene, lineOf, type PipelineParts, type Scene } from "../../support/scene.ts";
import { writeTinyWeights } from "../../support/tiny_model.ts";

interface BadInput {
  readonly parts?: Partial<PipelineParts>;
  readonly change?: (scene: Scene) => Promise<void>;
  readonly options?: readonly string[];
  /** The start of the line, after `error: ` and without the scene's folder. */
  readonly at: string;
  readonly says: RegExp;
}

/** Tests that the pipeline is refused in one line and writes nothing. */
function refuses(name: string, { parts = {}, change, options = [], at, says }: BadInput): void {
  Deno.test(`bad input: ${name}`, () =>
    inScene(parts, async (scene) => {
      await change?.(scene);
      const { code, stdout, stderr } = await scene.run(...options);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, "");
      const [line, ...rest] = stderr.replaceAll(`${scene.folder}/`, "").split("\n");
      assert.deepEqual(rest, [""]);
      assert.ok(line!.startsWith(`error: ${at}`), line);
      assert.match(line!, says);
      assert.deepEqual(scene.written, []);
      assert.deepEqual(scene.entries, []);
    }));
}

const weights = "model/model.safetensors", config = "model/config.json", tensor = "model.layers.0.mlp.up_proj.weight";

type Header = Record<string, { shape: number[]; data_offsets: number[] }>;

/** Rewrites the header of the weights' file, and keeps its data. */
function withHeader(edit: (header: Header) => void): (scene: Scene) => Promise<void> {
  return async (scene) => {
    const bytes = await Deno.readFile(scene.path(weights));
    const start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header: Header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
    edit(header);
    const text = new TextEncoder().encode(JSON.stringify(header)), length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
    await scene.write(weights, new Uint8Array([...length, ...text, ...bytes.subarray(start)]));
  };
}

/** Changes the bytes of the weights' file. */
function withBytes(edit: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array): (scene: Scene) => Promise<void> {
  return async (scene) => scene.write(weights, edit(await Deno.readFile(scene.path(weights))));
}

const without = (path: string) => (scene: Scene) => Deno.remove(scene.path(path));
const withText = (path: string, text: string) => (scene: Scene) => scene.write(path, text);

const shard = (part: number) => `model-0000${part}-of-00002.safetensors`;

/** Makes the weights' file the first shard of two, and writes an index that `edit` may change. */
function sharded(edit: (map: Record<string, string>) => void): (scene: Scene) => Promise<void> {
  return async (scene) => {
    const { tensors } = await readHeader(scene.path(weights)), map: Record<string, string> = {};
    for (const name of tensors.keys()) map[name] = shard(1);
    edit(map);
    await Deno.rename(scene.path(weights), scene.path("model", shard(1)));
    await scene.write("model/model.safetensors.index.json", JSON.stringify({ weight_map: map }));
  };
}

refuses("a missing shard", {
  change: sharded((map) => map[tensor] = shard(2)),
  at: `model: shard "${shard(2)}" of model.safetensors.index.json is absent`,
  says: /; download the model again$/,
});
refuses("a tensor that the index lacks", {
  change: sharded((map) => delete map[tensor]),
  at: `model/model.safetensors.index.json: the tensor ${tensor} that config.json requires is missing`,
  says: /, and so is the shard "model-00002-of-00002\.safetensors"; download the model again$/,
});
refuses("a tensor that its shard lacks", {
  change: sharded((map) => map["absent"] = shard(1)),
  at: `model/${shard(1)}: lacks tensor "absent", which model.safetensors.index.json assigns to it`,
  says: /; download the model again$/,
});
refuses("an index that is not JSON", {
  change: async (scene) => {
    await without(weights)(scene);
    await scene.write("model/model.safetensors.index.json", "<html>");
  },
  at: "model/model.safetensors.index.json",
  says: /: is not JSON; download the model again$/,
});
refuses("no weights", { change: without(weights), at: "model: has neither", says: /; give a folder that has/ });
refuses("weights cut short", {
  change: withBytes((bytes) => bytes.subarray(0, -4)),
  at: `${weights}: is cut short from tensor "`,
  says: /, 4 bytes are missing; download/,
});
refuses("a header cut short", {
  change: withBytes((bytes) => bytes.subarray(0, 100)),
  at: `${weights}: is cut short in its header`,
  says: /; download/,
});
refuses("a file shorter than the header's length", {
  change: withBytes((bytes) => bytes.subarray(0, 4)),
  at: `${weights}: has 4 bytes`,
  says: /; download/,
});
refuses("a header that claims to be huge", {
  change: withBytes((bytes) => bytes.fill(0xff, 0, 8)),
  at: `${weights}: claims a header of 18446744073709551615 bytes`,
  says: /; download/,
});
refuses("a tensor that claims to end beyond the file", {
  change: withHeader((header) => header[tensor]!.data_offsets[1]! += 1e9),
  at: `${weights}: tensor "${tensor}" has 1000002048 bytes where shape [32,16] of F32 takes 2048`,
  says: /; download/,
});
refuses("two tensors that claim the same bytes", {
  change: withHeader((header) => {
    header[tensor]!.data_offsets = header["model.layers.1.mlp.up_proj.weight"]!.data_offsets;
  }),
  at: `${weights}: tensor "`,
  says: /(overlaps|leaves a hole).*; download/,
});
refuses("offsets too large for a number", {
  change: withHeader((header) => header[tensor]!.data_offsets = [2 ** 60, 2 ** 60 + 2048]),
  at: `${weights}: tensor "${tensor}" has data offsets`,
  says: /; download/,
});
refuses("a shape that overflows", {
  change: withHeader((header) => header[tensor]!.shape = [2 ** 40, 2 ** 40]),
  at: `${weights}: tensor "${tensor}" has a shape or offsets too large to count`,
  says: /; download/,
});
refuses("a missing tensor", {
  change: (scene) => writeTinyWeights(scene.path("model"), 1, (name, shape) => name === tensor ? undefined : shape),
  at: `${weights}: the tensor ${tensor} that config.json requires is missing`,
  says: /; use config.json and weights of the same model/,
});
refuses("a tensor of another shape", {
  change: (scene) => writeTinyWeights(scene.path("model"), 1, (name, shape) => name === tensor ? [4, 4] : shape),
  at: `${weights}: the tensor ${tensor} is [4, 4], but config.json requires [32, 16]`,
  says: /; use config.json and weights of the same model/,
});
refuses("an unknown architecture", {
  change: withText(config, '{ "model_type": "mamba" }'),
  at: `${config}: model_type "mamba" is not supported`,
  says: /known are llama, mistral, mixtral, /,
});
refuses("no config", { change: without(config), at: `${config}: there is no`, says: /; give/ });
refuses("a broken config", { change: withText(config, "{"), at: `${config}:1:2: is not JSON`, says: /; download/ });
refuses("no tokenizer", {
  change: without("model/tokenizer.json"),
  at: "model: has no tokenizer.json",
  says: /; download the model again/,
});
refuses("a broken tokenizer", {
  change: withText("model/tokenizer.json", '{"model":'),
  at: "model/tokenizer.json: is not JSON",
  says: /; download/,
});
refuses("an unknown tokenizer", {
  change: withText("model/tokenizer.json", '{"model": {"type": "X"}}'),
  at: "model/tokenizer.json: can't be used",
  says: /; choose/,
});
refuses("no model", {
  parts: { source: `"./nowhere"` },
  at: 'pipeline.ts:7:16: the model "./nowhere" is not a folder in ',
  says: /; relative paths are resolved from /,
});

const row = (q: string, a: string) => JSON.stringify({ q, a }) + "\n";

refuses("a broken line", {
  change: withText("rows.jsonl", `${row("a", "b")}{"q": oops\n`),
  at: "rows.jsonl:2:7: the line is not JSON",
  says: /; correct or remove it/,
});
refuses("a line that is not an object", {
  change: withText("rows.jsonl", `${row("a", "b")}[1]\n`),
  at: "rows.jsonl:2: expected a JSON object but found an array",
  says: /; write one object per row/,
});
refuses("a missing field", {
  change: withText("rows.jsonl", `${row("a", "b")}{"q":"x"}\n`),
  at: 'rows.jsonl:2: the row has no field "a"',
  says: /it has: "q".* \(declared at [^ ]*pipeline\.ts:\d+:\d+\)$/,
});
refuses("an empty completion", {
  change: withText("rows.jsonl", row("a", "b") + row("x", "")),
  at: "rows.jsonl:2: the row's completion is empty",
  says: /; fill its field or remove it/,
});
refuses("an empty file", {
  change: withText("rows.jsonl", ""),
  at: "rows.jsonl: the file has no rows",
  says: /; wr/,
});
refuses("no file", {
  change: without("rows.jsonl"),
  at: 'pipeline.ts:4:65: "./rows.jsonl" is not a file in ',
  says: /; relative paths are resolved from /,
});
refuses("text that is not UTF-8", {
  change: (scene) => scene.write("rows.jsonl", new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])),
  at: "rows.jsonl:1: the line is not UTF-8 text",
  says: /; save/,
});
refuses("a prompt longer than the model's context", {
  change: withText("rows.jsonl", row("a", "b") + row("word ".repeat(100), "b")),
  at: "rows.jsonl:2: the row has 306 tokens, but the model reads at most 64",
  says: /; shorten the row/,
});

/** The location of a part's value in the pipeline file. */
const place = (part: keyof typeof lineOf, column: number) => `pipeline.ts:${lineOf[part]}:${column}: `;

for (const block of [2, -1, 0.5]) {
  refuses(`block ${block}`, {
    parts: { at: `block(${block}).output` },
    at: `${place("at", 14)}block ${block} does not exist`,
    says: /blocks 0 to 1$/,
  });
}
refuses("a site that the model lacks", {
  parts: { at: 'block(1)["nothing"]' },
  at: `${place("at", 22)}a block has no "nothing"`,
  says: /; use one of those it has: "input", "attention", "mlp", "output"$/,
});
for (const rank of ["0", "17", "1.5", "-1", "NaN"]) {
  refuses(`rank ${rank}`, {
    parts: { rank },
    at: "pipeline.ts:11:28: ",
    says: /rank .*; give a whole number from 1 to/,
  });
}
refuses("a prefix that leaves no room for the prompt", {
  parts: { edit: "...(() => [refract.prefixTuning({ tokens: 60 })])" },
  at: "pipeline.ts:16:17: the prefix has 60 tokens and the longest row",
  says: /; give the prefix fewer tokens or shorten the rows$/,
});
refuses("positions that a function chooses outside the prompt", {
  parts: { positions: "() => [99]" },
  at: "rows.jsonl:1: the positions' function chose token 99 of a prompt of",
  says: /; choose from 0 to \d+$/,
});
refuses("positions from the index of an absent token", {
  parts: { positions: '({ pieces }) => [pieces.lastIndexOf("zebra")]' },
  at: "rows.jsonl:1: the positions' function chose token -1 of a prompt of",
  says: /look a token up with at\(pieces, text\), or write fromEnd\(1\)$/,
});
refuses("positions of an absent token", {
  parts: { positions: '({ pieces }) => [refract.at(pieces, "zebra")]' },
  at: 'rows.jsonl:1: no token of the prompt is "zebra"; ',
  says: /use one of those it has: /,
});
refuses("positions whose function returns no list", {
  parts: { positions: "() => 3" },
  at: "rows.jsonl:1: the positions' function does not return a list",
  says: /; return token indices$/,
});
refuses("positions whose function throws", {
  parts: { positions: "({ pieces }) => [pieces.nothing.length]" },
  at: "rows.jsonl:1: the positions' function failed (Cannot read properties of undefined",
  says: /; correct it$/,
});
refuses("positions of a field that the template lacks", {
  parts: { positions: '"{query}.l1"' },
  at: 'rows.jsonl:1: the positions "{query}.l1" name no field of the prompt\'s template; ',
  says: /use one of those it has: "q"$/,
});
refuses("positions of a field that maxLength cuts off", {
  parts: { positions: '"{q}"', data: "rows.take(1)", trainSettings: "maxLength: 5" },
  at: 'rows.jsonl:1: the field "q" has no token in the prompt to edit',
  says: /; fill it, or raise maxLength if it was cut off$/,
});
refuses("a subspace of a field that rows lack", {
  parts: { editSettings: 'subspace: "subspaces"' },
  at: 'rows.jsonl:1: the row has no field "subspaces", which the edit\'s subspace names',
  says: /; use one of those it has: "q", "a", "options"$/,
});
refuses("a subspace of a field that does not list rows of the rank", {
  parts: { editSettings: 'subspace: "q"' },
  at: 'rows.jsonl:1: the field "q" does not list rows of rank 2',
  says: /; give a list of whole numbers from 0 to 1$/,
});
for (const rows of ["[]", "[2]", "[0.5]", '["0"]', "undefined"]) {
  refuses(`a subspace of ${rows}`, {
    parts: { editSettings: `subspace: () => (${rows})` },
    at: "pipeline.ts:16:17: the subspace's function does not list rows of rank 2",
    says: /; give a list of whole numbers from 0 to 1$/,
  });
}
refuses("a subspace of an edit without a rank", {
  parts: { edit: "...((options) => [red({ at: options.at, positions: options.positions, subspace: 'q' })])" },
  at: "pipeline.ts:",
  says: /subspace/,
});
for (const dropout of ["1", "-0.1", '"high"']) {
  refuses(`dropout of ${dropout}`, {
    parts: { editSettings: `dropout: ${dropout}` },
    at: "pipeline.ts:11:28: ",
    says: /; give a number of at least 0 and below 1$/,
  });
}

for (const positions of ["x3", "", "f0", "l", "f1+f2", "l-1", "F1", "f1 + l1 + l2"]) {
  refuses(`positions "${positions}"`, {
    parts: { positions: JSON.stringify(positions) },
    at: `pipeline.ts:11:28: the positions ${JSON.stringify(positions)} are not valid`,
    says: /; write fN, lN, fN\+lM/,
  });
}
for (const part of ["epochs", "batchSize"] as const) {
  refuses(`${part} 0`, {
    parts: { [part]: "0" },
    at: `pipeline.ts:16:17: ${part} is 0`,
    says: /; give a whole number/,
  });
}
refuses("an empty axis", {
  parts: { rank: 'sweep("rank", [])' },
  at: `${place("rank", 16)}the axis rank is empty`,
  says: /; give it at least one value/,
});

refuses("an axis of one value without a list", {
  parts: { rank: 'sweep("rank", 4)' },
  at: `${place("rank", 16)}the axis rank takes a list of values but is given 4`,
  says: /; write sweep\("rank", \[4\]\)$/,
});

const rankAxis = { rank: 'sweep("rank", [1, 2])' };
refuses("an unknown axis", {
  parts: rankAxis,
  options: ["--set", "rnk=1"],
  at: "--set rnk: there is no such axis",
  says: /did you mean "rank"/,
});
refuses("an axis without a value", {
  parts: rankAxis,
  options: ["--set", "rank"],
  at: "option '--set",
  says: /; write axis=value/,
});

const wholeFile = (text: string) => withText("pipeline.ts", text);

refuses("a pipeline file without a default export", {
  change: wholeFile("export const x = 1;\n"),
  at: "pipeline.ts: has no pipeline as its default export",
  says: /; write export default pipeline\(/,
});
refuses("a default export that is not a pipeline", {
  change: wholeFile("export default 3;\n"),
  at: "pipeline.ts: has no pipeline as its default export",
  says: /; write export default pipeline\(/,
});
refuses("a pipeline file that throws", {
  parts: { preamble: 'throw new Error("boom");' },
  at: `${place("preamble", 7)}the pipeline fails (boom)`,
  says: /; correct it there/,
});
refuses("a pipeline that throws while it is built", {
  parts: { rank: '(() => { throw new Error("boom"); })()' },
  at: `pipeline.ts:${lineOf.rank}:`,
  says: /the pipeline fails \(boom\); correct it there/,
});
refuses("a pipeline file that is not TypeScript", {
  change: wholeFile("export default pipeline(;\n"),
  at: "pipeline.ts:1:25: the pipeline fails (SyntaxError",
  says: /; correct it there/,
});
refuses("a pipeline file that imports a missing module", {
  parts: { imports: 'import * as refract from "refract"; import "./nope.ts";' },
  at: "pipeline.ts:1:44: the pipeline fails (Module not found",
  says: /; correct it there/,
});

refuses("an unknown provider", { options: ["--provider", "tpu"], at: "option '--provider", says: /cpu, webgpu, cuda/ });
refuses("no threads", { options: ["--threads", "0"], at: "option '--threads", says: /; give a whole number/ });
refuses("an unknown option", { options: ["--bogus"], at: "unknown option '--bogus'", says: /; --help lists/ });
refuses("a provider whose libraries are absent", {
  options: ["--provider", "cuda"],
  at: "The cuda provider lacks libonnxruntime_providers_",
  says: /deno task doctor --install installs them, or use --provider cpu/,
});

for (const option of ["--store", "--out"]) {
  Deno.test(`bad input: ${option} below a file`, () =>
    inScene({}, async (scene) => {
      await scene.write("file", "x");
      const { code, stderr } = await scene.run(option, scene.path("file", "sub"));
      assert.equal(code, 2);
      assert.match(stderr, /^error: .*\/file\/sub.*; .*\n$/);
      assert.equal(await Deno.readTextFile(scene.path("file")), "x");
    }));
}

Deno.test("a loss that is not finite stops the training and keeps the last good state", () =>
  inScene({ optimizer: "adamw({ learningRate: 1e38 })", epochs: "20" }, async (scene) => {
    const { code, stdout, stderr } = await scene.run();
    assert.equal(code, 2);
    assert.equal(stdout, "");
    const last = stderr.trimEnd().split("\n").at(-1)!;
    assert.ok(
      last.startsWith(`error: ${scene.pipeline}:16:17: the loss of step 2 of 40 is NaN; lower the learning rate`),
    );
    const kept = scene.written.filter((path) => path.endsWith(".safetensors"));
    assert.equal(kept.length, 1, scene.written.join("\n"));
    assert.ok(last.includes(scene.path("out")), "the line names the folder of the last good state");
    assert.ok(!scene.entries.some((path) => path.startsWith("train/")));
  }));

Deno.test("if one of several members trained together diverges, it is named, and only its state is kept", () =>
  inScene({ rank: 'sweep("rank", [1, 2])', optimizer: "adamw({ learningRate: 1e38 })" }, async (scene) => {
    const { code, stderr } = await scene.run();
    assert.equal(code, 2);
    assert.ok(
      stderr.trimEnd().endsWith(`(the last good state is in ${scene.path("out", "members", "rank=1", "last-good")})`),
    );
    const kept = scene.written.filter((path) => path.endsWith(".safetensors"));
    assert.deepEqual(kept, ["members/rank=1/last-good/weights.safetensors"]);
    const { tensors } = await readHeader(scene.path("out", kept[0]!));
    assert.deepEqual([...tensors.keys()].sort(), ["0.bias", "0.rotate", "0.weight"]);
  }));

refuses("more checkpoints than the store may hold", {
  parts: { epochs: "40", trainSettings: "checkpoints: Array.from({ length: 40 }, (_, at) => at + 1)" },
  options: ["--cache-disk", "8KB"],
  at: "pipeline.ts:16:",
  says:
    /: the checkpoints of the training loreft, 40 in number, take [\d.]+ kB, and the store may hold 8\.00 kB; keep fewer, or raise --cache-disk$/,
});
