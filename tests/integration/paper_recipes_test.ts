/**
 * The paper's experiments as recipes: planned with only a config.json, they have the paper's parameters, shares and
 * steps; scaled down, they run.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ofKind } from "../../pipelines/common/of_kind.ts";
import type { Results } from "../../pipelines/results/results.ts";
import { inProcess } from "../support/command.ts";
import { sharedFolder } from "../support/shared.ts";
import { inFolder } from "../pipelines/models/support.ts";

const paper = fileURLToPath(new URL("../../examples/paper", import.meta.url));
const tokenizers = {
  llama: fileURLToPath(new URL("../../pipelines/models/builtin/tiny", import.meta.url)),
  roberta: fileURLToPath(new URL("../goldens/classification/roberta-number", import.meta.url)),
} as const;

const llama = (hidden: number, inner: number, layers: number, heads: number) => ({
  model_type: "llama",
  architectures: ["LlamaForCausalLM"],
  ...{ hidden_size: hidden, intermediate_size: inner, num_hidden_layers: layers, num_attention_heads: heads },
  ...{ num_key_value_heads: heads, max_position_embeddings: 2048, vocab_size: 32000, rms_norm_eps: 1e-6 },
  ...{ hidden_act: "silu", tie_word_embeddings: false, bos_token_id: 1, eos_token_id: 2, rope_theta: 10000 },
});

const roberta = (hidden: number, layers: number, heads: number) => ({
  model_type: "roberta",
  architectures: ["RobertaForMaskedLM"],
  ...{ hidden_size: hidden, intermediate_size: 4 * hidden, num_hidden_layers: layers, num_attention_heads: heads },
  ...{ max_position_embeddings: 514, vocab_size: 50265, type_vocab_size: 1, layer_norm_eps: 1e-5, hidden_act: "gelu" },
  ...{ bos_token_id: 0, eos_token_id: 2, pad_token_id: 1, position_embedding_type: "absolute" },
  ...{ hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.1, classifier_dropout: null },
});

const llama3 = { ...llama(4096, 14336, 32, 32), num_key_value_heads: 8, vocab_size: 128256, rope_theta: 500000 };
const configs = {
  "llama-7b": llama(4096, 11008, 32, 32),
  "llama-13b": llama(5120, 13824, 40, 40),
  "llama-2-7b": { ...llama(4096, 11008, 32, 32), max_position_embeddings: 4096 },
  "llama-3-8b": { ...llama3, max_position_embeddings: 8192 },
  "roberta-base": roberta(768, 12, 12),
  "roberta-large": roberta(1024, 24, 16),
} as const;

/** Files with a few rows in the format of each suite. */
const rows: Readonly<Record<string, readonly object[]>> = {
  "commonsense_170k.jsonl": repeated(320, { instruction: "Is it?\n\nAnswer format: true/false", answer: "true" }),
  "math_10k.jsonl": repeated(320, { instruction: "What is 1 + 1?", output: "It is 2.", answer: "2" }),
  ...Object.fromEntries(
    ["boolq", "piqa", "social_i_qa", "hellaswag", "winogrande", "ARC-Easy", "ARC-Challenge", "openbookqa"].map(
      (name) => {
        return [
          `${name}.test.jsonl`,
          repeated(1, { instruction: "Is it?\n\nAnswer format: true/false", answer: "true" }),
        ];
      },
    ),
  ),
  ...Object.fromEntries(
    ["AQuA", "gsm8k", "mawps", "SVAMP"].map((name) => [
      `${name}.test.jsonl`,
      repeated(1, { instruction: "What is 1 + 1?", answer: "2" }),
    ]),
  ),
  "boolq.train.jsonl": repeated(4, { instruction: "Is it?\n\nAnswer format: true/false", answer: "true" }),
  "mawps.train.jsonl": repeated(4, { question: "1 and 1 ?", equation: "x=1+1", answer: "2.0" }),
  // As many as the official rows, the last 300 of which are for validation.
  "gsm8k.official.train.jsonl": repeated(7473, { question: "What is 1 + 1?", answer: "It is 2.\n#### 2" }),
  "gsm8k.official.test.jsonl": repeated(4, { question: "What is 2 + 2?", answer: "It is 4.\n#### 4" }),
  "ultrafeedback.jsonl": repeated(320, { instruction: "Say hi.", input: "", output: "Hi." }),
  "alpaca_eval.jsonl": repeated(1, { instruction: "Say hi.", output: "Hi." }),
  "cola.train.jsonl": repeated(320, { sentence: "it is", label: 1 }),
  "cola.dev.jsonl": [{ sentence: "it is", label: 1 }, { sentence: "is it", label: 0 }],
  "stsb.train.jsonl": repeated(320, { sentence1: "it is", sentence2: "is it", label: 2.5 }),
  "stsb.dev.jsonl": [1, 2, 3, 4].map((label) => ({ sentence1: "it is", sentence2: "is it", label })),
};

