/**
 * The cost of a DPO step compared with trl: LoReFT on the prompt's last token at block 15 of SmolLM2, of rank 4, eight
 * rows a step. trl's DPOTrainer runs two answers a row through the edited model, forward and backward, and forward
 * through the frozen one. Both sides take turns and count processor time, which other load changes less than the wall
 * clock; their losses are compared. Prints the measurements as JSON. Needs ../shared, and REFRACT_TRL_PYTHON, a Python
 * with the packages of tests/goldens/make_preferences.py; a step of trl takes half a minute of processor time.
 *
 *     deno run --allow-read --allow-write --allow-ffi --allow-env --allow-run tests/bench/preferences.ts [turns] [steps]
 *
 * @module
 */
import { adamw, baseModel, block, dpo, jsonl, linearSchedule, loreft, pipeline, prefer, train } from "refract";
import { join } from "node:path";
import { cpuUsage } from "node:process";
import { fileURLToPath } from "node:url";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";
import { numbersInOrder, refuse } from "./arguments.ts";
import { runPython } from "./peer.ts";
import { inFreshFolder } from "./refract.ts";
import { largestDifference, median } from "./statistics.ts";
import { watchedRun } from "./watched_run.ts";

const rowsOfStep = 8, learningRate = 5e-3, threads = 2;
const goldens = fileURLToPath(new URL("../goldens/", import.meta.url));

/** The losses of a side's steps, and the processor seconds of each except the first, which maps the weights. */
interface Steps {
  readonly losses: readonly number[];
  readonly processor: readonly number[];
}

/** Writes questions with a right and a wrong answer. */
async function writeRows(shared: string, count: number, path: string): Promise<void> {
  const lines = (await Deno.readTextFile(join(shared, "data", "arc_easy.train.jsonl"))).split("\n").slice(0, count);
  const rows = lines.map((line) => {
    const { instruction, output, answer }: Record<"instruction" | "output" | "answer", string> = JSON.parse(line);
    const wrong = `answer${Number(answer.replace("answer", "")) % 4 + 1}`;
    return { prompt: `${instruction}\n`, chosen: output, rejected: wrong };
  });
  await Deno.writeTextFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

async function refractSteps(data: string, model: string): Promise<Steps> {
  const initial = join(goldens, "preferences", "smollm2.safetensors"), processor: number[] = [], losses: number[] = [];
  const declared = pipeline("preferences", () => ({
    tuned: train(baseModel(model).with(loreft({ at: block(15).output, positions: "l1", rank: 4, initial })), {
      data: jsonl(data, prefer({ prompt: "{prompt}", chosen: "{chosen}", rejected: "{rejected}" })),
      epochs: 1,
      batchSize: rowsOfStep,
      shuffle: false,
      objective: dpo({ beta: 0.1 }),
      optimizer: adamw({ learningRate, schedule: linearSchedule() }),
    }),
  }));
  const now = () => {
    const { user, system } = cpuUsage();
    return (user + system) / 1e6;
  };
  let since = 0;
  await inFreshFolder(await Deno.makeTempDir(), (folder) =>
    watchedRun(declared, folder, {
      run: (_, start) => start(),
      emit(event) {
        if (event.kind !== "step") return;
        processor.push(now() - since);
        losses.push(event.members[0]!.loss);
        since = now();
      },
    }));
  return { losses, processor: processor.slice(1) };
}

async function trlSteps(python: string, shared: string, model: string, data: string, steps: number): Promise<Steps> {
  const script = join(goldens, "make_preferences.py"), time = [String(rowsOfStep), String(steps)];
  const more = ["--data", data, "--threads", String(threads)];
  const { stdout } = await runPython(python, ["-B", script, shared, model, "--time", ...time, ...more]);
  const found: { readonly losses: number[]; readonly stepSeconds: readonly (readonly [number, number])[] } = JSON.parse(
    stdout.trim().split("\n").at(-1)!,
  );
  return { losses: found.losses, processor: found.stepSeconds.slice(1).map(([, processor]) => processor) };
}

const { turns, steps } = numbersInOrder({ turns: 2, steps: 4 });
const shared = sharedFolder(), python = Deno.env.get("REFRACT_TRL_PYTHON");
if (python === undefined) refuse("REFRACT_TRL_PYTHON is not set; give a Python with what make_preferences.py names");
if (shared !== undefined) {
  const model = await smollm2Folder(shared);
  await inFreshFolder(await Deno.makeTempDir(), async (folder) => {
    const data = join(folder, "rows.jsonl"), refract: number[] = [], trl: number[] = [];
    await writeRows(shared, rowsOfStep * steps, data);
    let difference = 0;
    for (let turn = 0; turn < turns; turn++) {
      const ours = await refractSteps(data, model), peer = await trlSteps(python, shared, model, data, steps);
      refract.push(...ours.processor);
      trl.push(...peer.processor);
      difference = Math.max(difference, largestDifference(ours.losses, peer.losses));
    }
    const times = { trl: median(trl) / median(refract), ofTheBest: Math.min(...trl) / Math.min(...refract) };
    console.log(JSON.stringify({ rowsOfStep, processorSeconds: { refract, trl }, times, difference }, null, 2));
  });
}
