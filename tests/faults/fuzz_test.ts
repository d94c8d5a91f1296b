/**
 * Readers of external files, given valid content with random changes: each reads it or refuses it with Refract's own
 * error.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RequestError, RunError } from "../../pipelines/common/errors.ts";
import { parseJsonObject } from "../../pipelines/common/files.ts";
import { frontMatter, parseYaml } from "../../pipelines/common/yaml.ts";
import { visible } from "../../pipelines/common/visible.ts";
import { positionsOf } from "../../pipelines/compile/lower/positions.ts";
import { parseTemplate } from "../../pipelines/data/template.ts";
import { parseTorchFile } from "../../pipelines/interchange/torch_file.ts";
import { readPickle } from "../../pipelines/interchange/unpickle.ts";
import { writePickle } from "../../pipelines/interchange/pickle.ts";
import { ConfigReader } from "../../pipelines/models/architecture/config.ts";
import { architectureOf } from "../../pipelines/models/families/mod.ts";
import { loadTokenizer } from "../../pipelines/models/tokenization/tokenizer.ts";
import { parseTensorTable } from "../../pipelines/models/weights/safetensors_table.ts";
import { isResults } from "../../pipelines/results/shapes.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { zipSync } from "fflate";
import { type Choices, choicesOf, countOf, seed, tell } from "./support/form.ts";

const builtin = fileURLToPath(new URL("../../pipelines/models/builtin/tiny/", import.meta.url));
const bytesOf = (text: string) => new TextEncoder().encode(text),
  textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const file = "fuzzed";

/** A reader, and valid content for it. */
interface Target {
  readonly sound: readonly Uint8Array<ArrayBuffer>[];
  readonly read: (bytes: Uint8Array<ArrayBuffer>) => unknown;
  /** Its share of a hundred inputs. */
  readonly share: number;
}

const pickle = writePickle([
  { name: "rotate_layer.parametrizations.weight.original", shape: [4, 2], storage: "FloatStorage" },
  { name: "learned_source.bias", shape: [2], storage: "FloatStorage" },
]);
const torch = new Uint8Array(zipSync({
  "a/data.pkl": pickle,
  "a/byteorder": bytesOf("little"),
  "a/data/0": new Uint8Array(32),
  "a/data/1": new Uint8Array(8),
  "a/version": bytesOf("3\n"),
}));
const results = JSON.stringify({
  pipeline: "p",
  members: [{
    id: "rank=1",
    axes: { rank: 1, method: "loreft", deep: true },
    trainableParameters: 5,
    stages: [
      { name: "tuned", kind: "train", cached: false, seconds: 1, steps: 1, losses: [1], stepSeconds: [1] },
      {
        name: "tuned",
        kind: "evaluate",
        cached: true,
        seconds: 0,
        metrics: { loss: 1 },
        predictions: "members/a.jsonl",
      },
    ],
  }],
  encode: [],
});
const recipe =
  'name: a\npipeline: ./pipeline.ts\nset:\n  rank: [1, 2]\n  text: "a\\tb"\nbase: &b builtin:tiny\nother: *b\n';
const header = JSON.stringify({
  __metadata__: { format: "pt" },
  a: { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] },
  b: { dtype: "BF16", shape: [4], data_offsets: [24, 32] },
});
const model = Deno.readFileSync(join(builtin, "config.json"));

const targets: Readonly<Record<string, Target>> = {
  "a safetensors header": {
    sound: [bytesOf(header)],
    read: (bytes) =>
      parseTensorTable(bytes, { file, start: 8 + bytes.length, size: 40 + bytes.length, remedy: "copy it" }),
    share: 14,
  },
  "a recipe": { sound: [bytesOf(recipe)], read: (bytes) => parseYaml(file, bytes), share: 12 },
  "a card": { sound: [bytesOf(`---\n${recipe}---\n# A\n`)], read: (bytes) => frontMatter(textOf(bytes)), share: 4 },
  "a JSON object": {
    sound: [bytesOf(results), bytesOf('{"a":NaN,"b":-Infinity}')],
    read: (bytes) => parseJsonObject(bytes, file, "copy it"),
    share: 10,
  },
  "results": {
    sound: [bytesOf(results)],
    read: (bytes) => isResults(parseJsonObject(bytes, file, "copy it")),
    share: 12,
  },
  "a config": {
    sound: [model],
    read: (bytes) => architectureOf(new ConfigReader(file, parseJsonObject(bytes, file, "copy it"))),
    share: 14,
  },
  "a torch file": { sound: [torch], read: (bytes) => parseTorchFile(bytes, file), share: 12 },
  "a pickle": { sound: [pickle], read: (bytes) => readPickle(bytes, file), share: 12 },
  "a row's template": {
    sound: [bytesOf("question: {question}\nanswer: {{a}} {b[0].c}"), bytesOf("{a}")],
    read: (bytes) => parseTemplate(textOf(bytes), "prompt"),
    share: 5,
  },
  "positions": {
    sound: [bytesOf("f7+l7"), bytesOf("all"), bytesOf("l1")],
    read: (bytes) => positionsOf(textOf(bytes)),
    share: 4,
  },
  "a terminal's text": { sound: [bytesOf("a\u001b[2J\u009bb")], read: (bytes) => visible(textOf(bytes)), share: 1 },
};