function repeated(count: number, row: object): object[] {
  return Array.from({ length: count }, () => row);
}

/** The output of `plan --json`. */
interface Planned {
  readonly members: readonly { readonly trainableParameters: number; readonly share: number }[];
  readonly estimate: { readonly steps: number; readonly memory: number; readonly seconds: number };
}

/** The JSON output of a command for a recipe with another base model. */
async function saidOf<T>(
  [command, ...more]: readonly string[],
  { folder, suite, recipe, base, set }: {
    readonly folder: string;
    readonly suite: string;
    readonly recipe: string;
    readonly base: string;
    readonly set: readonly string[];
  },
): Promise<T> {
  const data = join(folder, "data");
  await Deno.mkdir(data);
  for (const [name, all] of Object.entries(rows)) {
    await Deno.writeTextFile(join(data, name), all.map((row) => `${JSON.stringify(row)}\n`).join(""));
  }
  // A process loads a module only once, so each recipe needs its own copy.
  await Deno.copyFile(join(paper, "methods.ts"), join(folder, "methods.ts"));
  for (const other of ["commonsense", "arithmetic", suite]) {
    await Deno.mkdir(join(folder, other), { recursive: true });
    for (const { name } of Deno.readDirSync(join(paper, other))) {
      await Deno.copyFile(join(paper, other, name), join(folder, other, name));
    }
  }
  const path = join(folder, suite, `${recipe}.yaml`), text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, text.replace(/^base: .*$/m, `base: ${base}`));
  const options = [`data=${data}`, "seeds=42", ...set].flatMap((each) => ["--set", each]);
  const { code, stdout, stderr } = await inProcess(
    ...[command!, path, "--json", "--store", join(folder, "store"), "--threads", "1", ...more, ...options],
  );
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/** The plan of a recipe whose base is a folder with only a config and a tokenizer. */
async function planOf(suite: string, recipe: string, config: object, set: readonly string[] = []): Promise<Planned> {
  let found: Planned | undefined;
  await inFolder(async (folder) => {
    const kind = suite === "glue" ? "roberta" : "llama", model = join(folder, "model");
    await Deno.mkdir(model);
    await Deno.writeTextFile(join(model, "config.json"), JSON.stringify(config));
    for (const name of ["tokenizer.json", "tokenizer_config.json"]) {
      await Deno.copyFile(join(tokenizers[kind], name), join(model, name));
    }
    found = await saidOf<Planned>(["plan"], { folder, suite, recipe, base: "../model", set });
  });
  return found!;
}

/** The figures of the paper's tables: the parameters follow from the shares. */
const expected: readonly (readonly [
  suite: string,
  recipe: string,
  config: keyof typeof configs,
  parameters: number,
  percent: number,
  steps: number,
  set?: readonly string[],
])[] = [
  // 320 rows in batches of 32 (16 for LoRA), with the paper's epochs.
  ["commonsense", "llama-7b", "llama-7b", 2_097_408, 0.031, 60],
  ["commonsense", "llama-7b-direft", "llama-7b", 2_097_408, 0.031, 60],
  ["commonsense", "llama-13b", "llama-13b", 3_277_120, 0.025, 60],
  ["commonsense", "llama-2-7b", "llama-2-7b", 2_097_408, 0.031, 60],
  ["commonsense", "llama-3-8b", "llama-3-8b", 2_097_408, 0.026, 60],
  ["commonsense", "llama-7b-lora", "llama-7b", 56_098_816, 0.826, 60],
  ["commonsense", "llama-3-8b-lora", "llama-3-8b", 56_623_104, 0.7, 60],
  ["arithmetic", "llama-7b", "llama-7b", 2_097_408, 0.031, 120],
  ["arithmetic", "llama-13b-direft", "llama-13b", 3_277_120, 0.025, 120],
  ["instruct", "llama-2-7b", "llama-2-7b", 262_176, 0.0039, 27],
  // With the head, which the paper's shares omit: 768² + 768 and two or one rows of 769.
  ["glue", "roberta-base", "roberta-base", 18_444 + 592_130, 0.015, 600, ["only=cola"]],
  ["glue", "roberta-large-direft", "roberta-large", 49_176 + 1_050_625, 0.014, 300, ["only=stsb"]],
];

