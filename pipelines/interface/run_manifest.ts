/** Where a run is written, and what repeats it. @module */
import { join } from "node:path";
import { RequestError } from "../common/errors.ts";
import { callerFolder, callerPath } from "../cli/requests/caller_paths.ts";
import type { Request } from "../cli/requests/load_request.ts";
import { type Difference, differences, type Recorded } from "../recipes/recorded.ts";
import type { HubChoice } from "../recipes/recipe.ts";
import type { Manifest } from "../report/manifest.ts";
import { pathFrom } from "../common/relative_path.ts";
import { setOf } from "../report/record.ts";

/** The run folder: the requested one, or a new one. */
export function runPath({ pipeline, recipe }: Request, out: string | undefined): string {
  if (out !== undefined) return callerPath(out);
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, "-").slice(0, 23);
  return join(callerFolder(), "runs", recipe?.name ?? pipeline.name, stamp);
}

/** How a run may differ from its manifest. */
interface Changes {
  /** The axes and settings that options set. */
  readonly set: readonly string[];
  /** Whether the run's inputs may have changed. */
  readonly allowed: boolean;
}

/**
 * Notes what differs from a manifest's record.
 *
 * @throws {RequestError} If different results are to be expected, unless changes are allowed.
 */
export function compare(
  { recipe, provider, threads }: Request,
  found: Recorded,
  { set, allowed }: Changes,
  note: (message: string) => void,
): void {
  if (recipe?.recorded === undefined) return;
  const before = { ...recipe.recorded, provider: recipe.provider, threads: recipe.threads };
  const all: Difference[] = [
    ...set.map((name) => ({ says: `${name} is set by an option`, isInput: false })),
    ...differences(before, { ...found, provider, threads }, set.length > 0),
  ];
  for (const { says } of all) note(says);
  const changed = all.filter(({ isInput }) => isInput).length;
  if (changed === 0 || allowed) return;
  const what = changed === 1 ? "something has" : `${changed} things have`;
  throw new RequestError(`${what} changed since this was recorded; restore it, or run it with --allow-changes`, {
    file: recipe.file,
  });
}

/** The recipe that repeats a run of a pipeline file. */
export function manifestOf(
  request: Request & { readonly file: string },
  recorded: Recorded,
  folder: string,
): Manifest {
  const { file, declared, settings, provider, threads, recipe } = request, set = setOf(declared, settings);
  // Each relative to where it is looked up: what the pipeline names from its folder, the files there from the run's.
  const portable = (paths: ReadonlyMap<string, string>) => {
    return new Map([...paths].map(([name, at]) => [pathFrom(request.base, name), pathFrom(folder, at)]));
  };
  const hubs = [...request.hubs].map(([name, choice]): [string, HubChoice] => [pathFrom(request.base, name), choice]);
  const data = portable(request.data), bases = portable(request.bases), [base, ...others] = bases.values();
  return {
    ...(recipe?.name === undefined ? {} : { name: recipe.name }),
    ...(recipe?.about === undefined ? {} : { about: recipe.about }),
    pipeline: pathFrom(folder, file),
    ...(Object.keys(set).length === 0 ? {} : { set }),
    ...(data.size + hubs.length === 0 ? {} : { data: Object.fromEntries<string | HubChoice>([...data, ...hubs]) }),
    ...(base === undefined ? {} : { base: others.length === 0 ? base : Object.fromEntries(bases) }),
    ...(recipe?.quantize === undefined ? {} : { quantize: recipe.quantize }),
    provider,
    threads,
    recorded,
  };
}
