/**
 * Refract compared with pyreft, peft and transformers on the same GPU, in at most eight minutes and without a network:
 *
 *     deno task bench:gpu [--shapes SmolLM2-135M,Llama-3.2-1B,Llama-3.2-3B] [--providers cuda,webgpu] [--minutes 8]
 *                         [--stored bfloat16] [--out gpu.json] [--tiny]
 *
 * Models have known shapes and random weights. The measurements: steps of LoReFT at the last token of 200 + 8, at the
 * first and last seven of all blocks, and of LoRA; encoded and generated tokens per second. REFRACT_PEER_PYTHON names a
 * Python with torch, transformers, pyreft and peft; without it the peers are omitted. `--tiny` tries everything with a
 * small model and few steps, for example on software Vulkan, whose times mean nothing. Jobs without time left are
 * listed as omitted.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plan } from "../../pipelines/schedule/plan/plan.ts";
import type { Results } from "../../pipelines/results/results.ts";
import { providers } from "../../ops/onnx/providers.ts";
import { faultText } from "../../pipelines/common/files.ts";
import { nvidiaGpus, processorName } from "../../pipelines/doctor/machine.ts";
import { knownGpu } from "../../pipelines/doctor/known_gpus.ts";
import { createRandom } from "../../pipelines/data/random.ts";
import { loadTokenizer } from "../../pipelines/models/tokenization/tokenizer.ts";
import { optionValues, refuse } from "./arguments.ts";
import { type Amount, batchSize, type GpuJob, gpuPipeline, jobsOf, learningRate } from "./gpu_jobs.ts";
import { isShape, type ShapeName, shapes, type StoredType, writeModel } from "./gpu_models.ts";
import { root } from "./command.ts";
import { largestDifference, median } from "./statistics.ts";

/** One side's measurements of a job. */
interface Found {
  readonly losses?: readonly number[];
  /** The median of the second half of the steps. */
  readonly stepSeconds?: number;
  readonly tokensPerSecond?: number;
  /** Why there is no measurement. */
  readonly error?: string;
}

interface Row {
  readonly shape: ShapeName;
  readonly job: string;
  readonly side: string;
  readonly found: Found;
  /** The floating-point operations of a step's matrix products. */
  readonly flops?: number;
}

const whole: Amount = { rows: 32, prompt: 200, completion: 8, steps: 12, tokens: 64 };
const small: Amount = { rows: 16, prompt: 24, completion: 4, steps: 4, tokens: 4 };

/** Parsed before anything else: a card is lent for minutes, which are not for a misspelt name. */
const options = optionValues({
  shapes: { type: "string" },
  providers: { type: "string", default: "cuda,webgpu" },
  minutes: { type: "string", default: "8" },
  stored: { type: "string", default: "bfloat16" },
  out: { type: "string" },
  tiny: { type: "boolean", default: false },
});
const names = Object.keys(shapes);
const asked = options.tiny ? ["tiny"] : options.shapes?.split(",") ?? names.filter((name) => name !== "tiny");
const chosen = options.providers.split(",");
const unknown = asked.find((name) => !isShape(name)),
  other = chosen.find((name) => !providers.some((each) => each === name));
if (unknown !== undefined) refuse(`there is no shape "${unknown}"; give --shapes of ${names.join(", ")}`);
if (other !== undefined) refuse(`there is no provider "${other}"; give --providers of ${providers.join(", ")}`);
if (!["float32", "bfloat16"].includes(options.stored)) {
  refuse(`--stored "${options.stored}" is neither float32 nor bfloat16; give one of them`);
}
if (!(Number(options.minutes) > 0 && Number(options.minutes) <= 60)) {
  refuse(`--minutes "${options.minutes}" is not a number of up to 60; give one`);
}
if (options.out !== undefined) {
  // Found out before the measurement, not after it.
  try {
    await Deno.mkdir(dirname(options.out), { recursive: true });
    await Deno.writeTextFile(options.out, "", { append: true });
  } catch (fault) {
    refuse(`${options.out} cannot be written (${faultText(fault)}); give --out another file`);
  }
}

const end = performance.now() + 60_000 * Number(options.minutes);
const secondsLeft = () => (end - performance.now()) / 1000;

