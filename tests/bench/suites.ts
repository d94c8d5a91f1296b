/**
 * The speed of evaluating suites: ARC-Easy's test by the paper's protocol (greedy, 32 new tokens) compared with
 * transformers' generate at its best batch size, and by lm-evaluation-harness's compared with the harness.
 *
 *     deno task bench:suites [--only write|choose] [--rows <n>] [--batches 8,32,64] [--threads 2] [--runs 1]
 *
 * Both sides alternate. The peers' seconds are those of the calls that generate or score, Refract's those of the whole
 * evaluation (as reported by its stage, without tokenization and opening the model), and also of its whole process.
 * REFRACT_PEER_PYTHON names a Python with torch and transformers, REFRACT_LM_EVAL_PYTHON one with lm_eval.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EvaluateRecord, Results } from "../../pipelines/results/results.ts";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";
import { oneWordOf, optionValues, wholeNumber } from "./arguments.ts";
import { runCommand } from "./command.ts";
import { argumentPairs, runPython } from "./peer.ts";
import { commandLine, inFreshFolder } from "./refract.ts";
import { median } from "./statistics.ts";

/** The settings of the measurement. */
interface Bench {
  readonly model: string;
  readonly data: string;
  readonly rows: number;
  readonly batches: readonly number[];
  readonly threads: number;
  readonly runs: number;
  readonly scratch: string;
}

