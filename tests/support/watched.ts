/** Runs a scene, and watches its progress to stop it at some point. @module */
import { overridesOfOptions } from "../../pipelines/recipes/overrides.ts";
import { loadPipeline } from "../../pipelines/cli/requests/load_pipeline.ts";
import { StoppedError } from "../../pipelines/common/errors.ts";
import { trainingLabel, workLabel } from "../../pipelines/results/event_labels.ts";
import type { Emit } from "../../pipelines/results/events.ts";
import { RunFolder } from "../../pipelines/report/run_folder.ts";
import type { CheckpointInterval } from "../../pipelines/schedule/context/checkpoint_interval.ts";
import { runPipeline } from "../../pipelines/schedule/run/run.ts";
import { RunContext } from "../../pipelines/schedule/context/run_context.ts";
import type { Scene } from "./scene.ts";

/** A checkpoint only when the run is stopped. */
const whenStopped: CheckpointInterval = { seconds: Infinity, share: 1 };

/** Options for watching a run. */
export interface Watch {
  /** Values of axes, instead of those of the pipeline. */
  readonly set?: Readonly<Record<string, string>>;
  /** Whether to stop, asked after each part of a stage. */
  readonly stopsAt?: (label: string, done: number) => boolean;
}

/** The observations of a run. */
export interface Watched {
  /** Each stage with its first reported progress, which is above 0 if it was resumed. */
  readonly starts: readonly string[];
  /** The error that ended it, if it did not complete. */
  readonly error: Error | undefined;
}

/** Runs a scene into `<place>/out`, with the store in `<place>/store`. */
export async function watchedRun(
  scene: Scene,
  place: string,
  { set = {}, stopsAt = () => false }: Watch = {},
): Promise<Watched> {
  const { pipeline, base, expansion } = await loadPipeline(
    scene.pipeline,
    overridesOfOptions(new Map(Object.entries(set).map(([axis, value]) => [axis, [value]]))),
  );
  const starts: string[] = [], stop = new AbortController();
  let isFirst = true;
  const saw = (label: string, done: number) => {
    if (isFirst) starts.push(`${label} ${done}`);
    isFirst = false;
    if (stopsAt(label, done)) stop.abort(new StoppedError(130));
  };
  const emit: Emit = (event) => {
    if (event.kind === "note") console.log(event.message);
    if (event.kind === "trainingStarted") {
      isFirst = true;
      if (event.stepsDone > 0) saw(trainingLabel(event.stage, event.members), event.stepsDone);
    }
    if (event.kind === "step") saw(trainingLabel(event.stage, event.members), event.step);
    if (event.kind !== "work") return;
    if (event.done === 0) isFirst = true;
    else saw(workLabel(event), event.done);
  };
  const store = scene.path(place, "store");
  const options = { base, store, emit, provider: "cpu", threads: 1, checkpointInterval: whenStopped } as const;
  try {
    await using runContext = new RunContext({ ...options, signal: stop.signal });
    using folder = new RunFolder(scene.path(place, "out"));
    await runPipeline(runContext, pipeline.name, expansion, folder);
    return { starts, error: undefined };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { starts, error };
  }
}
