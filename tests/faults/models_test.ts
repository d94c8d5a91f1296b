/** Models crafted to hang or to exhaust memory: each ends in a one-line error, within 10 s and 2 GB. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inFolder } from "../pipelines/models/support.ts";
import { bounds, measured } from "./support/bounded.ts";
import { choicesOf, countOf, seed, tell } from "./support/form.ts";

const builtin = fileURLToPath(new URL("../../pipelines/models/builtin/tiny/", import.meta.url));
const modelFiles = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];

/** The changes to a tokenizer.json. */
interface TokenizerJson {
  readonly model: { readonly vocab: Readonly<Record<string, number>> };
  readonly added_tokens: readonly object[];
  readonly post_processor: object;
  readonly decoder: object;
}

/** A hostile change to a model's folder, and the use of the model. */
interface Hostile {
  /** Changes the folder, which is a copy of the builtin model's. */
  readonly make: (folder: string) => Promise<void>;
  readonly text?: string;
  readonly command?: (folder: string) => Promise<readonly string[]>;
}

const edit = async (file: string, change: (json: TokenizerJson) => unknown) => {
  const changed = change(JSON.parse(await Deno.readTextFile(file)));
  await Deno.writeTextFile(file, typeof changed === "string" ? changed : JSON.stringify(changed));
};
const config = (change: object): Hostile => ({
  make: (folder) => edit(join(folder, "config.json"), (json) => ({ ...json, ...change })),
});
const configText = (text: string): Hostile => ({
  make: (folder) => Deno.writeTextFile(join(folder, "config.json"), text),
});
const tokenizer = (change: (json: TokenizerJson) => unknown, text = "The cat sits"): Hostile => ({
  make: (folder) => edit(join(folder, "tokenizer.json"), change),
  text,
});
const deep = (count: number, open: string, close: string) => open.repeat(count) + close.repeat(count);
const split = (Regex: string, behavior = "Isolated") => (json: TokenizerJson) => ({
  ...json,
  pre_tokenizer: { type: "Split", pattern: { Regex }, behavior, invert: false },
});
const normalized = (normalizer: unknown) => (json: TokenizerJson) => ({ ...json, normalizer });
const replace = (pattern: object, content: string) => ({ type: "Replace", pattern, content });
const many = <T>(count: number, of: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => of(at));

/** A safetensors file with these declared tensors. */
function tensors(header: string, declared = new TextEncoder().encode(header).length): Hostile {
  return {
    make: async (folder) => {
      const bytes = new TextEncoder().encode(header), file = new Uint8Array(8 + bytes.length + 1000);
      new DataView(file.buffer).setBigUint64(0, BigInt(declared), true);
      file.set(bytes, 8);
      await Deno.writeFile(join(folder, "model.safetensors"), file);
    },
  };
}

/** A chat template, used by a pipeline of conversations. */
const template = (text: string): Hostile => ({
  make: (folder) => Deno.writeTextFile(join(folder, "chat_template.jinja"), text),
  command: async (folder) => {
    const pipeline = `${folder}.ts`, mod = new URL("../../mod.ts", import.meta.url);
    await Deno.writeTextFile(
      pipeline,
      `import { adamw, baseModel, block, chat, loreft, pipeline, train } from ${JSON.stringify(mod)};
       const talks = [[{ role: "user", content: "The cat" }, { role: "assistant", content: "sits" }]];
       export default pipeline("hostile", () => ({ tuned: train(
         baseModel(${JSON.stringify(folder)}).with(loreft({ at: block(1).output, positions: "l1", rank: 1 })),
         { data: chat(talks), epochs: 1, batchSize: 1, optimizer: adamw({ learningRate: 1 }) }) }));`,
    );
    return ["rows", pipeline];
  },
});

const link = (target: string): Hostile => ({
  make: async (folder) => {
    await Deno.remove(join(folder, "config.json"));
    await Deno.symlink(target, join(folder, "config.json"));
  },
});

/** A GGUF file with these bytes after its magic. */
const gguf = (write: (view: DataView) => void, length = 4096): Hostile => ({
  make: async (folder) => {
    const bytes = new Uint8Array(length), view = new DataView(bytes.buffer);
    view.setUint32(0, 0x46554747, true);
    view.setUint32(4, 3, true);
    write(view);
    await Deno.writeFile(`${folder}.gguf`, bytes);
  },
  command: (folder) => Promise.resolve(["activations", `${folder}.gguf`, "--text", "a", "--out", `${folder}.out`]),
});
const long = (at: number, value: bigint) => (view: DataView) => view.setBigUint64(at, value, true);
const all = (...writes: readonly ((view: DataView) => void)[]) => (view: DataView) =>
  writes.forEach((write) => write(view));

