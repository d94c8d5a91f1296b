/** Members that are prepared without being run. @module */
import { loadPipeline } from "../../../pipelines/cli/requests/load_pipeline.ts";
import { RunContext } from "../../../pipelines/schedule/context/run_context.ts";
import { Preparation } from "../../../pipelines/schedule/prepare/prepare.ts";
import type { PreparedMember, PreparedTraining } from "../../../pipelines/schedule/prepare/prepared.ts";
import { noting } from "../../support/noting.ts";
import { inScene, type PipelineParts, type Scene } from "../../support/scene.ts";

/** A prepared scene, as tests receive it. */
export interface PreparedScene {
  readonly scene: Scene;
  readonly runContext: RunContext;
  readonly members: readonly PreparedMember[];
  /** The first training of each member. */
  readonly trainings: readonly PreparedTraining[];
  readonly warnings: readonly string[];
}

/** Prepares the members of a scene; nothing runs. */
export async function inPreparedScene(
  parts: Partial<PipelineParts>,
  test: (prepared: PreparedScene) => void | Promise<void>,
): Promise<void> {
  await inScene(parts, async (scene) => {
    const { base, expansion } = await loadPipeline(scene.pipeline, new Map()), warnings: string[] = [];
    const emit = noting((message) => warnings.push(message));
    await using runContext = new RunContext({
      base,
      store: scene.path("store"),
      provider: "cpu",
      threads: 1,
      emit,
    });
    const preparation = new Preparation(runContext), members: PreparedMember[] = [];
    for (const member of expansion.members) members.push(await preparation.member(member));
    preparation.tellNotes(expansion.notes);
    const trainings = members.flatMap(({ stages }) => stages.find((stage) => stage.kind === "train") ?? []);
    await test({ scene, runContext, members, trainings, warnings });
  });
}