for (const [suite, recipe, config, parameters, percent, steps, set] of expected) {
  Deno.test(`the recipe ${suite}/${recipe} has the paper's parameters and steps with only a config.json`, async () => {
    const { members: [member], estimate } = await planOf(suite, recipe, configs[config], set);
    assert.equal(member!.trainableParameters, parameters);
    assert.equal(estimate.steps, steps);
    assert.ok(estimate.memory > 0 && estimate.seconds > 0);
    const head = suite === "glue" ? (config === "roberta-base" ? 592_130 : 1_050_625) : 0;
    const base = member!.trainableParameters / member!.share, trained = parameters - head;
    // LoRA's shares, which the paper copies, also count the trained parameters in the total.
    const share = 100 * trained / (recipe.includes("lora") ? base + trained : base);
    assert.ok(Math.abs(share / percent - 1) < 0.04, `${share} % and ${percent} %`);
  });
}

/** Scaled-down recipes for small models: the suite, the recipe, the evaluated stages, and settings. */
const scaled: readonly (readonly [suite: string, recipe: string, stages: readonly string[], set: readonly string[]])[] =
  [
    ["commonsense", "smollm2", ["boolq"], ["trained=boolq", "only=boolq"]],
    ["commonsense", "smollm2-direft", ["boolq"], ["trained=boolq", "only=boolq"]],
    ["commonsense", "smollm2-lora-r8", ["boolq"], ["trained=boolq", "only=boolq"]],
    ["commonsense", "smollm2-f7l7", ["boolq"], ["trained=boolq", "only=boolq"]],
    ["arithmetic", "smollm2-lora-r32", ["mawps"], []],
    ["gsm8k", "smollm2", ["validation", "test"], []],
    ["instruct", "smollm2", ["answers"], ["layers=1"]],
    ["glue", "minilm", ["cola"], ["only=cola"]],
  ];
const shared = sharedFolder();

for (const [suite, recipe, stages, set] of scaled) {
  Deno.test({
    name: `the recipe ${suite}/${recipe} runs on a few rows of a small model`,
    ignore: shared === undefined,
    fn: () =>
      inFolder(async (folder) => {
        const few = ["epochs=1", "trainRows=2", "testRows=1", ...set], base = join(folder, "roberta");
        if (suite === "glue") await writeRoberta(base);
        const model = suite === "glue" ? base : join(shared!, "models/stories260k");
        const { members: [member] } = await saidOf<Results>(
          ["run", "--out", join(folder, "out")],
          { folder, suite, recipe, base: model, set: few },
        );
        assert.deepEqual(ofKind(member!.stages, "evaluate").map(({ name }) => name), stages);
        const [trained] = ofKind(member!.stages, "train");
        assert.ok(trained!.losses.length > 0 && trained!.losses.every(Number.isFinite));
      }),
  });
}

/** The suites' small RoBERTa, with dropout. */
async function writeRoberta(to: string): Promise<void> {
  const from = fileURLToPath(new URL("../goldens/tasks/roberta", import.meta.url));
  await Deno.mkdir(to);
  for (const { name } of Deno.readDirSync(from)) await Deno.copyFile(join(from, name), join(to, name));
  const config = JSON.parse(await Deno.readTextFile(join(from, "config.json")));
  await Deno.writeTextFile(join(to, "config.json"), JSON.stringify({ ...config, hidden_dropout_prob: 0.1 }));
}