/** The models, by their hostile part. */
const hostile: Readonly<Record<string, Hostile>> = {
  "2³¹ blocks": config({ num_hidden_layers: 2 ** 31 }),
  "a million blocks": config({ num_hidden_layers: 1e6 }),
  "1e300 blocks": config({ num_hidden_layers: 1e300 }),
  "no blocks": config({ num_hidden_layers: 0 }),
  "half a block": config({ num_hidden_layers: 0.5 }),
  "blocks that are a list": config({ num_hidden_layers: [4] }),
  "2³¹ heads": config({ num_attention_heads: 2 ** 31 }),
  "-1 heads": config({ num_attention_heads: -1 }),
  "a million key-value heads": config({ num_key_value_heads: 1e6 }),
  "a width of 2³¹": config({ hidden_size: 2 ** 31 }),
  "a width of 2⁵³": config({ hidden_size: 2 ** 53 }),
  "a vocabulary of 1e15": config({ vocab_size: 1e15 }),
  "positions up to 2⁵³": config({ max_position_embeddings: 2 ** 53 }),
  "an mlp of 2⁴⁰": config({ intermediate_size: 2 ** 40 }),
  "a head of 2³¹": config({ head_dim: 2 ** 31 }),
  "a million layer types": config({ layer_types: many(1e6, () => "full_attention") }),
  "a million classes": config({ id2label: Object.fromEntries(many(1e6, (at) => [at, `l${at}`])) }),
  "a million end tokens": config({ eos_token_id: many(1e6, (at) => at) }),
  "a model type of a megabyte": config({ model_type: "llama".repeat(2e5) }),
  "a model type that every object inherits": config({ model_type: "__proto__" }),
  "rope scaling of a million factors": config({
    rope_scaling: { rope_type: "longrope", long_factor: many(1e6, () => 1) },
  }),
  "a config nested 20,000 deep": configText(deep(20_000, '{"a":', "1}").replace(/1\}/, "1}")),
  "a config of lists 200,000 deep": configText(`{"model_type":${deep(200_000, "[", "]")}}`),
  "a config of 300 MB": {
    make: async (folder) => {
      using file = await Deno.open(join(folder, "config.json"), { write: true, truncate: true });
      await file.write(new TextEncoder().encode('{"model_type":"llama"'));
      await file.truncate(300e6);
    },
  },
  "a config that is a device": link("/dev/zero"),
  "a config that is random bytes": link("/dev/urandom"),
  "a config that is a terminal": link("/dev/stdin"),
  "a config that links out of the folder": link("/etc/passwd"),
  "a config that links to itself": link("config.json"),
  "a config that is a folder": {
    make: async (folder) => {
      await Deno.remove(join(folder, "config.json"));
      await Deno.mkdir(join(folder, "config.json"));
    },
  },
  "a config that is a pipe": {
    make: async (folder) => {
      await Deno.remove(join(folder, "config.json"));
      await new Deno.Command("mkfifo", { args: [join(folder, "config.json")] }).output();
    },
  },
  "a tokenizer that is a pipe": {
    make: async (folder) => {
      await Deno.remove(join(folder, "tokenizer.json"));
      await new Deno.Command("mkfifo", { args: [join(folder, "tokenizer.json")] }).output();
    },
  },
  "weights that are a device": {
    make: async (folder) => {
      await Deno.remove(join(folder, "model.safetensors"));
      await Deno.symlink("/dev/zero", join(folder, "model.safetensors"));
    },
  },
  "weights that are a pipe": {
    make: async (folder) => {
      await Deno.remove(join(folder, "model.safetensors"));
      await new Deno.Command("mkfifo", { args: [join(folder, "model.safetensors")] }).output();
    },
  },
  "a regex that backtracks": tokenizer(split("^(a+)+$"), "a".repeat(60) + "!"),
  "a regex that backtracks by alternatives": tokenizer(split("^(a|a)*$"), "a".repeat(60) + "!"),
  "a regex that backtracks by lookahead": tokenizer(split("(?=(a+)+b)a*"), "a".repeat(60)),
  "a regex of cubic time": tokenizer(split("a*a*a*b"), "a".repeat(20_000)),
  "a regex that matches nothing everywhere": tokenizer(split("(?:)"), "a".repeat(20_000)),
  "a regex of a megabyte": tokenizer(split("a?".repeat(500_000))),
  "a regex of 20,000 groups": tokenizer(split(deep(20_000, "(", ")"))),
  "a regex of repeats": tokenizer(split("((a{1000}){1000}){1000}"), "a".repeat(2000)),
  "a regex in a decoder": tokenizer((json) => ({
    ...json,
    decoder: { type: "Sequence", decoders: [replace({ Regex: "^(a+)+$" }, ""), json.decoder] },
  }), "a".repeat(60) + "!"),
  "a normalizer that backtracks": tokenizer(normalized(replace({ Regex: "^(a+)+$" }, "")), "a".repeat(60) + "!"),
  "normalizers that double 40 times": tokenizer(
    normalized({ type: "Sequence", normalizers: many(40, () => replace({ String: "a" }, "aa")) }),
    "a",
  ),
  "normalizers that double 24 times": tokenizer(
    normalized({ type: "Sequence", normalizers: many(24, () => replace({ String: "a" }, "aa")) }),
    "a",
  ),
  "a normalizer that replaces a letter with a megabyte": tokenizer(
    normalized(replace({ String: "a" }, "b".repeat(1e6))),
    "a".repeat(1000),
  ),
  "a normalizer that prepends 50 MB": tokenizer(normalized({ type: "Prepend", prepend: "a".repeat(5e7) })),
  "normalizers nested 20,000 deep": {
    make: (folder) =>
      edit(join(folder, "tokenizer.json"), (json) =>
        JSON.stringify({ ...json, normalizer: "here" }).replace(
          '"here"',
          `${'{"type":"Sequence","normalizers":['.repeat(20_000)}{"type":"NFC"}${"]}".repeat(20_000)}`,
        )),
  },
  "pre-tokenizers nested 20,000 deep": {
    make: (folder) =>
      edit(join(folder, "tokenizer.json"), (json) =>
        JSON.stringify({ ...json, pre_tokenizer: "here" }).replace(
          '"here"',
          `${'{"type":"Sequence","pretokenizers":['.repeat(20_000)}{"type":"Whitespace"}${"]}".repeat(20_000)}`,
        )),
  },
  "a charsmap of noise": tokenizer(normalized({ type: "Precompiled", precompiled_charsmap: "/w==".repeat(1e5) })),
  "vocabulary entries that are not pairs": tokenizer((json) => ({
    ...json,
    model: { type: "Unigram", unk_id: 0, vocab: [["a", 0], "b", 5, null, [], ["c"], [1, 2], ["d", "e"]] },
  })),
  "a vocabulary that is a list": tokenizer((json) => ({ ...json, model: { ...json.model, vocab: ["a", "b"] } })),
  "ids that are not numbers": tokenizer((json) => ({
    ...json,
    model: { ...json.model, vocab: { a: "b", b: null, c: [] } },
  })),
  "an id of 2⁵³": tokenizer((json) => ({
    ...json,
    model: { ...json.model, vocab: { ...json.model.vocab, a: 2 ** 53 } },
  })),
  "an added id of 2⁵³": tokenizer((json) => ({
    ...json,
    added_tokens: [...json.added_tokens, { ...json.added_tokens[0], id: 2 ** 53, content: "cat" }],
  })),
  "a vocabulary of a million": tokenizer((json) => ({
    ...json,
    model: {
      ...json.model,
      vocab: { ...json.model.vocab, ...Object.fromEntries(many(1e6, (at) => [`t${at}`, 512 + at])) },
    },
  })),
  "100,000 added tokens": tokenizer((json) => ({
    ...json,
    added_tokens: [
      ...json.added_tokens,
      ...many(1e5, (at) => ({ ...json.added_tokens[0], id: 512 + at, content: `<${at}>` })),
    ],
  }), "The cat ".repeat(1000)),
  "an empty added token": tokenizer((json) => ({
    ...json,
    added_tokens: [...json.added_tokens, { ...json.added_tokens[0], id: 5, content: "" }],
  })),
  "merges that are not pairs": tokenizer((json) => ({
    ...json,
    model: { ...json.model, merges: ["a", 5, null, ["a"], {}] },
  })),
  "a merge of unknown tokens": tokenizer((json) => ({ ...json, model: { ...json.model, merges: ["zz qq"] } })),
  "a million merges": tokenizer((json) => ({ ...json, model: { ...json.model, merges: many(1e6, () => "a b") } })),
  "a model without a type": tokenizer((json) => ({ ...json, model: { vocab: 5 } })),
  "a post-processor of a million parts": tokenizer((json) => ({
    ...json,
    post_processor: { ...json.post_processor, single: many(1e6, () => ({ Sequence: { id: "A", type_id: 0 } })) },
  })),
  "a post-processor of 10,000 sequences": tokenizer((json) => ({
    ...json,
    post_processor: { ...json.post_processor, single: many(1e4, () => ({ Sequence: { id: "A", type_id: 0 } })) },
  }), "The cat ".repeat(5000)),
  "a header of a million tensors": tensors(
    JSON.stringify(
      Object.fromEntries(many(1e6, (at) => [`t${at}`, { dtype: "F32", shape: [0], data_offsets: [0, 0] }])),
    ),
  ),
  "a header of 2⁶³ bytes": tensors("{}", 2 ** 63),
  "a header of 90 MB": tensors(`{"a":"${"x".repeat(9e7)}"}`),
  "a header nested 20,000 deep": tensors(`{"a":${deep(20_000, "[", "]")}}`),
  "a tensor of 2⁵³ numbers": tensors(`{"a":{"dtype":"F32","shape":[9007199254740991],"data_offsets":[0,4]}}`),
  "a tensor of a million axes": tensors(
    `{"a":{"dtype":"F32","shape":[${many(1e6, () => 1)}],"data_offsets":[0,4]}}`,
  ),
  "overlapping tensors": tensors(
    `{"a":{"dtype":"F32","shape":[10],"data_offsets":[0,40]},"b":{"dtype":"F32","shape":[10],"data_offsets":[0,40]}}`,
  ),
  "an index of a million shards": {
    make: async (folder) => {
      await Deno.remove(join(folder, "model.safetensors"));
      const weight_map = Object.fromEntries(many(1e6, (at) => [`t${at}`, `s${at}.safetensors`]));
      await Deno.writeTextFile(join(folder, "model.safetensors.index.json"), JSON.stringify({ weight_map }));
    },
  },
  "an index out of the folder": {
    make: async (folder) => {
      await Deno.remove(join(folder, "model.safetensors"));
      const weight_map = { a: "../../../../etc/passwd" };
      await Deno.writeTextFile(join(folder, "model.safetensors.index.json"), JSON.stringify({ weight_map }));
    },
  },
  "a template of nested loops": template(
    "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}",
  ),
  "a template of a long range": template("{% for a in range(1000000000) %}{% endfor %}"),
  "a template of a range with a fractional step": template("{% for a in range(0, 1, 0.00000001) %}{% endfor %}"),
  "a template that doubles a text": template(
    "{% set ns = namespace(s='a') %}{% for a in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s }}",
  ),
  "a template that multiplies a text": template("{{ 'a' * 10000000000 }}"),
  "a template that multiplies a list": template("{{ ([1] * 1000000000) | length }}"),
  "a template that centers": template("{{ 'a' | center(10000000000) }}"),
  "a template that indents": template("{{ ('a\n' * 10000) | indent(1000000) }}"),
  "a template that formats": template("{{ '%1000000000d' | format(5) }}"),
  "a template that replaces with longer text": template("{{ ('a' * 1000000) | replace('a', 'b' * 1000000) }}"),
  "a template that joins with long text": template("{{ range(100000) | join('b' * 100000) }}"),
  "a template that calls itself": template("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"),
  "a template that calls itself twice": template(
    "{% macro m(n) %}{% if n > 0 %}{{ m(n-1) }}{{ m(n-1) }}{% endif %}{% endmacro %}{{ m(60) }}",
  ),
  "a template nested 20,000 deep": template(`{{ ${deep(20_000, "(", ")").replace("()", "(1)")} }}`),
  "a template of 20,000 conditions": template(deep(20_000, "{% if true %}", "{% endif %}")),
  "a template of lists in lists": template(`{{ ${deep(20_000, "[", "]")} }}`),
  "a template of a megabyte of operators": template(`{{ ${"1+".repeat(300_000)}1 }}`),
  "a template of powers": template("{{ 9 ** 9 ** 9 ** 9 }}"),
  "a template that sorts": template("{% for a in range(1000) %}{% set x = range(100000) | sort | list %}{% endfor %}"),
  "a template of a billion answers": template("{% for a in range(100000) %}{{ 'a' * 100000 }}{% endfor %}"),
  "a template that is not text": {
    make: (folder) => edit(join(folder, "tokenizer_config.json"), (json) => ({ ...json, chat_template: { a: 5 } })),
    command: template("x").command!,
  },
  "2⁶³ tensors of a GGUF file": gguf(all(long(8, 2n ** 63n), long(16, 0n))),
  "2⁶³ settings of a GGUF file": gguf(all(long(8, 0n), long(16, 2n ** 63n))),
  "a GGUF text of 2⁶³ bytes": gguf(all(long(8, 0n), long(16, 1n), long(24, 2n ** 63n))),
  "GGUF lists in lists": gguf((view) => {
    long(8, 0n)(view);
    long(16, 1n)(view);
    long(24, 1n)(view);
    view.setUint8(32, 97);
    view.setUint32(33, 9, true);
    for (let at = 37; at + 12 < view.byteLength; at += 12) {
      view.setUint32(at, 9, true);
      view.setBigUint64(at + 4, 1n, true);
    }
  }, 1e6),
  "a GGUF list of 2⁴⁰ numbers": gguf((view) => {
    long(8, 0n)(view);
    long(16, 1n)(view);
    long(24, 1n)(view);
    view.setUint8(32, 97);
    view.setUint32(33, 9, true);
    view.setUint32(37, 4, true);
    view.setBigUint64(41, 2n ** 40n, true);
  }),
  "a recipe of 100,000 keys": {
    make: (folder) => Deno.writeTextFile(`${folder}.yaml`, many(1e5, (at) => `k${at}: ${at}\n`).join("")),
    command: (folder) => Promise.resolve(["plan", `${folder}.yaml`]),
  },
  "a recipe of anchors": {
    make: (folder) =>
      Deno.writeTextFile(
        `${folder}.yaml`,
        `a0: &a0 [1]\n${many(60, (at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}]\n`).join("")}`,
      ),
    command: (folder) => Promise.resolve(["plan", `${folder}.yaml`]),
  },
  "a recipe nested 20,000 deep": {
    make: (folder) => Deno.writeTextFile(`${folder}.yaml`, `a: ${deep(20_000, "[", "]")}\n`),
    command: (folder) => Promise.resolve(["plan", `${folder}.yaml`]),
  },
};

async function attempt(name: string, { make, text = "The cat sits", command }: Hostile): Promise<void> {
  await inFolder(async (base) => {
    const folder = join(base, "model");
    await Deno.mkdir(folder);
    for (const file of modelFiles) await Deno.copyFile(join(builtin, file), join(folder, file));
    await make(folder);
    const usual = ["activations", folder, "--text", text, "--out", join(base, "out.safetensors")];
    const args = command === undefined ? usual : await command(folder);
    const { code, stderr, seconds, peak, isHung } = await measured(args);
    const measure = `${seconds.toFixed(1)} s, ${(peak / 1e6).toFixed(0)} MB`;
    if (Deno.args.includes("--tell")) tell(`${name}: ${measure}, ${code}: ${stderr.trim().slice(0, 200)}`);
    assert.ok(!isHung && seconds < bounds.seconds, `${measure}: ${stderr.slice(-500)}`);
    assert.ok(peak < bounds.bytes, measure);
    if (code === 0) return;
    const errors = stderr.trimEnd().split("\n").filter((line) => !line.startsWith("note: "));
    assert.equal(errors.length, 1, stderr.slice(0, 2000));
    assert.match(errors[0]!, /^error: /);
    assert.ok(!errors[0]!.includes("this should not happen"), errors[0]);
    assert.equal(code, 2, errors[0]);
  });
}

const names = Object.keys(hostile), { below } = choicesOf(seed);
const asked = Deno.args.filter((argument) => !argument.startsWith("--"));
const start = below(names.length), count = countOf({ short: 20, long: names.length });
// A run of the short form tests as many neighbouring entries of the list as it has time for.
const chosen = asked.length > 0
  ? names.filter((name) => asked.some((part) => name.includes(part)))
  : many(Math.min(count, names.length), (at) => names[(start + at) % names.length]!);
tell(`${chosen.length} of ${names.length} hostile models`);
for (const name of chosen) {
  Deno.test(`a model with ${name} ends quickly with a one-line error`, () => attempt(name, hostile[name]!));
}
