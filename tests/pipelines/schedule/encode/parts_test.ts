import assert from "node:assert/strict";
import { StoppedError } from "../../../../pipelines/common/errors.ts";
import { everyStep, inProcess, inProcessUnder } from "../../../support/command.ts";
import { inScene, type Scene } from "../../../support/scene.ts";

const parts = { data: "rows", stages: "{ tuned }", epochs: "1" } as const;

async function encoded(scene: Scene): Promise<readonly Uint8Array[]> {
  const paths = scene.entries.filter((path) => path.startsWith("encode/"));
  return await Promise.all(paths.map((path) => Deno.readFile(scene.path("store", path))));
}

Deno.test("weights that exceed half of the memory are read in parts, and the result has the same bytes", async () => {
  await inScene(parts, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    const whole = await encoded(scene);
    assert.equal(whole.length, 1);
    await Deno.remove(scene.path("store"), { recursive: true });

    const { stdout } = await inProcess("plan", scene.pipeline, "--store", scene.path("store"), "--memory", "30kB");
    assert.match(stdout, /^encoded in [2-9] parts, each over all rows before the next/m);
    const { code, stderr } = await scene.run("--memory", "30kB");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /encode part 2 of [3-9]/);
    assert.deepEqual(await encoded(scene), whole);
    assert.deepEqual(scene.entries.filter((path) => path.startsWith("part/")), []);
  });
});

Deno.test("a run that was stopped between parts resumes with other parts if it may use more memory", async () => {
  await inScene(parts, async (scene) => {
    const stop = new AbortController(), stored = () => scene.entries.filter((path) => path.startsWith("part/"));
    const timer = setInterval(() => {
      if (stored().length > 0) stop.abort(new StoppedError(130));
    }, 1);
    const control = { stops: () => stop.signal, checkpointInterval: everyStep };
    const run = [scene.pipeline, ...scene.places, "--memory"], [less, more] = ["80kB", "90kB"];
    try {
      assert.equal((await inProcessUnder(control, "run", ...run, less)).code, 130);
    } finally {
      clearInterval(timer);
    }
    assert.equal(stored().length, 1);
    const { code, stderr } = await inProcess("run", ...run, more);
    assert.equal(code, 0, stderr);
    // As many parts as before, but divided in other places.
    for (const memory of [less, more]) {
      const { stdout } = await inProcess("plan", ...run.slice(0, 1), "--store", scene.path("new"), "--memory", memory);
      assert.match(stdout, /^encoded in 3 parts/m, memory);
    }
  }, { config: { num_hidden_layers: 8 } });
});
