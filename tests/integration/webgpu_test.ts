/**
 * The contract's sweep on WebGPU compared with the CPU, every node on the device. Needs Vulkan: a GPU's driver, or a
 * software one whose VK_DRIVER_FILES and LD_LIBRARY_PATH were set before the start of the tests.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { EvaluateRecord, Results, TrainRecord } from "../../pipelines/results/results.ts";
import { type Outcome, ownProcess } from "../support/command.ts";
import { sharedFolder } from "../support/shared.ts";

const shared = sharedFolder();

function stagesOf(results: Results) {
  const stages = results.members.flatMap((member) => member.stages);
  return {
    trainings: stages.filter((stage): stage is TrainRecord => stage.kind === "train"),
    evaluations: stages.filter((stage): stage is EvaluateRecord => stage.kind === "evaluate"),
  };
}

async function predictions(folder: string, results: Results): Promise<string[]> {
  const paths = stagesOf(results).evaluations.map(({ predictions }) => join(folder, predictions));
  return await Promise.all(paths.map((path) => Deno.readTextFile(path)));
}

Deno.test({
  name: "the contract's sweep trains and answers on WebGPU as on the CPU",
  ignore: shared === undefined,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const pipeline = join(shared as string, "contract", "sweep.ts");
      const run = (provider: string): Promise<Outcome> =>
        ownProcess([
          ...["run", pipeline, "--json", "--provider", provider],
          ...["--store", join(folder, "store"), "--out", join(folder, provider)],
        ]);
      const device = await run("webgpu");
      if (device.stderr.includes("found no GPU adapter")) {
        console.log("skipped: there is no Vulkan here");
        return;
      }
      assert.equal(device.code, 0, device.stderr);
      const host = await run("cpu");
      assert.equal(host.code, 0, host.stderr);
      const [onDevice, onHost] = [device, host].map(({ stdout }) => JSON.parse(stdout) as Results) as [
        Results,
        Results,
      ];
      const [deviceStages, hostStages] = [stagesOf(onDevice), stagesOf(onHost)];
      assert.equal(deviceStages.trainings.length, 4);
      let worst = 0;
      deviceStages.trainings.forEach(({ losses }, index) => {
        const expected = hostStages.trainings[index]!.losses;
        assert.equal(losses.length, expected.length);
        losses.forEach((loss, step) => worst = Math.max(worst, Math.abs(loss / expected[step]! - 1)));
      });
      console.log(`  largest relative difference of a loss: ${worst.toExponential(1)}`);
      assert.ok(worst <= 1e-3);
      assert.deepEqual(
        await predictions(join(folder, "webgpu"), onDevice),
        await predictions(join(folder, "cpu"), onHost),
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
