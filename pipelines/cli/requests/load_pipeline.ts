/**
 * Loads a pipeline file, and reports any error in it as one line with its location.
 *
 * @module
 */
import { dirname, extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { system } from "../../common/system.ts";
import { declaringInto, whileDeclaring } from "../../common/declared.ts";
import { namesIn } from "../../common/folder_names.ts";
import { RequestError } from "../../common/errors.ts";
import { type Overrides, type Scalar, whileLoading } from "../../recipes/overrides.ts";
import { expand } from "../../schedule/expand/expand.ts";
import type { Expansion } from "../../schedule/expand/member.ts";
import type { Pipeline } from "../../spec/mod.ts";
import { callerPath } from "./caller_paths.ts";
import { requireName } from "./expand_pipeline.ts";
import { describeFault } from "./pipeline_faults.ts";

/** A loaded pipeline file. */
export interface LoadedPipeline {
  readonly pipeline: Pipeline;
  readonly file: string;
  /** The folder that its relative paths are resolved from. */
  readonly base: string;
  readonly expansion: Expansion;
  /** The values of its settings. */
  readonly settings: ReadonlyMap<string, Scalar>;
}

/**
 * The settings that files declared when they were imported: importing a file again in the same process does not run it
 * again.
 */
const imported = new Map<string, { readonly overrides: string; readonly settings: ReadonlyMap<string, Scalar> }>();

/**
 * Loads a pipeline file and expands its members.
 *
 * @param overrides Values of axes and settings, by name.
 * @throws {RequestError} If the file does not exist, does not compile, throws, or has no pipeline as its default
 * export, or an override names nothing in it.
 */
export async function loadPipeline(path: string, overrides: Overrides): Promise<LoadedPipeline> {
  const file = callerPath(path);
  await requireModule(file);
  const settings = new Map<string, Scalar>();
  const load = async (declared: Set<object>) => {
    const pipeline = await importPipeline(file, overrides, settings);
    const expansion = await faultsOf(file, () => {
      return declaringInto(declared, () => expand(pipeline, overrides, settings, declared));
    });
    return { pipeline, file, base: dirname(file), expansion, settings };
  };
  return await whileLoading({ overrides, settings }, () => whileDeclaring(load));
}

/** Endings of the files that Deno imports as programs. */
const moduleEndings = [".ts", ".mts", ".tsx", ".js", ".mjs", ".jsx"];

/** Requires that a path is of a file that can be imported. */
async function requireModule(file: string): Promise<void> {
  const info = await system.stat(file).catch(() => undefined), ending = extname(file);
  if (info?.isDirectory) {
    const names = await namesIn(file), own = "pipeline.ts";
    const first = names.includes(own) ? own : names.find((name) => moduleEndings.includes(extname(name))) ?? own;
    const example = join(file, first);
    throw new RequestError(`is a folder; give the path of a pipeline file in it, as in ${example}`, { file });
  }
  if (info?.isFile !== true) throw new RequestError("there is no such pipeline file; check the path", { file });
  if (moduleEndings.includes(ending)) return;
  throw new RequestError("is no pipeline file, which ends with .ts, and no recipe, which ends with .yaml; give one", {
    file,
  });
}

async function importPipeline(file: string, overrides: Overrides, settings: Map<string, Scalar>): Promise<Pipeline> {
  const pipeline = await faultsOf(file, async () => (await import(pathToFileURL(file).href)).default as unknown);
  if (!isPipeline(pipeline)) {
    throw new RequestError("has no pipeline as its default export; write export default pipeline(name, build)", {
      file,
    });
  }
  requireName(pipeline, file);
  const before = imported.get(file) ?? { overrides: valuesOf(overrides, settings), settings: new Map(settings) };
  imported.set(file, before);
  for (const [name, value] of before.settings) settings.set(name, value);
  if (before.overrides === valuesOf(overrides, before.settings)) return pipeline;
  throw new RequestError("was already loaded with other settings; run it in a separate process", { file });
}

/** The overrides of settings as text, for comparison. */
function valuesOf(overrides: Overrides, settings: ReadonlyMap<string, Scalar>): string {
  return JSON.stringify([...settings.keys()].map((name) => overrides.get(name)?.values.map(String)));
}

function isPipeline(value: unknown): value is Pipeline {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "pipeline" &&
    "build" in value && typeof value.build === "function" && "name" in value && typeof value.name === "string";
}

/** Runs a part of a pipeline file; an exception becomes an error at the line that threw it. */
async function faultsOf<T>(file: string, part: () => T | Promise<T>): Promise<T> {
  try {
    return await part();
  } catch (fault) {
    const { problem, location } = describeFault(fault, ownFrames, await exportedNames());
    if (fault instanceof RequestError) throw fault.at(location);
    if (isRequestError(fault)) {
      throw new RequestError(fault.problem, fault.location ?? location ?? { file }).causedBy(fault);
    }
    throw new RequestError(problem, location ?? { file }).causedBy(fault);
  }
}

/** A pipeline file may import a copy of Refract with its own classes. */
function isRequestError(fault: unknown): fault is Pick<RequestError, "problem" | "location"> {
  return fault instanceof Error && fault.name === "RequestError" && "problem" in fault;
}

/**
 * What a pipeline file can import from the name that it imports: the command line does not know the DSL's functions.
 * Nothing if Deno loads no more modules, as when its lockfile is out of date, which is then the fault to describe.
 */
async function exportedNames(): Promise<readonly string[]> {
  const refract: object = await import(import.meta.resolve("../../../mod.ts")).catch(() => ({}));
  return Object.keys(refract);
}

/** The frames of a stack above this file's, which include the pipeline file's. */
function ownFrames(stack: string): string {
  return stack.split(/\/load_pipeline\.ts:/)[0] ?? "";
}
