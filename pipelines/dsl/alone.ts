/** A pipeline file that is run as if it were a program. @module */
import { system } from "../common/system.ts";
import { formatLocation } from "../common/errors.ts";
import { locationOf, shown, withLocationOf } from "../common/source_location.ts";
import type { Pipeline } from "../spec/mod.ts";

/**
 * Says how a pipeline is run, if its file is the program that Deno was started with: it declares, and would end without a
 * word. A program that builds its pipelines itself is none of that.
 *
 * @returns The pipeline.
 */
export function noteRunAlone(pipeline: Pipeline): Pipeline {
  const location = locationOf(pipeline);
  if (location === undefined || !isMain(location.file)) return pipeline;
  let isBuilt = false;
  globalThis.addEventListener("unload", () => {
    if (isBuilt) return;
    console.error(
      `error: ${formatLocation(location)}: a pipeline file only declares; run it by ${command} run ${location.file}`,
    );
    system.exitCode = 2;
  });
  const build = () => {
    isBuilt = true;
    return pipeline.build();
  };
  return withLocationOf(pipeline, { ...pipeline, build });
}

/** What runs pipelines of any folder: the tasks of this copy, or those of a project that has it by its address. */
const command = import.meta.url.startsWith("file:")
  ? `deno task --config ${shown(new URL("../../deno.json", import.meta.url).href)}`
  : "deno task";

function isMain(file: string): boolean {
  return shown(system.mainModule) === file;
}
