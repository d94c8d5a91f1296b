/**
 * manifest.yaml: all that reproduces a run. The only file that knows the YAML library.
 *
 * @module
 */
import { parse, stringify } from "yaml";
import { readFileIfPresent } from "../models/files.ts";

/** What a run depended on. */
export interface Manifest {
  readonly pipeline: { readonly name: string; readonly file: string; readonly digest: string };
  readonly members: readonly {
    readonly id: string;
    readonly axes: Readonly<Record<string, string | number | boolean>>;
  }[];
  readonly models: readonly { readonly name: string; readonly weights: string; readonly tokenizer: string }[];
  readonly data: readonly { readonly stage: string; readonly rows: number; readonly digest: string }[];
  readonly seeds: readonly number[];
  readonly provider: string;
  readonly threads: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** The manifest's name within a run's folder. */
export const manifestFile = "manifest.yaml";

/** A run's manifest, as far as it says where the pipeline file was; `undefined` if there is none. */
export async function readManifest(path: string): Promise<Pick<Manifest, "pipeline"> | undefined> {
  const bytes = await readFileIfPresent(path);
  if (bytes === undefined) return undefined;
  const found: unknown = parse(new TextDecoder().decode(bytes));
  return isManifest(found) ? found : undefined;
}

function isManifest(found: unknown): found is Pick<Manifest, "pipeline"> {
  if (typeof found !== "object" || found === null || !("pipeline" in found)) return false;
  const { pipeline } = found;
  return typeof pipeline === "object" && pipeline !== null && "file" in pipeline && typeof pipeline.file === "string";
}

/** The manifest as YAML. */
export function formatManifest(manifest: Manifest): string {
  return stringify(manifest);
}
