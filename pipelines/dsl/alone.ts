/** Pipeline files that are run directly as programs. @module */
import { system } from "../common/system.ts";
import { formatLocation } from "../common/errors.ts";
import { locationOf, shown, withLocationOf } from "../common/source_location.ts";
import type { Pipeline } from "../spec/mod.ts";

/**
 * Prints how to run a pipeline if its file is the program that Deno was started with: such a file only declares a
 * pipeline and would exit silently. This does not apply to a program that builds its pipelines itself.
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
      `error: ${
        formatLocation(location)
      }: a pipeline file only declares a pipeline; run it with ${command} run ${location.file}`,
    );
    system.exitCode = 2;
  });
  const build = () => {
    isBuilt = true;
    return pipeline.build();
  };
  return withLocationOf(pipeline, { ...pipeline, build });
}

/** The command that runs pipelines in any folder: this copy's tasks, or those of a project that imports it by URL. */
const command = import.meta.url.startsWith("file:")
  ? `deno task --config ${shown(new URL("../../deno.json", import.meta.url).href)}`
  : "deno task";

function isMain(file: string): boolean {
  return shown(system.mainModule) === file;
}
