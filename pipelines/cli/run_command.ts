/** `deno task run`. @module */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Provider } from "../../ops/onnx/emit.ts";
import { formatManifest, type Manifest, manifestFile } from "../report/manifest.ts";
import { RunFolder } from "../report/run_folder.ts";
import { keyOf } from "../store/store.ts";
import type { PreparedMember } from "../schedule/prepare.ts";
import type { Pace } from "../schedule/pace.ts";
import { runPipeline } from "../schedule/run.ts";
import { weightsFor } from "../schedule/tune.ts";
import { type Progress, runtimeVersion, Workshop, type WorkshopOptions } from "../schedule/workshop.ts";
import { storeFolder } from "./cache_command.ts";
import { callerFolder, callerPath, type LoadedPipeline, loadPipeline } from "./load_pipeline.ts";
import { summarize } from "./summary.ts";
import { type Terminal, terminalProgress } from "./terminal.ts";

/** The options of a run. */
export interface RunOptions {
  readonly set: ReadonlyMap<string, readonly string[]>;
  readonly out?: string;
  readonly store?: string;
  readonly threads: number;
  readonly provider: Provider;
  readonly json?: boolean;
  /** What the store may hold, in bytes. */
  readonly cacheDisk?: number;
  /** What a training may keep of its rows, in bytes. */
  readonly cacheMemory?: number;
}

/** What a run is told besides its options. */
export interface RunControl {
  /** Begins to listen for a wish to stop; the signal's reason is a StoppedError. */
  readonly stops?: () => AbortSignal;
  /** How often unfinished work is kept, if not at the usual pace. */
  readonly pace?: Pace;
}

/**
 * Runs a pipeline, writes its run folder and prints the summary, or results.json with `json`.
 *
 * @throws {StoppedError} If it was stopped.
 */
export async function runCommand(
  path: string,
  options: RunOptions,
  terminal: Terminal,
  { stops, pace }: RunControl = {},
): Promise<void> {
  const start = performance.now(), signal = stops?.();
  const loaded = await loadPipeline(path, options.set);
  const control = { signal, ...pace === undefined ? {} : { pace } };
  await using workshop = openWorkshop(loaded, options, terminalProgress(terminal), control);
  const folder = new RunFolder(runPath(loaded, options));
  const { results, members } = await runPipeline(workshop, loaded.pipeline.name, loaded.expansion, folder);
  await folder.text(manifestFile, formatManifest(await manifestOf(workshop, loaded, members)));
  if (options.json) terminal.print(JSON.stringify(results, null, 2));
  else terminal.print(`${summarize(results, members, (performance.now() - start) / 1000)}results in ${folder.path}`);
}

/** The means of a run, from the command line's options. */
export function openWorkshop(
  { base }: Pick<LoadedPipeline, "base">,
  { store, threads, provider, cacheDisk, cacheMemory }: Pick<
    RunOptions,
    "store" | "threads" | "provider" | "cacheDisk" | "cacheMemory"
  >,
  progress: Progress,
  control: Pick<WorkshopOptions, "pace" | "signal"> = {},
): Workshop {
  const budgets = { cacheDisk, cacheMemory };
  return new Workshop({ base, store: storeFolder(store), threads, provider, progress, ...budgets, ...control });
}

function runPath({ pipeline }: LoadedPipeline, { out }: RunOptions): string {
  if (out !== undefined) return callerPath(out);
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, "-").slice(0, 23);
  return join(callerFolder(), "runs", pipeline.name, stamp);
}

async function manifestOf(
  workshop: Workshop,
  { pipeline, file }: LoadedPipeline,
  members: readonly PreparedMember[],
): Promise<Manifest> {
  const stages = members.flatMap((member) => member.stages);
  const models = new Map<string, Manifest["models"][number]>();
  for (const stage of stages) {
    const { digest } = await weightsFor(workshop, stage.kind === "evaluate" ? stage.training ?? stage : stage);
    models.set(stage.model.name, { name: stage.model.name, weights: digest, tokenizer: stage.model.tokenizer.digest });
  }
  const data = new Map<string, Manifest["data"][number]>();
  for (const stage of stages) {
    const content = stage.kind === "train" ? stage.rows : stage.examples;
    data.set(`${stage.kind} ${stage.name}`, {
      stage: `${stage.kind} ${stage.name}`,
      rows: content.length,
      digest: keyOf(JSON.parse(JSON.stringify(content))),
    });
  }
  return {
    pipeline: {
      name: pipeline.name,
      file,
      digest: createHash("sha256").update(await Deno.readFile(file)).digest("hex"),
    },
    members: members.map(({ member: { id, axes } }) => ({ id, axes })),
    models: [...models.values()],
    data: [...data.values()],
    seeds: [...new Set(stages.flatMap((stage) => (stage.kind === "train" ? [stage.spec.seed] : [])))],
    provider: workshop.provider,
    threads: workshop.threads,
    versions: { refract: "0.1.0", deno: Deno.version.deno, runtime: runtimeVersion },
  };
}
