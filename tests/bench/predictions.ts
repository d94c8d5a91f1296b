/**
 * Predictions of plans compared with the duration of runs: thirty runs of several shapes, layouts, budgets and devices,
 * one after the other with one store of rates, like a user's successive runs. The first run of each shape is not
 * counted, since nothing like it has run before.
 *
 *     deno task bench:predictions [--runs 30] [--out predictions.json]
 *
 * Seconds are wall-clock time, like the stored rates: on a shared machine, other load adds to the errors.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { flagsOf, grantsOf } from "../../pipelines/cli/launch/grants.ts";
import { writeSafetensors } from "../../pipelines/models/weights/safetensors_writer.ts";
import type { Results } from "../../pipelines/results/results.ts";
import type { Plan } from "../../pipelines/schedule/plan/plan.ts";
import { writeTinyModel } from "../support/tiny_model.ts";
import { optionValues, wholeNumber } from "./arguments.ts";
import { root } from "./command.ts";
import { writeModel } from "./gpu_models.ts";
import { median } from "./statistics.ts";

const options = optionValues({ runs: { type: "string", default: "30" }, out: { type: "string" } });
const runs = wholeNumber("--runs", options.runs);

/** Functions that write a model folder of each shape, by name. */
const shapes: Readonly<Record<string, (folder: string) => Promise<void>>> = {
  "llama, 4 blocks of 64": (folder) => writeModel(folder, "tiny", "float32"),
  "llama, 4 blocks of 128": (folder) => {
    const config = { hidden_size: 128, intermediate_size: 512, num_hidden_layers: 4, num_attention_heads: 4 };
    return writeTinyModel(folder, {
      config: { ...config, num_key_value_heads: 2, head_dim: 32, max_position_embeddings: 512 },
    });
  },
  "gpt2, 6 blocks of 128": writeGpt2,
};

async function writeGpt2(folder: string): Promise<void> {
  const config = { model_type: "gpt2", n_embd: 128, n_layer: 6, n_head: 4, n_positions: 512, vocab_size: 512 };
  const usual = { layer_norm_epsilon: 1e-5, activation_function: "gelu_new", bos_token_id: 0, eos_token_id: 1 };
  await writeTinyModel(folder, { weights: false, config: { ...config, ...usual } });
  await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify({ ...config, ...usual }));
  const { ConfigReader } = await import("../../pipelines/models/architecture/config.ts");
  const { architectureOf } = await import("../../pipelines/models/families/mod.ts");
  const { createRandom } = await import("../../pipelines/data/random.ts");
  const { weights } = architectureOf(new ConfigReader(join(folder, "config.json"), { ...config, ...usual }));
  const tensors = [...weights].map(([name, shape]) => {
    const random = createRandom(1, name), size = shape.reduce((product, extent) => product * extent, 1);
    return { name, shape, data: Float32Array.from({ length: size }, () => 0.05 * random.normal()) };
  });
  await writeSafetensors(join(folder, "model.safetensors"), tensors, { format: "pt" });
}

/** The trained edits, as a pipeline declares them. */
const edits: readonly string[] = [
  `loreft({ at: block(1).output, positions: "l1", rank: 4 })`,
  `loreft({ at: block("all").output, positions: "f3+l3", rank: 2 })`,
  `direft({ at: block([0, 2]).output, positions: "f1+l1", rank: 8 })`,
  `loreft({ at: block(3).output, positions: "l2", rank: sweep("rank", [1, 2, 4]) })`,
  `lora({ blocks: [1, 2], modules: ["q_proj"], rank: 4 })`,
];

/** Options of the command line that change the execution of a run. */
const ways: readonly (readonly string[])[] = [
  ["--threads", "1"],
  ["--threads", "1", "--cache-memory", "0"],
  ["--devices", "cpu:2x1"],
];

interface Case {
  readonly shape: string;
  readonly edit: string;
  readonly rows: number;
  readonly epochs: number;
  readonly way: readonly string[];
}

function casesOf(count: number): Case[] {
  const names = Object.keys(shapes);
  return Array.from({ length: count }, (_, at) => {
    const shape = names[at % names.length]!, all = shape.startsWith("gpt2") ? edits.slice(0, 4) : edits;
    const edit = all[Math.floor(at / names.length) % all.length]!;
    return { shape, edit, rows: [32, 64, 48][at % 7 % 3]!, epochs: [6, 3, 8, 4][at % 4]!, way: ways[at % 5 % 3]! };
  });
}

