/** How a run is asked for, and whether its options are sound. @module */
import type { Provider } from "../../ops/onnx/model.ts";
import { providers } from "../../ops/onnx/providers.ts";
import { type Check, flag, isText, leaf, listOf, oneOf, optional, record, text } from "../common/checks.ts";
import type { HubOptions } from "../models/hub/access.ts";
import type { Overrides, Scalar } from "../recipes/overrides.ts";
import { isThreadCount, threadCounts } from "../recipes/recipe.ts";
import { deviceForms } from "../schedule/context/devices.ts";
import type { CheckpointInterval } from "../schedule/context/checkpoint_interval.ts";
import type { Pipeline } from "../spec/mod.ts";

/** How a pipeline is run. Paths start from the folder of the process. */
export interface RunOptions {
  /** Values of settings, and of axes one or several; settings only of a pipeline that is named by its file. */
  readonly set?: Readonly<Record<string, Scalar | readonly Scalar[]>>;
  /** The run's folder, else `runs/<pipeline>/<time>`. */
  readonly out?: string;
  /** The folder of the store, else `.refract/store`. */
  readonly store?: string;
  /** What the pipeline's relative paths start from: the folder of its file, or of the process where it is in none. */
  readonly base?: string;
  /** Threads for the operators; all if omitted. */
  readonly threads?: number;
  /** Where programs run; `"cpu"` if omitted. */
  readonly provider?: Provider;
  /** The devices that members and encodings are spread over, as `"cpu:2x1"` or `"cuda:0,1"`; sets threads and provider. */
  readonly devices?: string;
  /** What the store may hold, in bytes; 50 GB or half of the free space if omitted. */
  readonly cacheDisk?: number;
  /** What a training may keep of its rows, in bytes; 50 GB if omitted. */
  readonly cacheMemory?: number;
  /** What a training's longest row may take to run, in bytes; 2 GB if omitted. */
  readonly activationMemory?: number;
  /** What of the machine's memory may be used, in bytes: larger models are encoded in parts. All of it if omitted. */
  readonly memory?: number;
  /** Repeats a run from its manifest although what it reads has changed. */
  readonly allowChanges?: boolean;
  /** A file that gets every event as a line of JSON. */
  readonly log?: string;
  /** The address of an MLflow server that gets parameters, losses and metrics; one that is down breaks nothing. */
  readonly mlflow?: string;
  /** The experiment that the run belongs to there; named as the pipeline if omitted. */
  readonly mlflowExperiment?: string;
  /** Stops the run when it is aborted; what was computed is kept, and the same run continues from there. */
  readonly signal?: AbortSignal;
}

/** The options of a run as the command line has them, some of them `undefined`. */
export type RunSettings = { readonly [K in Exclude<keyof RunOptions, "set" | "signal">]?: RunOptions[K] | undefined };

/** What only the command line and tests decide. */
export interface RunControl {
  readonly signal?: AbortSignal | undefined;
  /** How often unfinished work is kept, if not at the usual interval. */
  readonly checkpointInterval?: CheckpointInterval;
  /** How a hub is reached, if not as the environment says. */
  readonly hub?: HubOptions;
}

/** What is run, and how. */
export interface RunCall {
  readonly pipeline: string | Pipeline;
  readonly overrides: Overrides;
  readonly options: RunSettings;
  readonly control: RunControl;
}

const path = leaf("a path", (value) => typeof value === "string" && value !== "");
const bytes = leaf("a number of bytes, or Infinity", (value) => typeof value === "number" && value >= 0);
const isScalar = (value: unknown) => ["string", "number", "boolean"].includes(typeof value);
const values = listOf("values", leaf("a text, a number or a truth", isScalar));
const set: Check = (value, name) => {
  leaf("values by name, as in { rank: [1, 4] }", (all) => typeof all === "object" && !Array.isArray(all))(value, name);
  for (const [key, each] of Object.entries(value ?? {})) values(Array.isArray(each) ? each : [each], `${name}.${key}`);
};

/** Checks of where programs run and where their results are kept. */
export const placeChecks: Readonly<Record<"store" | "base" | "threads" | "provider", Check>> = {
  store: optional(path),
  base: optional(path),
  threads: optional(leaf(threadCounts, isThreadCount)),
  provider: optional(oneOf(providers)),
};

const fields: { readonly [K in keyof RunOptions]-?: Check } = {
  ...placeChecks,
  set: optional(set),
  out: optional(path),
  devices: optional(leaf(deviceForms, (value) => typeof value === "string" && value !== "")),
  cacheDisk: optional(bytes),
  cacheMemory: optional(bytes),
  activationMemory: optional(bytes),
  memory: optional(bytes),
  allowChanges: optional(flag),
  log: optional(path),
  mlflow: optional(text),
  mlflowExperiment: optional(leaf("a name", (value) => isText(value) && value !== "")),
  signal: optional(leaf("an AbortSignal", (value) => value instanceof AbortSignal)),
};

/**
 * Requires that options are what a run takes.
 *
 * @throws {RequestError} If one is unknown, or of a wrong value.
 */
export function requireRunOptions(options: RunOptions): void {
  record("the options of a run", fields)(options, "run");
}
