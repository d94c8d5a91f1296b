/**
 * What a command runs: a pipeline file, a recipe that names one, or a pipeline that a program has declared. Options
 * take precedence over the recipe.
 *
 * @module
 */
import { dirname } from "node:path";
import { system } from "../../common/system.ts";
import type { Provider } from "../../../ops/onnx/model.ts";
import { RequestError } from "../../common/errors.ts";
import { locationOf } from "../../common/source_location.ts";
import { quote } from "../../common/suggest.ts";
import type { Device } from "../../runtime/device.ts";
import { type DeviceRequest, parseDevices } from "../../schedule/context/devices.ts";
import type { Overrides } from "../../recipes/overrides.ts";
import { isRecipePath, readRecipe, type Recipe } from "../../recipes/recipe.ts";
import { redirect, type Redirected } from "../../schedule/expand/redirect.ts";
import type { Member } from "../../schedule/expand/member.ts";
import type { Pipeline } from "../../spec/mod.ts";
import { callerFolder, callerPath } from "./caller_paths.ts";
import { expandPipeline } from "./expand_pipeline.ts";
import { type LoadedPipeline, loadPipeline } from "./load_pipeline.ts";

/** The options that a recipe has as well. */
interface RequestOptions {
  readonly overrides: Overrides;
  /** The folder that a pipeline's relative paths are resolved from, if not its file's. */
  readonly base?: string | undefined;
  readonly threads?: number | undefined;
  readonly provider?: Provider | undefined;
  /** What the run is spread over, as written. */
  readonly devices?: string | undefined;
}

/** A pipeline with everything that it is to be run with. */
export interface Request extends Omit<LoadedPipeline, "file">, Redirected {
  /** The pipeline's file; a notebook's pipeline has none. */
  readonly file: string | undefined;
  /** The members as the pipeline declares them, before data and models were redirected. */
  readonly declared: readonly Member[];
  readonly recipe: Recipe | undefined;
  readonly threads: number;
  readonly provider: Provider;
  /** What the run is spread over; one device if `undefined`. */
  readonly devices: readonly Device[] | undefined;
}

/**
 * Loads a pipeline file or a recipe, or takes a pipeline as it is.
 *
 * @throws {RequestError} As for {@linkcode loadPipeline}, {@linkcode readRecipe} and {@linkcode redirect}.
 */
export async function loadRequest(pipeline: string | Pipeline, options: RequestOptions): Promise<Request> {
  const devices = options.devices === undefined ? undefined : devicesOf(options.devices, options);
  const isPath = typeof pipeline === "string";
  const recipe = isPath && isRecipePath(pipeline) ? await readRecipe(callerPath(pipeline)) : undefined;
  const overrides = new Map([...recipe?.set ?? [], ...options.overrides]);
  const loaded = isPath ? await loadPipeline(recipe?.pipeline ?? pipeline, overrides) : expanded(pipeline, overrides);
  const base = options.base === undefined ? loaded.base : callerPath(options.base);
  return {
    ...loaded,
    base,
    ...await redirect(loaded.expansion, base, recipe ?? {}),
    declared: loaded.expansion.members,
    recipe,
    threads: devices?.threads ?? options.threads ?? recipe?.threads ?? navigator.hardwareConcurrency,
    provider: devices?.provider ?? options.provider ?? recipe?.provider ?? "cpu",
    devices: devices?.devices,
  };
}

/** A program's pipeline, whose settings already have their values. */
function expanded(pipeline: Pipeline, overrides: Overrides) {
  const declaredIn = locationOf(pipeline)?.file,
    file = declaredIn !== undefined && isFile(declaredIn) ? declaredIn : undefined;
  const base = file === undefined ? callerFolder() : dirname(file);
  return { pipeline, file, base, expansion: expandPipeline(pipeline, overrides), settings: new Map() };
}

/** @throws {RequestError} If other options contradict it. */
function devicesOf(text: string, { provider, threads }: RequestOptions): DeviceRequest {
  const request = parseDevices(text);
  const contradicted = provider !== undefined && provider !== request.provider
    ? `--provider ${provider}`
    : threads !== undefined && request.threads !== undefined && threads !== request.threads
    ? `--threads ${threads}`
    : undefined;
  if (contradicted === undefined) return request;
  throw new RequestError(`--devices ${quote(text)} contradicts ${contradicted}; omit the latter`);
}

function isFile(path: string): boolean {
  try {
    return system.statSync(path).isFile;
  } catch {
    return false;
  }
}
