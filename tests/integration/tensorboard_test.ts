/**
 * Event files read by the real tensorboard package. REFRACT_TENSORBOARD_PYTHON names a Python that has it; without it,
 * the test is skipped with a message.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventsOf } from "../../pipelines/report/event_files.ts";
import { inFolder } from "../pipelines/models/support.ts";

const python = Deno.env.get("REFRACT_TENSORBOARD_PYTHON");
if (python === undefined) console.log("REFRACT_TENSORBOARD_PYTHON is not set: event files are not read back");

Deno.test({
  name: "tensorboard reads every loss, the metrics and the hyper-parameters",
  ignore: python === undefined,
  fn: () =>
    inFolder(async (folder) => {
      const losses = [2.5, 1.25, 0.5];
      const bytes = eventsOf({
        id: "rank=4,method=lora",
        axes: { rank: 4, method: "lora", tied: true },
        trainableParameters: 9,
        stages: [
          { name: "tuned", kind: "train", cached: false, seconds: 1, steps: 3, losses, stepSeconds: [] },
          {
            name: "tuned",
            kind: "evaluate",
            cached: false,
            seconds: 1,
            metrics: { exactMatch: 0.75 },
            predictions: "",
          },
        ],
      }, 1_700_000_000);
      await Deno.writeFile(join(folder, "events.out.tfevents.1700000000.refract"), bytes);
      const script = fileURLToPath(new URL("./read_events.py", import.meta.url));
      const { stdout, stderr, success } = await new Deno.Command(python!, { args: ["-B", script, folder] }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      const { scalars, parameters, status } = JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
      assert.deepEqual(scalars, {
        "train/tuned/loss": losses.map((loss, at) => [at + 1, loss]),
        "evaluate/tuned/exactMatch": [[3, 0.75]],
      });
      assert.deepEqual([parameters, status], [{ rank: 4, method: "lora", tied: true }, 1]);
    }),
});