/** Fragments that often break readers, inserted anywhere. */
const hostile = [
  ...[
    "null",
    "true",
    "-1",
    "0",
    "1e999",
    "9007199254740993",
    "0.5",
    '""',
    "[]",
    "{}",
    "[[[[[[",
    "{{{{{{",
    '"__proto__"',
  ],
  ...[
    "\0",
    "\u001b[2J",
    "\ud800",
    "\u202e",
    "../../../etc/passwd",
    "NaN",
    "&a *a",
    "!!js/function x",
    "<<: *b",
    "---\n",
    "\t",
    "#",
  ],
  ...["}", "]", '"', "\\", ",", ":", "{a", "f99999999999", "+", "l-1", "constructor", "toString"],
].map((text) => bytesOf(text));

function mutated(bytes: Uint8Array<ArrayBuffer>, { below, of }: Choices): Uint8Array<ArrayBuffer> {
  const at = below(bytes.length + 1), to = Math.min(bytes.length, at + 1 + below(16));
  const join = (...parts: readonly Uint8Array[]) => {
    const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let place = 0;
    for (const part of parts) {
      joined.set(part, place);
      place += part.length;
    }
    return joined;
  };
  switch (below(7)) {
    case 0:
      return bytes.map((byte, index) => index === at ? byte ^ (1 << below(8)) : byte);
    case 1:
      return bytes.map((byte, index) => index === at ? below(256) : byte);
    case 2:
      return join(bytes.subarray(0, at), of(hostile), bytes.subarray(at));
    case 3:
      return join(bytes.subarray(0, at), of(hostile), bytes.subarray(to));
    case 4:
      return join(bytes.subarray(0, at), bytes.subarray(to));
    case 5:
      return join(bytes.subarray(0, to), bytes.subarray(at));
    default:
      return bytes.slice(0, at);
  }
}

/** Whether an error is one that users are shown. */
const isOwn = (error: unknown) => error instanceof RequestError || error instanceof RunError;

Deno.test("readers accept randomly changed content or refuse it with Refract's own error", () => {
  const count = countOf({ short: 20_000, long: 98_000 }), choices = choicesOf(seed), tried = new Map<string, number>();
  const names = Object.keys(targets).flatMap((name) => Array.from({ length: targets[name]!.share }, () => name));
  let refused = 0, slowest = 0;
  for (let input = 0; input < count; input++) {
    const name = choices.of(names), { sound, read } = targets[name]!;
    let bytes = choices.of(sound);
    for (let changes = 1 + choices.below(4); changes > 0; changes--) bytes = mutated(bytes, choices);
    const begun = performance.now();
    try {
      read(bytes);
    } catch (error) {
      refused++;
      assert.ok(isOwn(error), `input ${input}, ${name}: ${Deno.inspect(error)}\n${JSON.stringify(textOf(bytes))}`);
      assert.ok(error instanceof Error && error.message.length < 3000, `input ${input}, ${name}: a long message`);
    }
    slowest = Math.max(slowest, performance.now() - begun);
    tried.set(name, (tried.get(name) ?? 0) + 1);
  }
  assert.ok(slowest < 10_000, `${slowest} ms`);
  tell(
    `${count} inputs for ${tried.size} readers, ${refused} refused, ${
      slowest.toFixed(0)
    } ms at most, no other exception`,
  );
});

Deno.test("a randomly changed tokenizer loads and encodes, or is refused with Refract's own error", () =>
  inFolder(async (folder) => {
    const count = countOf({ short: 60, long: 2000 }), choices = choicesOf(seed + 1);
    for (const name of ["config.json", "tokenizer_config.json"]) {
      await Deno.copyFile(join(builtin, name), join(folder, name));
    }
    const { model: declared, ...rest } = JSON.parse(await Deno.readTextFile(join(builtin, "tokenizer.json")));
    const vocab = Object.fromEntries(Object.entries(declared.vocab).slice(0, 60)),
      small = { ...declared, vocab, merges: [] };
    const sound = bytesOf(JSON.stringify({ ...rest, model: small }));
    await Deno.writeFile(join(folder, "tokenizer.json"), sound);
    await loadTokenizer(folder);
    let refused = 0;
    for (let input = 0; input < count; input++) {
      let bytes = sound;
      for (let changes = 1 + choices.below(3); changes > 0; changes--) bytes = mutated(bytes, choices);
      await Deno.writeFile(join(folder, "tokenizer.json"), bytes);
      try {
        const tokenizer = await loadTokenizer(folder);
        tokenizer.decode(tokenizer.encode("The cat sits\t 12 <|end|>é"));
      } catch (error) {
        refused++;
        assert.ok(isOwn(error), `input ${input}: ${Deno.inspect(error)}\n${JSON.stringify(textOf(bytes))}`);
      }
    }
    tell(`${count} tokenizers, ${refused} refused, no other exception`);
  }));