/** One run of a side. */
interface Timed {
  /** Of the compared part. */
  readonly seconds: number;
  /** Of the whole process. */
  readonly process: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** One way to evaluate. */
interface Part {
  readonly title: string;
  readonly target: number;
  readonly file: string;
  /** Whether both sides measure the same numbers. */
  readonly comparesMetrics: boolean;
  /** The pipeline's evaluation of a base model. */
  evaluation(data: string, rows: number): string;
  peer(bench: Bench, batch: number): Promise<Timed>;
}

const parts: Readonly<Record<string, Part>> = {
  write: {
    title: "greedily, 32 new tokens, beside transformers' generate",
    target: 2,
    file: "commonsense/arc_easy.test.jsonl",
    comparesMetrics: false,
    evaluation: (data, rows) =>
      `const { evaluation, test } = task("ARC-Easy", { data: ${JSON.stringify(data)} });
const evaluated = { ...evaluation, data: test.take(${rows}) };`,
    async peer({ model, data, rows, threads, scratch }, batch) {
      return await inFreshFolder(scratch, async (folder) => {
        const prompts = (await readRows(data, rows)).map(({ instruction }) => `${instruction}\n`);
        const file = join(folder, "prompts.json");
        await Deno.writeTextFile(file, JSON.stringify(prompts));
        const lengths = { "new-tokens": 32, "warmup-tokens": 2 };
        const script = fileURLToPath(new URL("./generate_run.py", import.meta.url));
        const options = argumentPairs({ model, prompts: file, batch, ...lengths, threads });
        const { stdout, seconds: process } = await runPython(required("REFRACT_PEER_PYTHON"), [script, ...options]);
        const { seconds } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
        return { seconds, process, metrics: {} };
      });
    },
  },
  choose: {
    title: "the likeliest choice, beside lm-evaluation-harness",
    target: 2.5,
    file: "raw/arc_easy.test.jsonl",
    comparesMetrics: true,
    evaluation: (data, rows) =>
      `const { evaluation } = task("ARC-Easy", { data: ${JSON.stringify(data)}, scoring: "lm-eval" });
const evaluated = { ...evaluation, data: { kind: "take", of: evaluation.data, count: ${rows} } };`,
    async peer({ model, data, rows, threads }, batch) {
      const script = fileURLToPath(new URL("./harness_run.py", import.meta.url));
      const options = argumentPairs({ model, data, rows, batch, threads });
      const { stdout, seconds: process } = await runPython(required("REFRACT_LM_EVAL_PYTHON"), [script, ...options]);
      const { seconds, acc, acc_norm } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
      return { seconds, process, metrics: { acc, acc_norm } };
    },
  },
};

async function refractRun({ evaluation }: Part, { model, data, rows, threads, scratch }: Bench): Promise<Timed> {
  return await inFreshFolder(scratch, async (folder) => {
    const pipeline = join(folder, "suite.ts");
    await Deno.writeTextFile(
      pipeline,
      `import { baseModel, evaluate, pipeline, task } from "refract";
${evaluation(data, rows)}
export default pipeline("suite", () => ({ evaluated: evaluate(baseModel(${
        JSON.stringify(model)
      }), evaluated as never) }));
`,
    );
    const { stdout, seconds: process } = await runCommand(Deno.execPath(), commandLine(pipeline, threads, folder));
    const { members: [member] }: Results = JSON.parse(stdout), stage = member!.stages[0] as EvaluateRecord;
    return { seconds: stage.seconds, process, metrics: stage.metrics };
  });
}

async function readRows(path: string, most: number): Promise<Readonly<Record<string, unknown>>[]> {
  return (await Deno.readTextFile(path)).split("\n").filter((line) => line !== "").slice(0, most).map((line) =>
    JSON.parse(line)
  );
}

/** @throws {Error} If the variable is not set. */
function required(variable: string): string {
  const value = Deno.env.get(variable);
  if (value === undefined) throw new Error(`${variable} names no Python; set it to one with the peer's packages`);
  return value;
}

async function measure(part: Part, bench: Bench): Promise<string> {
  const own: Timed[] = [], peers = new Map<number, Timed[]>();
  for (let run = 0; run < bench.runs; run++) {
    for (const batch of bench.batches) {
      const found = await part.peer(bench, batch);
      console.error(`${part.title}: peer, batch ${batch}: ${found.seconds.toFixed(1)} s`);
      peers.set(batch, [...peers.get(batch) ?? [], found]);
    }
    const found = await refractRun(part, bench);
    console.error(`${part.title}: Refract: ${found.seconds.toFixed(1)} s`);
    own.push(found);
  }
  const secondsOf = (runs: readonly Timed[], of: "seconds" | "process") => median(runs.map((run) => run[of]));
  const [batch, best] = [...peers].reduce((one, other) =>
    secondsOf(other[1], "seconds") < secondsOf(one[1], "seconds") ? other : one
  );
  const theirs = secondsOf(best, "seconds"), ours = secondsOf(own, "seconds");
  const metrics = part.comparesMetrics ? `; both measure ${JSON.stringify(sameMetrics(best[0]!, own[0]!))}` : "";
  return `${bench.rows} rows of ARC-Easy, ${part.title}: peer ${theirs.toFixed(1)} s (batch ${batch}; process ` +
    `${secondsOf(best, "process").toFixed(1)} s), Refract ${ours.toFixed(1)} s (process ` +
    `${secondsOf(own, "process").toFixed(1)} s): ${(theirs / ours).toFixed(2)}×, target ${part.target}×${metrics}`;
}

/** @throws {Error} If the sides measure different numbers. */
function sameMetrics(peer: Timed, own: Timed): Timed["metrics"] {
  for (const [name, value] of Object.entries(peer.metrics)) {
    if (own.metrics[name] !== value) throw new Error(`${name} is ${own.metrics[name]} and the peer's ${value}`);
  }
  return peer.metrics;
}

async function main(): Promise<void> {
  const values = optionValues({
    only: { type: "string" },
    rows: { type: "string", default: "2376" },
    batches: { type: "string", default: "8,32,64" },
    threads: { type: "string", default: "2" },
    runs: { type: "string", default: "1" },
  });
  const only = values.only === undefined ? undefined : oneWordOf("part", values.only, Object.keys(parts));
  const batches = values.batches.split(",").map((text) => wholeNumber("--batches", text));
  const [rows, threads, runs] = (["rows", "threads", "runs"] as const).map((name) =>
    wholeNumber(`--${name}`, values[name])
  ) as [number, number, number];
  const shared = sharedFolder();
  if (shared === undefined) return;
  const chosen = Object.entries(parts).filter(([name]) => only === undefined || name === only);
  const scratch = await Deno.realPath(await Deno.makeTempDir({ prefix: "refract-bench-" }));
  try {
    for (const [, part] of chosen) {
      const line = await measure(part, {
        ...{ model: await smollm2Folder(shared), data: join(shared, "tasks", "data", part.file), scratch },
        ...{ rows, batches, threads, runs },
      });
      console.log(line);
    }
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

await main();
