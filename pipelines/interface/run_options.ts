/** The options of a run, and their validation. @module */
import type { Provider } from "../../ops/onnx/model.ts";
import { providers } from "../../ops/onnx/providers.ts";
import { type Check, flag, isRecord, isText, leaf, listOf, oneOf, optional, record, text } from "../common/checks.ts";
import type { HubOptions } from "../models/hub/access.ts";
import type { Overrides, Scalar } from "../recipes/overrides.ts";
import { isThreadCount, threadCounts } from "../recipes/recipe.ts";
import { deviceForms } from "../schedule/context/devices.ts";
import type { CheckpointInterval } from "../schedule/context/checkpoint_interval.ts";
import type { Pipeline } from "../spec/mod.ts";

/** The options of a run. Paths are resolved from the folder of the process. */
export interface RunOptions {
  /** Values of settings, and one or several values of axes; settings only if the pipeline is given by its file. */
  readonly set?: Readonly<Record<string, Scalar | readonly Scalar[]>>;
  /** The run folder; `runs/<pipeline>/<time>` if omitted. */
  readonly out?: string;
  /** The folder of the store; `.refract/store` if omitted. */
  readonly store?: string;
  /**
   * The folder that the pipeline's relative paths are resolved from: that of its file, or of the process if it has
   * none.
   */
  readonly base?: string;
  /** Threads for the operators; all if omitted. */
  readonly threads?: number;
  /** Where programs run; `"cpu"` if omitted. */
  readonly provider?: Provider;
  /**
   * The devices that members and encodings are spread over, as in `"cpu:2x1"` or `"cuda:0,1"`; sets threads and
   * provider.
   */
  readonly devices?: string;
  /** How much the store may hold, in bytes; 50 GB or half of the free space if omitted. */
  readonly cacheDisk?: number;
  /** How much a training may keep of its encoded rows, in bytes; 50 GB if omitted. */
  readonly cacheMemory?: number;
  /** How much the activations of a training's longest row may take, in bytes; 2 GB if omitted. */
  readonly activationMemory?: number;
  /**
   * How much of the machine's memory may be used, in bytes: larger models are encoded in parts. All of it if omitted.
   */
  readonly memory?: number;
  /** Repeats a run from its manifest even if its inputs have changed. */
  readonly allowChanges?: boolean;
  /** A file that every event is appended to as a line of JSON. */
  readonly log?: string;
  /** The URL of an MLflow server to log parameters, losses and metrics to; if it is down, the run is not affected. */
  readonly mlflow?: string;
  /** The experiment that the run belongs to there; the pipeline's name if omitted. */
  readonly mlflowExperiment?: string;
  /** Stops the run when it is aborted; what was computed is kept, and the same run resumes from there. */
  readonly signal?: AbortSignal;
}

/** The options of a run as the command line passes them, some of them `undefined`. */
export type RunSettings = { readonly [K in Exclude<keyof RunOptions, "set" | "signal">]?: RunOptions[K] | undefined };

/** What only the command line and tests set. */
export interface RunControl {
  readonly signal?: AbortSignal | undefined;
  /** How often unfinished work is saved, if not at the default interval. */
  readonly checkpointInterval?: CheckpointInterval;
  /** How to reach a hub, if not as the environment says. */
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
const values = listOf("values", leaf("a text, a number, true or false", isScalar));
const set: Check = (value, name) => {
  leaf("values by name, as in { rank: [1, 4] }", isRecord)(value, name);
  for (const [key, each] of Object.entries(value ?? {})) values(Array.isArray(each) ? each : [each], `${name}.${key}`);
};

/** A check of what stops. */
export const abortSignal: Check = leaf("an AbortSignal", (value) => value instanceof AbortSignal);

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
  signal: optional(abortSignal),
};

/**
 * Requires that options are valid for a run.
 *
 * @throws {RequestError} If one is unknown, or has an invalid value.
 */
export function requireRunOptions(options: RunOptions): void {
  record("the options of a run", fields)(options, "run");
}
