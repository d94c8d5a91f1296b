/**
 * Loading a pipeline file, with every fault of it as one line that names its place.
 *
 * @module
 */
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Place, RequestError } from "../errors.ts";
import { faultText } from "../models/files.ts";
import { expand, type Member } from "../schedule/expand.ts";
import type { Pipeline } from "../spec.ts";

/** A pipeline file, loaded. */
export interface LoadedPipeline {
  readonly pipeline: Pipeline;
  readonly file: string;
  /** The folder that its relative paths start from. */
  readonly base: string;
  readonly members: readonly Member[];
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
  if (!/^[\w][\w.-]*$/.test(pipeline.name)) {
    throw new RequestError(
      `the pipeline's name ${JSON.stringify(pipeline.name)} is no file name; use letters, digits, -`,
      {
        file,
      },
    );
  }
  const members = await faultsOf(file, () => expand(pipeline, set));
  return { pipeline, file, base: dirname(file), members };
}

function isPipeline(value: unknown): value is Pipeline {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "pipeline" &&
    "build" in value && typeof value.build === "function" && "name" in value && typeof value.name === "string";
}

/** Runs a part of a pipeline file; what it throws becomes a fault at the file's own line. */
async function faultsOf<T>(file: string, part: () => T | Promise<T>): Promise<T> {
  try {
    return await part();
  } catch (fault) {
    const place = placeWithin(file, fault);
    if (fault instanceof RequestError) {
      if (place.line === undefined) throw fault;
      throw withCause(new RequestError(fault.message, place), fault);
    }
    const message = stripPlaces(faultText(fault));
    throw withCause(new RequestError(`the pipeline file fails: ${message}; correct it there`, place), fault);
  }
}

function withCause(error: RequestError, cause: unknown): RequestError {
  error.cause = cause;
  return error;
}

/** The first place of a fault's stack, or of its message, that lies in the file. */
function placeWithin(file: string, fault: unknown): Place {
  const text = fault instanceof Error ? `${fault.stack ?? ""}\n${fault.message}` : "";
  for (const match of text.matchAll(/(file:\/\/[^\s)]+?):(\d+):(\d+)/g)) {
    if (fileURLToPath(match[1]!) === file) return { file, line: Number(match[2]), column: Number(match[3]) };
  }
  return { file };
}

/** A compiler's message without its quoted source and its places, which the error already names. */
function stripPlaces(message: string): string {
  return message.replace(/\s+at file:\/\/\S+/g, "").replace(/\s{2,}.*$/, "").slice(0, 300);
}