/** The output of a program, or the reason why there is none. */
async function run(
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<{ out: string } | { error: string }> {
  if (secondsLeft() < 5) return { error: "no time was left" };
  const signal = AbortSignal.timeout(1000 * secondsLeft());
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args], cwd, signal }).output();
  const [out = "", said = ""] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (success) return { out };
  const line = said.trimEnd().split("\n").findLast((each) => /^error: /.test(each)) ??
    said.trimEnd().split("\n").at(-1);
  return { error: signal.aborted ? "no time was left" : (line ?? "").slice(0, 300) };
}

function refract(command: "run" | "plan", args: readonly string[], folder: string) {
  const launch = [
    "run",
    "--no-prompt",
    "--allow-read",
    "--allow-env",
    "--allow-run",
    join(root, "pipelines/cli/refract.ts"),
  ];
  return run(Deno.execPath(), [...launch, command, join(folder, "pipeline.ts"), "--json", ...args], folder);
}

async function measureRefract(job: GpuJob, provider: string, folder: string): Promise<Pick<Row, "found" | "flops">> {
  await Deno.writeTextFile(join(folder, "pipeline.ts"), gpuPipeline(job, join(folder, "model")));
  const place = ["--store", join(folder, `store-${provider}`), "--provider", provider];
  const planned = await refract("plan", place, folder);
  const done = await refract("run", [...place, "--out", join(folder, `out-${provider}`)], folder);
  if ("error" in done) return { found: done };
  const { members: [member], encode: [encoding] } = JSON.parse(done.out) as Results, [stage] = member!.stages;
  if (job.kind === "encode") {
    return {
      found: encoding === undefined
        ? { error: "nothing was encoded" }
        : { tokensPerSecond: encoding.tokens / encoding.seconds },
    };
  }
  if (stage?.kind === "evaluate") {
    const { tokensPerSecond } = stage;
    return { found: tokensPerSecond === undefined ? { error: "nothing was written" } : { tokensPerSecond } };
  }
  if (stage?.kind !== "train") return { found: { error: "nothing was trained" } };
  const { losses, stepSeconds } = stage;
  const flops = "error" in planned
    ? undefined
    : (JSON.parse(planned.out) as Plan).programs.find(({ name }) => name === "train")?.flops;
  return {
    found: { losses, stepSeconds: median(stepSeconds.slice(stepSeconds.length >> 1)) },
    ...flops === undefined ? {} : { flops: flops / losses.length },
  };
}

interface PeerLine {
  readonly name?: string;
  readonly device?: string;
  readonly losses?: readonly number[];
  readonly step_seconds?: readonly number[];
  readonly tokens_per_second?: number;
  readonly error?: string;
}

/** The peers' measurements by job, and the device. */
async function measurePeers(python: string, plan: object, folder: string) {
  const file = join(folder, "jobs.json"), found = new Map<string, Found>();
  await Deno.writeTextFile(file, JSON.stringify({ ...plan, seconds: Math.max(0, secondsLeft() - 15) }));
  const done = await run(python, [fileURLToPath(new URL("./gpu_run.py", import.meta.url)), file], folder);
  if ("error" in done) return { device: "torch", found, error: done.error };
  // Packages print other lines.
  const printed = done.out.split("\n").filter((line) => line.startsWith("{"));
  const [first, ...lines] = printed.map((line) => JSON.parse(line) as PeerLine);
  for (const { name = "", losses, step_seconds: seconds, tokens_per_second: tokensPerSecond, error } of lines) {
    found.set(name, {
      ...losses === undefined ? {} : { losses },
      ...seconds === undefined ? {} : { stepSeconds: median(seconds.slice(seconds.length >> 1)) },
      ...tokensPerSecond === undefined ? {} : { tokensPerSecond },
      ...error === undefined ? {} : { error },
    });
  }
  return { device: `torch on ${first?.device}`, found, error: undefined };
}

const words = [
  "the",
  "cat",
  "house",
  "a",
  "river",
  "old",
  "sees",
  "and",
  "bird",
  "tree",
  "is",
  "under",
  "small",
  "red",
];

