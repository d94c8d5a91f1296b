/**
 * Loading a pipeline file, with every fault of it as one line that names its place.
 *
 * @module
 */
import { dirname, isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { type Place, RequestError } from "../errors.ts";
import { faultText } from "../models/files.ts";
import { expand, type Expansion } from "../schedule/expand.ts";
import { placeOf, shown, userPlace } from "../places.ts";
import type { Pipeline } from "../spec.ts";
import { quote } from "../suggest.ts";

/** A pipeline file, loaded. */
export interface LoadedPipeline {
  readonly pipeline: Pipeline;
  readonly file: string;
  /** The folder that its relative paths start from. */
  readonly base: string;
  readonly expansion: Expansion;
}

/** The folder that the user stands in: `deno task` itself runs in that of deno.json. */
export function callerFolder(): string {
  return Deno.env.get("INIT_CWD") ?? Deno.cwd();
}

/** A path that the user gave on the command line. */
export function callerPath(path: string): string {
  return isAbsolute(path) ? path : join(callerFolder(), path);
}

/**
 * Loads a pipeline file and expands its members.
 *
 * @param set New values for axes, by name.
 * @throws {RequestError} If the file is absent, does not compile, throws, or has no pipeline as its default export.
 */
export async function loadPipeline(
  path: string,
  set: ReadonlyMap<string, readonly string[]>,
): Promise<LoadedPipeline> {
  const file = callerPath(path);
  const exists = await Deno.stat(file).then((info) => info.isFile, () => false);
  if (!exists) throw new RequestError("there is no such pipeline file; check the path", { file });
  const pipeline = await faultsOf(file, async () => (await import(pathToFileURL(file).href)).default as unknown);
  if (!isPipeline(pipeline)) {
    throw new RequestError("has no pipeline as its default export; write export default pipeline(name, build)", {
      file,
    });
  }
  if (!/^\w[\w.-]*$/.test(pipeline.name)) {
    const problem = `the pipeline's name ${quote(pipeline.name)} is no file name; use letters, digits, -`;
    throw new RequestError(problem, placeOf(pipeline) ?? { file });
  }
  const expansion = await faultsOf(file, () => expand(pipeline, set));
  return { pipeline, file, base: dirname(file), expansion };
}

function isPipeline(value: unknown): value is Pipeline {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "pipeline" &&
    "build" in value && typeof value.build === "function" && "name" in value && typeof value.name === "string";
}

/** Runs a part of a pipeline file; what it throws becomes an error at the line that threw it. */
async function faultsOf<T>(file: string, part: () => T | Promise<T>): Promise<T> {
  try {
    return await part();
  } catch (fault) {
    const { message, place } = whatFailed(fault);
    if (fault instanceof RequestError) throw fault.placedAt(place);
    // A pipeline file may import a copy of Refract that has classes of its own.
    const isRequest = fault instanceof Error && fault.name === "RequestError";
    const problem = isRequest ? message : `the pipeline fails (${message}); correct it there`;
    throw new RequestError(problem, place ?? { file }).causedBy(fault);
  }
}

function whatFailed(fault: unknown): { readonly message: string; readonly place?: Place | undefined } {
  if (!(fault instanceof Error)) return { message: `it throws ${typeof fault === "string" ? quote(fault) : fault}` };
  const name = fault.name === "Error" || fault.name === "RequestError" ? "" : `${fault.name}: `;
  const message = stripVTControlCharacters(fault.message);
  // A file that cannot be loaded: the place ends the message, and the line in question may stand before it.
  const loading = /^(.*?)\.?(?:\n.*)?\s+at ((?:file|https?):\/\/\S+?):(\d+):(\d+)$/s.exec(message);
  if (loading === null) {
    return { message: name + faultText(message).slice(0, 300), place: userPlace(ownFrames(fault.stack ?? "")) };
  }
  const [, problem = "", url = "", line, column] = loading;
  return {
    message: faultText(problem.split("\n")[0]).replaceAll(/file:\/\/[^\s"']+/g, shown).slice(0, 300),
    place: { file: shown(url), line: Number(line), column: Number(column) },
  };
}

/** The frames of a stack that the pipeline file's own code is on. */
function ownFrames(stack: string): string {
  return stack.split(/\/(?:load_pipeline|schedule\/expand)\.ts:/)[0] ?? "";
}
