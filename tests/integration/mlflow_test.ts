/**
 * Runs logged to a real MLflow server. REFRACT_MLFLOW_PYTHON names a Python that has mlflow; without it, the test is
 * skipped with a message.
 *
 * @module
 */
import { freePort } from "../support/free_port.ts";
import assert from "node:assert/strict";
import { run } from "../../mod.ts";
import { inScene } from "../support/scene.ts";

const python = Deno.env.get("REFRACT_MLFLOW_PYTHON");
if (python === undefined) console.log("REFRACT_MLFLOW_PYTHON is not set: runs are not written to MLflow");

/** Runs a test with an MLflow server that stores its runs in a folder. */
async function withMlflow(folder: string, test: (address: string) => Promise<void>): Promise<void> {
  const port = freePort(), address = `http://127.0.0.1:${port}`;
  const args = ["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", `${port}`, "--workers", "1"];
  const stores = [`--backend-store-uri`, `sqlite:///${folder}/runs.sqlite`, "--artifacts-destination", folder];
  const env = { DO_NOT_TRACK: "true", MLFLOW_DISABLE_TELEMETRY: "true", MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false" };
  const command = new Deno.Command(python!, { args: [...args, ...stores], env, stdout: "null", stderr: "null" });
  const server = command.spawn();
  try {
    for (let left = 600;; left--) {
      const answer = await fetch(`${address}/health`).then((response) => response.text()).catch(() => undefined);
      if (answer === "OK") break;
      assert.ok(left > 0, "MLflow does not start");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await test(address);
  } finally {
    server.kill("SIGTERM");
    await server.status;
  }
}

/** The server's records of an experiment's runs, newest first. */
async function runsOf(address: string, experiment: string) {
  const ask = async (path: string, body?: object) => {
    const request = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const headers = { "content-type": "application/json" };
    return await (await fetch(`${address}/api/2.0/mlflow/${path}`, { ...request, headers })).json();
  };
  const found = await ask(`experiments/get-by-name?experiment_name=${experiment}`);
  const { runs } = await ask("runs/search", { experiment_ids: [found.experiment.experiment_id] });
  const named = (list: { key: string; value: unknown }[] = []) => new Map(list.map(({ key, value }) => [key, value]));
  const shown = runs.map(async ({ info, data }: { info: Record<string, string>; data: Record<string, never[]> }) => {
    const history = await ask(`metrics/get-history?run_id=${info["run_id"]}&metric_key=train/loreft/loss`);
    const losses = history.metrics?.map(({ value, step }: { value: number; step: number }) => [step, value]) ?? [];
    const { params, metrics, tags } = data;
    return { ...info, losses, params: named(params), metrics: named(metrics), tags: named(tags) };
  });
  return await Promise.all(shown);
}

Deno.test({
  name: "MLflow has a sweep's members with their parameters, every step's loss and norm, and their metrics",
  ignore: python === undefined,
  fn: () =>
    inScene({
      rank: `sweep("rank", [1, 2])`,
      metrics: "[exactMatch(), loss()]",
      trainSettings: "maxGradNorm: 1",
    }, (scene) =>
      withMlflow(scene.folder, async (address) => {
        const options = { out: scene.path("out"), store: scene.path("store"), threads: 1 };
        const { results } = await run(scene.pipeline, { ...options, mlflow: address, mlflowExperiment: "mine" }).result;
        const runs = await runsOf(address, "mine"), [whole] = runs.filter(({ run_name }) => run_name === "scene");
        assert.deepEqual(runs.map(({ status }) => status), ["FINISHED", "FINISHED", "FINISHED"]);
        for (const { id, stages: [training, evaluation] } of results.members) {
          const [found] = runs.filter(({ run_name }) => run_name === id);
          assert.ok(training?.kind === "train" && evaluation?.kind === "evaluate");
          assert.deepEqual(found.losses, training.losses.map((loss, at) => [at + 1, loss]));
          assert.equal(found.metrics.get("train/loreft/grad_norm"), training.gradientNorms?.at(-1));
          assert.equal(found.metrics.get("evaluate/tuned/loss"), evaluation.metrics["loss"]);
          assert.equal(found.params.get("rank"), id.slice("rank=".length));
          assert.equal(found.params.get("train/loreft/optimizer.learningRate"), "0.01");
          assert.equal(found.tags.get("mlflow.parentRunId"), whole.run_id);
        }
      })),
});