/** Rows of the requested number of tokens, as texts and as the ids that the peers read. */
async function rowsOf({ rows, prompt, completion }: Amount, model: string) {
  const tokenizer = await loadTokenizer(model), random = createRandom(3, "rows");
  const textWith = (count: number, encode: (text: string) => readonly number[]) => {
    for (let text = "the";;) {
      const ids = encode(text), longer = `${text} ${words[random.integer(words.length)]}`;
      if (ids.length === count) return { text, ids };
      if (ids.length < count) text = encode(longer).length > count ? `${text}.` : longer;
      else throw new Error(`a text of ${count} tokens could not be made`);
    }
  };
  return Array.from({ length: rows }, () => {
    const asked = textWith(prompt, (text) => tokenizer.encodePrompt(text));
    const answer = textWith(completion, (text) => [...tokenizer.encode(text), 1]);
    return {
      texts: { prompt: asked.text, completion: answer.text },
      ids: { prompt: asked.ids, completion: answer.ids },
    };
  });
}

async function measureShape(
  shape: ShapeName,
  amount: Amount,
  providers: readonly string[],
  python?: string,
): Promise<Row[]> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "refract-gpu-" })), rows: Row[] = [];
  try {
    const model = join(folder, "model");
    await writeModel(model, shape, options.stored as StoredType);
    const made = await rowsOf(amount, model), jobs = await jobsOf(shape, amount, folder);
    await Deno.writeTextFile(
      join(folder, "rows.jsonl"),
      made.map(({ texts }) => `${JSON.stringify(texts)}\n`).join(""),
    );
    for (const provider of providers) {
      for (const job of jobs) {
        const measured = await measureRefract(job, provider, folder);
        rows.push({ shape, job: job.name, side: `Refract on ${provider}`, ...measured });
        console.error(lineOf(rows.at(-1)!));
      }
    }
    if (python === undefined) return rows;
    const plan = { model, rows: made.map(({ ids }) => ids), batch: batchSize, lr: learningRate, jobs };
    const { device, found, error = "it said nothing" } = await measurePeers(python, plan, folder);
    for (const { name } of jobs) {
      rows.push({ shape, job: name, side: device, found: found.get(name) ?? { error } });
      console.error(lineOf(rows.at(-1)!));
    }
    return rows;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const lineOf = ({ shape, job, side, found }: Row) => `${shape}, ${job}, ${side}: ${textOf(found)}`;

function textOf({ error, stepSeconds, tokensPerSecond }: Found): string {
  if (error !== undefined) return error;
  return stepSeconds === undefined
    ? `${tokensPerSecond?.toFixed(0)} tokens/s`
    : `${(1000 * stepSeconds).toFixed(1)} ms a step`;
}

/** A Markdown table of all measurements. */
function tableOf(rows: readonly Row[], peak: number | undefined): string {
  const lines = rows.map((row) => {
    const { shape, job, side, found, flops } = row;
    const peer = rows.find((other) => other.shape === shape && other.job === job && other.side.startsWith("torch"))
      ?.found;
    const share = peak === undefined || flops === undefined || found.stepSeconds === undefined
      ? ""
      : `${(100 * flops / found.stepSeconds / peak).toFixed(1)} %`;
    const difference = row.found === peer || found.losses === undefined || peer?.losses === undefined
      ? ""
      : largestDifference(found.losses, peer.losses).toExponential(1);
    return `| ${[shape, job, side, textOf(found), share, difference].join(" | ")} |`;
  });
  const header = ["shape", "job", "side", "measured", "share of the peak", "losses' difference from torch"];
  return [`| ${header.join(" | ")} |`, `| ${header.map(() => "---").join(" | ")} |`, ...lines].join("\n");
}

const gpus = await nvidiaGpus().catch(() => []), [gpu] = gpus, peak = gpu && knownGpu(gpu.name)?.flopsPerSecond;
const name = gpu === undefined ? `no NVIDIA GPU, ${processorName()}` : `${gpu.name}, driver ${gpu.driver}`;
const rows: Row[] = [];
for (const shape of asked.filter(isShape)) {
  const python = Deno.env.get("REFRACT_PEER_PYTHON");
  rows.push(...await measureShape(shape, options.tiny ? small : whole, chosen, python));
}
if (options.out !== undefined) {
  await Deno.writeTextFile(
    options.out,
    `${JSON.stringify({ card: name, peak: peak ?? null, stored: options.stored, rows }, null, 1)}\n`,
  );
}
console.log(
  `${name}; weights as ${options.stored}${peak === undefined ? "" : `; peak ${(peak / 1e12).toFixed(0)} TFLOP/s`}\n`,
);
console.log(tableOf(rows, peak));
