/**
 * manifest.yaml: the recipe that repeats a run, and what the run found.
 *
 * @module
 */
import { dirname, resolve } from "node:path";
import { RequestError } from "../common/errors.ts";
import { readFileIfPresent } from "../common/files.ts";
import type { QuantizationName } from "../models/weights/quantization.ts";
import { Fields, mappingOf, scalarOf, textOf } from "../recipes/fields.ts";
import type { Scalar } from "../recipes/overrides.ts";
import { finder, type HubChoice, manifestRemedy } from "../recipes/recipe.ts";
import { readRecorded, type Recorded } from "../recipes/recorded.ts";
import { blankAt, digestComment, requireOwnContent, withOwnDigest } from "../common/own_digest.ts";
import { formatYaml, parseYaml } from "../common/yaml.ts";

/** A recipe as written, with what was found. */
export interface Manifest {
  readonly name?: string;
  readonly about?: string;
  /** The pipeline file's path, relative to the run folder. */
  readonly pipeline: string;
  /** All axes and settings. */
  readonly set?: Readonly<Record<string, Scalar | readonly Scalar[]>>;
  readonly data?: Readonly<Record<string, string | HubChoice>>;
  readonly base?: string | Readonly<Record<string, string>>;
  readonly quantize?: QuantizationName;
  readonly provider: string;
  readonly threads: number;
  readonly recorded: Recorded;
}

/** The manifest's name within a run folder. */
export const manifestFile = "manifest.yaml";

/** The name there of the copy of the pipeline file as it was when it ran. */
export const pipelineFile = "pipeline.ts";

/** Where a run had its pipeline and models. */
interface RunPaths {
  /** The folder that the pipeline's relative paths are resolved from. */
  readonly base: string;
  /** Where each model was, by its name in the results. */
  readonly models: ReadonlyMap<string, string>;
  readonly provider: string;
  readonly threads: string;
  /** Names with their versions, one text each. */
  readonly versions: readonly string[];
}

/**
 * What a run's manifest says about locations; `undefined` if there is none.
 *
 * @throws {RequestError} If the manifest is not as a run writes it.
 */
export async function readManifest(path: string): Promise<RunPaths | undefined> {
  const bytes = await readFileIfPresent(path);
  if (bytes === undefined) return undefined;
  requireOwnContent(bytes, digestComment, path, manifestRemedy);
  const { entries, ...node } = mappingOf("the manifest", parseYaml(path, bytes), "what a run wrote");
  const names = ["pipeline", "provider", "threads", "recorded"];
  const read = entries.filter(({ key }) => names.includes(key));
  const fields = new Fields("the manifest", { ...node, entries: read }, names);
  const text = (name: string) => fields.read(name, (value) => textOf(name, value, "what a run wrote"));
  const pipeline = text("pipeline"), provider = text("provider") ?? "";
  const threads = String(fields.read("threads", (value) => scalarOf("threads", value, "what a run wrote")) ?? "");
  const recorded = fields.read("recorded", readRecorded);
  if (pipeline === undefined) throw new RequestError("names no pipeline; run the pipeline again", { file: path });
  const find = finder(dirname(path), recorded?.folder);
  const file = await find(pipeline, (info) => info.isFile) ?? resolve(dirname(path), pipeline);
  const models = (recorded?.models ?? []).map(async ({ name, at }): Promise<[string, string]> => {
    return [name, await find(at, (info) => info.isDirectory || info.isFile) ?? at];
  });
  const versions = Object.entries(recorded?.versions ?? {}).map(([name, version]) => `${name} ${version}`);
  return { base: dirname(file), models: new Map(await Promise.all(models)), provider, threads, versions };
}

/** The manifest as YAML. */
export function formatManifest(manifest: Manifest): string {
  const text = "# A recipe: deno task run with this file repeats the run, or says what has changed since\n" +
    blankAt(digestComment) + formatYaml(JSON.parse(JSON.stringify(manifest)));
  return withOwnDigest(text, digestComment);
}
