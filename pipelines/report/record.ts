/**
 * What a run records before it begins: the digests of everything that its results depend on.
 *
 * @module
 */
import { isAbsolute, relative, resolve } from "node:path";
import { system } from "../common/system.ts";
import { ofKind } from "../common/of_kind.ts";
import { filesOfPath } from "../data/files/glob.ts";
import type { RowFile } from "../data/files/record_kind.ts";
import { filesOf, kindOf } from "../data/source_kinds.ts";
import type { Scalar } from "../recipes/overrides.ts";
import type { Recorded, RecordedModel } from "../recipes/recorded.ts";
import { fileDigest } from "../schedule/context/file_digests.ts";
import { type RunContext, runtimeVersion } from "../schedule/context/run_context.ts";
import type { Member } from "../schedule/expand/member.ts";
import { fromHub, otherFilesOf, type Redirected, sourcesIn } from "../schedule/expand/redirect.ts";
import { weightsFor } from "../schedule/prepare/model_weights.ts";
import type { PreparedMember } from "../schedule/prepare/prepared.ts";
import type { Pipeline } from "../spec/mod.ts";
import { keyOf } from "../store/store.ts";
import { pathFrom } from "../common/relative_path.ts";

/** What a run is about to run. */
interface Recordable extends Redirected {
  readonly pipeline: Pipeline;
  readonly file: string;
  /** As the pipeline declares them. */
  readonly declared: readonly Member[];
}

/** Digests the pipeline, its data and its models. */
export async function record(
  runContext: RunContext,
  { pipeline, file, declared, data, hubs, bases }: Recordable,
  members: readonly PreparedMember[],
  folder: string,
): Promise<Recorded> {
  const others = otherFilesOf(declared).map((path) => ({ name: path, path: resolve(runContext.base, path) }));
  const found = [...await dataFiles(runContext, declared, { data, hubs }), ...others];
  // Together, so that none is left to fail unnoticed if another fails.
  const [digest, models, files] = await Promise.all([
    fileDigest(file),
    modelsOf(runContext, members, bases, folder),
    Promise.all(found.map(async ({ name, path }) => {
      return { path: pathFrom(runContext.base, name), digest: await fileDigest(path) };
    })),
  ]);
  const seeds = members.flatMap(({ stages }) => ofKind(stages, "train").map(({ spec }) => spec.seed));
  return {
    pipeline: { name: pipeline.name, digest },
    members: declared.map((member) => ({ id: member.id, digest: declaredDigest(member) })),
    models,
    files,
    seeds: [...new Set(seeds)],
    versions: {
      refract: "0.1.0",
      deno: system.version.deno,
      runtime: runtimeVersion,
      platform: system.build.target,
    },
  };
}

/** The files of rows: those that paths and patterns name, and those of hub data sets. */
async function dataFiles(
  { base, hub }: RunContext,
  declared: readonly Member[],
  { data, hubs }: Pick<Redirected, "data" | "hubs">,
): Promise<readonly RowFile[]> {
  const found = new Map<string, RowFile>();
  for (const [path, at] of data) {
    for (const file of await filesOfPath(at, base)) {
      const shown = isAbsolute(path) ? file.path : `./${relative(base, file.path)}`,
        name = file.name === at ? path : shown;
      found.set(name, { name, path: file.path });
    }
  }
  for (const declaredSource of sourcesIn(declared)) {
    const source = fromHub(declaredSource, hubs) ?? declaredSource;
    if (filesOf(source).some(({ use }) => use === "rows")) continue;
    for (const file of await kindOf(source).files(source, { base, hub })) found.set(file.name, file);
  }
  return [...found.values()];
}

/** The axes and settings of a run, as a recipe sets them. */
export function setOf(
  members: readonly Member[],
  settings: ReadonlyMap<string, Scalar>,
): Readonly<Record<string, Scalar | readonly Scalar[]>> {
  const axes = new Map<string, Set<Scalar>>();
  for (const [name, label] of members.flatMap((member) => Object.entries(member.axes))) {
    axes.getOrInsertComputed(name, () => new Set()).add(label);
  }
  return Object.fromEntries([...[...axes].map(([name, labels]) => [name, [...labels]]), ...settings]);
}

/** Functions count by their source text. */
function declaredDigest({ stages }: Member): string {
  const text = JSON.stringify(stages, (_, value) => typeof value === "function" ? String(value) : value);
  return keyOf(JSON.parse(text));
}

async function modelsOf(
  runContext: RunContext,
  members: readonly PreparedMember[],
  bases: ReadonlyMap<string, string>,
  folder: string,
): Promise<readonly RecordedModel[]> {
  const models = new Map<string, RecordedModel>();
  for (const stage of members.flatMap((member) => member.stages)) {
    const { source, quantize, model: { name, tokenizer, config } } = stage;
    for (const [declared, at] of bases) {
      if (at !== source) continue;
      const { digest } = await weightsFor(runContext, stage), { revision: commit } = stage.model.source.options;
      models.set(JSON.stringify([declared, quantize]), {
        ...{ source: pathFrom(runContext.base, declared), name, at: pathFrom(folder, at) },
        ...{ weights: digest, tokenizer: tokenizer.digest, config },
        ...commit === undefined ? {} : { commit },
        ...quantize === undefined ? {} : { quantize },
        files: await runContext.models.files(stage.model),
      });
    }
  }
  return [...models.values()];
}
