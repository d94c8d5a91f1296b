import assert from "node:assert/strict";
import { join } from "node:path";
import { DeviceError } from "../../../../../pipelines/common/errors.ts";
import { RunFolder } from "../../../../../pipelines/report/run_folder.ts";
import type { RunEvent } from "../../../../../pipelines/results/events.ts";
import { parseDevices } from "../../../../../pipelines/schedule/context/devices.ts";
import { RunContext } from "../../../../../pipelines/schedule/context/run_context.ts";
import { runPipeline } from "../../../../../pipelines/schedule/run/run.ts";
import { spreadUnits } from "../../../../../pipelines/schedule/units/spread_units.ts";
import { loadPipeline } from "../../../../../pipelines/cli/requests/load_pipeline.ts";
import { inScene, type PipelineParts, type Scene } from "../../../../support/scene.ts";
import { inProcess } from "../../../../support/command.ts";
import { assertClose, lossesOf, resultsOf } from "../../../../pipelines/schedule/support.ts";

/** Members of two blocks, so that some train together and others do not. */
const sweeping: Partial<PipelineParts> = {
  preamble: `const layer = sweep("layer", [0, 1]), ranks = sweep("rank", [1, 2]);`,
  at: "block(layer).output",
  rank: "ranks",
};

/** The files of members that a run of the scene wrote, by path. */
async function membersOf(scene: Scene): Promise<ReadonlyMap<string, Uint8Array>> {
  const paths = scene.written.filter((path) => /^members.*\.\w+$/.test(path));
  return new Map(
    await Promise.all(paths.map(async (path) => [path, await Deno.readFile(scene.path("out", path))] as const)),
  );
}

Deno.test("members that are spread over devices have the bytes of one device's run", async () => {
  let alone: ReadonlyMap<string, Uint8Array> | undefined;
  await inScene(sweeping, async (scene) => {
    await resultsOf(scene);
    alone = await membersOf(scene);
  });
  await inScene(sweeping, async (scene) => {
    const { members } = await resultsOf(scene, "--devices", "cpu:2x1");
    assert.deepEqual(await membersOf(scene), alone);
    assert.ok(alone!.size >= 12);
    // Results of a device do not count as results of an earlier run.
    assert.ok(members.every(({ stages }) => stages.every(({ cached }) => !cached)));
  });
});

Deno.test("the other devices take over the work of one that fails", async () => {
  const events: RunEvent[] = [];
  let failed: string | undefined;
  const runOf = async (scene: Scene, isFailing: boolean) => {
    const { pipeline, base, expansion } = await loadPipeline(scene.pipeline, new Map());
    const out = scene.path(isFailing ? "failing" : "whole"), { devices } = parseDevices("cpu:2x1");
    await using runContext = new RunContext({
      base,
      store: join(out, "store"),
      provider: "cpu",
      threads: 1,
      devices,
      emit(event) {
        events.push(event);
        // Either device may report a step first.
        if (!isFailing || event.kind !== "step" || event.device === undefined || failed !== undefined) return;
        failed = event.device;
        const sessions = runContext.devices.find(({ device }) => device.name === failed)!;
        sessions.fail(new DeviceError("the device fell off the bus", failed));
      },
    });
    using folder = new RunFolder(join(out, "run"));
    const { results } = await runPipeline(runContext, pipeline.name, expansion, folder, { spread: spreadUnits });
    return results;
  };
  await inScene(sweeping, async (scene) => {
    const failing = await runOf(scene, true);
    const notes = events.flatMap((event) => event.kind === "note" ? event.message : []);
    assert.deepEqual(notes, [`${failed} failed (the device fell off the bus); the others take over its work`]);
    assert.deepEqual(lossesOf(failing), lossesOf(await runOf(scene, false)));
  });
});

Deno.test("the parts of a batch on two devices have the losses of one device", async () => {
  const settings = { batchSize: "8", trainSettings: "maxGradNorm: 1," };
  const lossesWith = async (trainSettings: string, ...options: readonly string[]) => {
    let found: readonly (readonly number[])[] = [];
    await inScene({ ...settings, trainSettings: settings.trainSettings + trainSettings }, async (scene) => {
      found = lossesOf(await resultsOf(scene, ...options));
    });
    return found.flat();
  };
  const whole = await lossesWith(""), parallel = "dataParallel: 2,";
  const two = await lossesWith(parallel, "--devices", "cpu:2x1");
  assertClose(two, whole, 1e-6);
  // The result depends on the parts, not on where they ran.
  assert.deepEqual(await lossesWith(parallel), two);
});

Deno.test("devices that no runtime can open are refused in one line", async () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ["tpu:0", /names no provider; write cpu:2x1/],
    ["cpu:2", /does not say how many workers and how many threads each/],
    ["cpu:1x1025", /at most 1024 threads in all/],
    ["cpu:64x17", /at most 1024 threads in all/],
    ["cpu:0x1", /does not have 1 to 64 workers/],
    ["cuda:0,0", /lists cuda:0 twice/],
    ["webgpu:0,1", /there is no webgpu:1/],
    ["cuda:one", /does not list GPU numbers/],
  ];
  for (const [text, says] of refused) assert.throws(() => parseDevices(text), says);
  await inScene({}, async (scene) => {
    const place = ["--store", scene.path("store"), "--devices", "cpu:2x1"];
    const { code, stderr } = await inProcess("run", scene.pipeline, ...place, "--threads", "2");
    assert.equal(code, 2);
    assert.match(stderr, /^error: --devices "cpu:2x1" contradicts --threads 2; omit the latter\n$/);
  });
});
