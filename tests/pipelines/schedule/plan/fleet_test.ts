import assert from "node:assert/strict";
import { parseFleet } from "../../../../pipelines/schedule/plan/fleet.ts";
import type { Plan } from "../../../../pipelines/schedule/plan/plan.ts";
import { inProcess } from "../../../support/command.ts";
import { inScene } from "../../../support/scene.ts";

Deno.test("a plan for many devices shows the time, the cost and from what number more of them do not help", () =>
  inScene({ rank: `sweep("rank", [1, 2, 3, 4, 5, 6, 7, 8])`, stages: "{ tuned }" }, async (scene) => {
    const place = ["--store", scene.path("store"), "--json"];
    const planned = await inProcess("plan", scene.pipeline, ...place, "--devices", "4xH100");
    assert.equal(planned.code, 0, planned.stderr);
    const { fleet } = JSON.parse(planned.stdout) as Plan;
    const { scaling } = fleet!, at = (devices: number) => scaling.find((each) => each.devices === devices)!.seconds;
    assert.equal(fleet!.seconds, at(4));
    // Eight equal trainings: four devices run two each, and eight or more devices one each.
    assert.ok(Math.abs(at(1) / at(4) - 4) < 0.1 && Math.abs(at(8) / at(16) - 1) < 0.1, JSON.stringify(scaling));
    assert.deepEqual([fleet!.stopsAt, fleet!.limit, fleet!.basis], [16, "the longest training", "stated"]);
    assert.equal(fleet!.dollars, 4 * fleet!.seconds / 3600 * 3);
    const here = await inProcess("plan", scene.pipeline, ...place, "--devices", "4xhere");
    const measured = (JSON.parse(here.stdout) as Plan).fleet!;
    assert.deepEqual([measured.basis, measured.dollars], ["measured", undefined]);
    const text = await inProcess("plan", scene.pipeline, "--store", scene.path("store"), "--devices", "4xH100");
    assert.match(text.stdout, /^on 4 H100: .* US dollars; simulated with stated peaks/m);
    assert.match(text.stdout, /^about .*, likely .* to .*, from an assumed speed/m);
  }));

Deno.test("a fleet of unknown devices is refused in one line", () => {
  for (const text of ["64xB9000", "0xH100", "65537xH100", "H100", "cpu:2x1"]) {
    assert.throws(
      () => parseFleet(text),
      /names nothing that plan can simulate; write a number from 1 to 65536 of known GPUs/,
    );
  }
});
