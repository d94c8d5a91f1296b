/** Trains with Refract, through its command line. @module */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { flagsOf, grantsOf } from "../../pipelines/cli/launch/grants.ts";
import type { Results } from "../../pipelines/results/results.ts";
import { runCommand } from "./command.ts";
import { batchSize, type Job, learningRate, type Setting, warmup } from "./jobs.ts";
import type { Run } from "./peer.ts";

/** A job's pipeline file: all of its settings, as members. */
export function pipelineText(job: Job, model: string, data: string, initial: (setting: Setting) => string): string {
  const edits = job.settings.map((setting) => `    ${settingText(setting, initial(setting))},`);
  const names = "adamw, baseModel, block, jsonl, linearSchedule, lora, loreft, pipeline, sweep, train";
  return `import { ${names} } from "refract";

export default pipeline("bench-${job.name}", () => {
  const edit = sweep("edit", [
${edits.join("\n")}
  ]);
  return {
    tuned: train(baseModel(${JSON.stringify(model)}).with(edit), {
      data: jsonl(${JSON.stringify(data)}, { prompt: "{prompt}", completion: "{completion}", tokenization: "apart" }),
      epochs: ${job.epochs},
      batchSize: ${batchSize},
      shuffle: false,
      optimizer: adamw({ learningRate: ${learningRate}, schedule: linearSchedule({ warmup: ${warmup} }) }),
    }),
  };
});
`;
}

/** The expression that declares a setting. */
function settingText(setting: Setting, initial: string): string {
  switch (setting.kind) {
    case "loreft": {
      const { blocks, positions, rank, tied } = setting;
      const options = JSON.stringify({ positions, rank, tied, initial });
      return `loreft({ at: block(${JSON.stringify(blocks)}).output, ...${options} })`;
    }
    case "lora": {
      const { blocks, modules, rank } = setting;
      return `lora(${JSON.stringify({ blocks, modules, rank, initial })})`;
    }
  }
}

/** The peaks of a run's memory in bytes, as peak_memory.py names them. */
export interface Memory {
  /** The process's own pages: dirty or anonymous, and those swapped out. */
  readonly own: number;
  readonly Private_Dirty: number;
  readonly Private_Clean: number;
  readonly Anonymous: number;
  readonly Rss: number;
  readonly Pss: number;
  readonly Swap: number;
}

/** Runs a pipeline with a new store. */
export async function trainRefract(pipeline: string, threads: number, scratch: string): Promise<Run> {
  return await inFreshFolder(scratch, async (folder) => {
    const { stdout, seconds } = await runCommand(Deno.execPath(), commandLine(pipeline, threads, folder));
    return { trainings: trainingsOf(JSON.parse(stdout)), seconds };
  });
}

/** The memory of one more run; undefined where the system does not report it. */
export async function measureMemory(
  pipeline: string,
  threads: number,
  scratch: string,
): Promise<Memory | undefined> {
  return await inFreshFolder(scratch, async (folder) => {
    const script = fileURLToPath(new URL("../support/peak_memory.py", import.meta.url)),
      peaks = join(folder, "peaks.json");
    const command = [Deno.execPath(), ...commandLine(pipeline, threads, folder)];
    await runCommand("python3", [script, peaks, ...command]);
    const memory: Memory = JSON.parse(await Deno.readTextFile(peaks));
    return memory.own === 0 ? undefined : memory;
  });
}

/** Makes Deno compile and cache the sources, as in a first run. */
export async function cacheSources(): Promise<void> {
  await runCommand(Deno.execPath(), ["cache", "pipelines/cli/main.ts", "pipelines/runtime/worker.ts"]);
}

function trainingsOf({ members }: Results): Run["trainings"] {
  return members.map(({ stages }) => {
    const [training] = stages;
    if (training?.kind !== "train") throw new TypeError("Expected a training alone");
    return training;
  });
}

export function commandLine(pipeline: string, threads: number, folder: string): string[] {
  const places = ["--store", join(folder, "store"), "--out", join(folder, "out")];
  const options = [...places, "--threads", String(threads), "--json"];
  return ["run", ...flagsOf(grantsOf("run", undefined)), "pipelines/cli/main.ts", "run", pipeline, ...options];
}

/** Runs a function in a new temporary folder. */
export async function inFreshFolder<T>(parent: string, run: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ dir: parent });
  try {
    return await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
