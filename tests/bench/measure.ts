/** Measures one job. @module */
import { join } from "node:path";
import type { Model } from "../../pipelines/models/open/model.ts";
import { analyse, type ProgramMeasure } from "./analysis.ts";
import { batchSize, type Figure, type Job, peers, type Setting } from "./jobs.ts";
import { type PeerTraining, type Run, trainPeer, writeInitial } from "./peer.ts";
import { peerFlops } from "./peer_flops.ts";
import { measureMemory, pipelineText, trainRefract } from "./refract.ts";
import type { FigureResult, JobResult, SideResult, Summary } from "./results.ts";
import { arcRows, evenRows, tokenCounts } from "./rows.ts";
import { largestDifference, median, sum } from "./statistics.ts";

/** The settings common to all jobs. */
export interface Bench {
  readonly shared: string;
  readonly model: Model;
  readonly python: string;
  readonly threads: number;
  readonly runs: number;
  /** A folder for all output. */
  readonly scratch: string;
}

/** Runs a job on both sides, alternating, and compares them. */
export async function measureJob(job: Job, bench: Bench): Promise<JobResult> {
  const { model, threads, scratch } = bench;
  const rows = job.rows === "arc"
    ? await arcRows(job.rowCount, bench.shared)
    : await evenRows(job.rowCount, bench.shared, model.tokenizer);
  const data = join(scratch, `${job.name}.jsonl`), pipeline = join(scratch, `${job.name}.ts`);
  await Deno.writeTextFile(data, rows.map((row) => JSON.stringify(row) + "\n").join(""));
  const peerTrainings = job.settings.map((setting): PeerTraining => {
    const { shared, python } = bench;
    return { shared, python, model: model.folder, data, threads, epochs: job.epochs, setting };
  });
  for (const training of peerTrainings) await makeInitial(training, bench);
  await Deno.writeTextFile(pipeline, pipelineText(job, model.folder, data, (setting) => initialPath(setting, bench)));

  const peer: Run[] = [], refract: Run[] = [];
  const peerNames = [...new Set(job.settings.map(({ kind }) => peers[kind]))].join(" and ");
  for (let run = 0; run < bench.runs; run++) {
    peer.push(await peerRun(job.peerSettings.map((at) => peerTrainings[at] as PeerTraining), bench));
    console.error(`${job.name}: ${peerNames} took ${peer.at(-1)?.seconds.toFixed(1)} s`);
    refract.push(await trainRefract(pipeline, threads, scratch));
    console.error(`${job.name}: Refract took ${refract.at(-1)?.seconds.toFixed(1)} s`);
  }

  const peerSide = sideOf(peer, job.settings.length / job.peerSettings.length, peer[0]!.trainings.map((_, at) => at));
  const refractSide = sideOf(refract, 1, job.peerSettings);
  const { name, title, figures, limit } = job;
  const lossDifference = largestDifference(refractSide.losses.flat(), peerSide.losses.flat());
  const base = { name, title, peer: peerSide, refract: refractSide, lossDifference };
  if (figures.length === 0) return { ...base, figures: [], programs: [] };

  const programs = await analyse(pipeline, { threads, scratch, limit });
  const lengths = rows.map((row) => {
    const { prompt, completion } = tokenCounts(row, model.tokenizer);
    return prompt + completion;
  });
  const memory = await measureMemory(pipeline, threads, scratch);
  return {
    ...base,
    figures: figures.map((figure) => compare(figure, base, flopsOf(figure, job, programs, lengths, model))),
    programs,
    ...(memory === undefined ? {} : { memory }),
  };
}

/** Initial values depend only on the rank and the number and shapes of the tensors, so that jobs share them. */
function initialPath(setting: Setting, { model, scratch }: Bench): string {
  return join(scratch, `initial-${setting.kind}-${setting.rank}x${initialCount(setting, model)}.safetensors`);
}

/** The number and shapes of a setting's parts: those of LoReFT are all equal, LoRA's depend on their projections. */
function initialCount(setting: Setting, { architecture }: Model): string {
  switch (setting.kind) {
    case "loreft": {
      const { blocks, positions, tied } = setting;
      const count = blocks === "all" ? architecture.blocks : blocks.length;
      return String(positions.includes("+") && !tied ? 2 * count : count);
    }
    case "lora":
      return [setting.blocks.length, ...setting.modules].join("-");
  }
}

async function makeInitial(training: PeerTraining, bench: Bench): Promise<void> {
  const path = initialPath(training.setting, bench);
  const exists = await Deno.stat(path).then(() => true, () => false);
  if (!exists) await writeInitial(training, path);
}

/** One run of the peer: one process for each training. */
async function peerRun(trainings: readonly PeerTraining[], bench: Bench): Promise<Run> {
  const runs: Run[] = [];
  for (const training of trainings) runs.push(await trainPeer(training, initialPath(training.setting, bench)));
  return { trainings: runs.flatMap(({ trainings }) => trainings), seconds: sum(runs.map(({ seconds }) => seconds)) };
}

/** @param compared The trainings whose losses are kept. */
function sideOf(runs: readonly Run[], scaledBy: number, compared: readonly number[]): SideResult {
  const steps = runs.map(({ trainings }) => trainings[0]?.stepSeconds ?? []);
  const later = steps.map((seconds) => seconds.slice(seconds.length >> 1));
  const seconds = runs.map((run) => run.seconds);
  return {
    step: { median: median(later.map(median)), best: Math.min(...later.flat()) },
    cold: summarize(seconds.map((second) => second * scaledBy)),
    scaledBy,
    seconds,
    stepSeconds: steps,
    losses: compared.map((at) => runs.at(-1)?.trainings[at]?.losses ?? []),
  };
}

function summarize(numbers: readonly number[]): Summary {
  return { median: median(numbers), best: Math.min(...numbers) };
}

interface Flops {
  readonly peerFlops: number;
  readonly refractFlops: number;
}

/** Both sides' operations in a step, or in the whole run. */
function flopsOf(
  { kind }: Figure,
  { settings, epochs }: Job,
  programs: readonly ProgramMeasure[],
  lengths: readonly number[],
  { architecture }: Model,
): Flops {
  const peer = epochs * sum(settings.map((setting) => peerFlops(architecture, setting, lengths)));
  const counted = programs.filter(({ name }) => kind === "cold" || name === "train");
  const refract = sum(counted.map(({ flops }) => flops));
  const parts = kind === "cold" ? 1 : settings.length * epochs * Math.ceil(lengths.length / batchSize);
  return { peerFlops: peer / parts, refractFlops: refract / parts };
}

function compare(
  figure: Figure,
  { peer, refract }: Pick<JobResult, "peer" | "refract">,
  { peerFlops, refractFlops }: Flops,
): FigureResult {
  const ratio = peer[figure.kind].median / refract[figure.kind].median;
  const fewerFlops = peerFlops / refractFlops;
  return { ...figure, ratio, fewerFlops, fasterFlops: ratio / fewerFlops, peerFlops, refractFlops };
}