const pipelineOf = ({ edit, rows, epochs }: Case, model: string, seed: number) =>
  `import { adamw, baseModel, block, direft, evaluate, greedy, exactMatch, lora, loreft, pipeline, records, sweep, train } from "refract";
const words = ["the", "cat", "house", "river", "old", "sees", "and", "bird"];
const rows = Array.from({ length: ${rows} }, (_, at) => {
  return { q: Array.from({ length: 10 + (at * ${
    seed + 3
  }) % 60 }, (_, i) => words[(i * i + at + ${seed}) % 8]).join(" "), a: " blue sky" };
});
const data = records(rows, { prompt: "{q}", completion: "{a}" });
export default pipeline("predicted", () => {
  const tuned = train(baseModel(${JSON.stringify(model)}).with(${edit}), {
    data, epochs: ${epochs}, batchSize: 8, seed: ${seed}, optimizer: adamw({ learningRate: 1e-3 }),
  });
  return { score: evaluate(tuned, { data: data.take(16), metrics: [exactMatch()], decoding: greedy({ maxNewTokens: 4 }) }) };
});
`;

async function output(command: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args], cwd: root }).output();
  const [out = "", said = ""] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) throw new Error(said.trimEnd().split("\n").at(-1));
  return out;
}

const refract = (name: "run" | "plan", args: readonly string[]) => {
  return ["run", ...flagsOf(grantsOf(name, undefined)), "pipelines/cli/main.ts", name, ...args, "--json"];
};

const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "refract-predictions-" })),
  counts = new Map<string, number>();
const found: {
  shape: string;
  edit: string;
  way: string;
  predicted: number;
  measured: number;
  bytes: number;
  peak: number;
}[] = [];
try {
  for (const [name, write] of Object.entries(shapes)) await write(join(folder, name));
  for (const [at, one] of casesOf(runs + Object.keys(shapes).length * ways.length).entries()) {
    if (found.length >= runs) break;
    const pipeline = join(folder, `pipeline${at}.ts`), peaks = join(folder, "peaks.json");
    await Deno.writeTextFile(pipeline, pipelineOf(one, join(folder, one.shape), at));
    const store = ["--store", join(folder, "store")];
    const withoutDevices = one.way[0] === "--devices" ? ["--threads", "1"] : one.way;
    const { estimate } = JSON.parse(
      await output(Deno.execPath(), refract("plan", [pipeline, ...store, ...withoutDevices])),
    ) as Plan;
    const run = refract("run", [pipeline, ...store, ...one.way, "--out", join(folder, `out${at}`)]);
    const script = fileURLToPath(new URL("../support/peak_memory.py", import.meta.url));
    const { time } = JSON.parse(await output("python3", [script, peaks, Deno.execPath(), ...run])) as Results;
    const { Rss: peak } = JSON.parse(await Deno.readTextFile(peaks)) as { Rss: number };
    const kind = `${one.shape} ${one.way.join(" ")}`, before = counts.get(kind) ?? 0;
    counts.set(kind, before + 1);
    const way = one.way.join(" "), edit = one.edit.replace(/sweep\("rank", (\[.*?\])\)/, "$1");
    const line = {
      shape: one.shape,
      edit,
      way,
      predicted: time!.expectedSeconds,
      measured: time!.seconds,
      bytes: estimate.resident,
      peak,
    };
    console.error(`${before === 0 ? "first " : ""}${JSON.stringify(line)}`);
    if (before > 0) found.push(line);
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
const summary = (errors: readonly number[]) => {
  const within = errors.filter((error) => error <= 0.3).length;
  return `median error ${(100 * median(errors)).toFixed(0)} %, ${
    (100 * within / errors.length).toFixed(0)
  } % within 30 %`;
};
const errorsOf = (of: (line: typeof found[0]) => number) => found.map((line) => Math.abs(of(line)));
console.log(
  `| shape | edit | options | predicted s | measured s | predicted MB | measured MB |\n| ${"--- | ".repeat(7)}`,
);
for (const { shape, edit, way, predicted, measured, bytes, peak } of found) {
  const numbers = [predicted.toFixed(2), measured.toFixed(2), (bytes / 1e6).toFixed(0), (peak / 1e6).toFixed(0)];
  console.log(`| ${[shape, `\`${edit}\``, `\`${way}\``, ...numbers].join(" | ")} |`);
}
console.log(`\ntime: ${summary(errorsOf(({ predicted, measured }) => predicted / measured - 1))}`);
console.log(`memory: ${summary(errorsOf(({ bytes, peak }) => bytes / peak - 1))}`);
if (options.out !== undefined) await Deno.writeTextFile(options.out, `${JSON.stringify(found, null, 1)}\n`);
