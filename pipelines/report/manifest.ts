/**
 * manifest.yaml: all that reproduces a run. The only file that knows the YAML library.
 *
 * @module
 */
import { stringify } from "yaml";

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

/** The manifest as YAML. */
export function formatManifest(manifest: Manifest): string {
  return stringify(manifest);
}
