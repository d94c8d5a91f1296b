/** `deno task run`. @module */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Provider } from "../../ops/onnx/emit.ts";
import { formatManifest, type Manifest, manifestFile } from "../report/manifest.ts";
import { givenByOptions } from "../recipes/given.ts";
import { RunFolder } from "../report/run_folder.ts";
import { keyOf } from "../store/store.ts";
import type { PreparedMember } from "../schedule/prepare.ts";
import { runMembers } from "../schedule/run.ts";
import { weightsFor } from "../schedule/tune.ts";
import { type Progress, runtimeVersion, Workshop } from "../schedule/workshop.ts";
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
}

/** Runs a pipeline, writes its run folder and prints the summary, or results.json with `json`. */
export async function runCommand(path: string, options: RunOptions, terminal: Terminal): Promise<void> {
  const start = performance.now();
  const loaded = await loadPipeline(path, givenByOptions(options.set));
  await using workshop = openWorkshop(loaded, options, terminalProgress(terminal));
  const folder = new RunFolder(runPath(loaded, options));
  const { results, members } = await runMembers(workshop, loaded.pipeline.name, loaded.members, folder);
  await folder.text(manifestFile, formatManifest(await manifestOf(workshop, loaded, members)));
  if (options.json) terminal.print(JSON.stringify(results, null, 2));
  else terminal.print(`${summarize(results, members, (performance.now() - start) / 1000)}results in ${folder.path}`);
}

/** The means of a run, from the command line's options. */
export function openWorkshop(
  { base }: Pick<LoadedPipeline, "base">,
  { store, threads, provider }: Pick<RunOptions, "store" | "threads" | "provider">,
  progress: Progress,
): Workshop {
  const folder = store === undefined ? join(callerFolder(), ".refract", "store") : callerPath(store);
  return new Workshop({ base, store: folder, threads, provider, progress });
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
