/** Logging to a stub of an MLflow server that works, is slow, fails, refuses or is unreachable. */
import { freePort } from "../../../support/free_port.ts";
import assert from "node:assert/strict";
import { MlflowLog, type MlflowTimings } from "../../../../pipelines/report/mlflow/log.ts";
import { mlflowServer } from "../../../../pipelines/report/mlflow/server.ts";
import type { RunEvent } from "../../../../pipelines/results/events.ts";

const hasty: MlflowTimings = { gathering: 1, retry: [5, 20], closing: 300 };

/** A request to the server: the end of the path, the authorization and the body. */
interface Asked {
  readonly path: string;
  readonly authorization: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

type Answer = (path: string, count: number) => Response | Promise<Response> | undefined;

/** Runs a test with a server that responds like MLflow, unless `answer` returns another response. */
async function withServer(
  answer: Answer,
  test: (address: string, asked: Asked[]) => Promise<void>,
): Promise<void> {
  const asked: Asked[] = [];
  let runs = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const path = new URL(request.url).pathname.replace("/api/2.0/mlflow/", ""), text = await request.text();
    const authorization = request.headers.get("authorization");
    asked.push({ path, authorization, body: text === "" ? {} : JSON.parse(text) });
    const other = await answer(path, asked.length);
    if (other !== undefined) return other;
    if (path === "experiments/get-by-name") return Response.json({ error_code: "none" }, { status: 404 });
    if (path === "experiments/create") return Response.json({ experiment_id: "7" });
    return Response.json(path === "runs/create" ? { run: { info: { run_id: `run${runs++}` } } } : {});
  });
  try {
    await test(`http://127.0.0.1:${server.addr.port}`, asked);
  } finally {
    await server.shutdown();
  }
}

function eventsOf(...ids: readonly string[]): RunEvent[] {
  const settings = { "epochs": 1, "optimizer.learningRate": 0.1 };
  const members = ids.map((id) => ({
    ...{ id, axes: { rank: 4 }, repeated: id, trainableParameters: 9, baseParameters: 99 },
    stages: [{ name: "tuned", kind: "train", settings } as const],
  }));
  const steps = [1, 2].map((step): RunEvent => ({
    ...{ kind: "step", stage: "tuned", step, steps: 2, learningRate: 0.1 / step, seconds: 1 },
    members: ids.map((member) => ({ member, loss: 3 - step, gradientNorm: 0.5 })),
  }));
  const done = ids.map((id): RunEvent => ({
    kind: "memberDone",
    record: {
      ...{ id, axes: {}, trainableParameters: 9 },
      stages: [
        { name: "tuned", kind: "train", cached: false, seconds: 1, steps: 2, losses: [2, 1], stepSeconds: [1, 1] },
        {
          ...{ name: "tuned", kind: "evaluate", cached: false, seconds: 1, predictions: "" },
          ...{ metrics: { loss: 0.75, odd: NaN }, standardErrors: { loss: 0.25 } },
        },
      ],
    },
  }));
  return [
    { kind: "runStarted", pipeline: "p", folder: "/runs/p" },
    { kind: "membersReady", members },
    ...steps,
    ...done,
    { kind: "runDone", pipeline: "p", folder: "/runs/p", members: ids.length, seconds: 1 },
  ];
}

/** Logs events, and returns the notes. */
async function logged(address: string, events: readonly RunEvent[], timings = hasty): Promise<string[]> {
  const notes: string[] = [], log = new MlflowLog(mlflowServer(address, "p"), (note) => notes.push(note), timings);
  for (const event of events) log.take(event);
  await log.close();
  return notes;
}

Deno.test("a run of one member is one MLflow run, with parameters, every step and the metrics", () =>
  withServer(() => undefined, async (address, asked) => {
    assert.deepEqual(await logged(address, eventsOf("main")), []);
    assert.deepEqual(asked.map(({ path }) => path.replace(/^runs\//, "")), [
      ...["experiments/get-by-name", "experiments/create", "create", "log-batch", "log-batch", "update"],
    ]);
    const [, experiment, created, params, metrics, end] = asked.map(({ body }) => body);
    assert.deepEqual(experiment, { name: "p" });
    assert.deepEqual([created!["experiment_id"], created!["run_name"]], ["7", "p"]);
    assert.deepEqual(created!["tags"], [
      { key: "refract.pipeline", value: "p" },
      { key: "refract.folder", value: "/runs/p" },
      { key: "refract.member", value: "main" },
      { key: "mlflow.source.name", value: "refract" },
      { key: "mlflow.source.type", value: "LOCAL" },
    ]);
    assert.deepEqual(params, {
      run_id: "run0",
      params: [
        { key: "rank", value: "4" },
        { key: "trainableParameters", value: "9" },
        { key: "train/tuned/epochs", value: "1" },
        { key: "train/tuned/optimizer.learningRate", value: "0.1" },
      ],
    });
    const found = (metrics!["metrics"] as { key: string; value: number; step: number }[])
      .map(({ key, value, step }) => `${key} ${value} ${step}`);
    assert.deepEqual(found, [
      ...[1, 2].flatMap((step) => [
        `train/tuned/loss ${3 - step} ${step}`,
        `train/tuned/grad_norm 0.5 ${step}`,
        `train/tuned/learning_rate ${0.1 / step} ${step}`,
      ]),
      ...["evaluate/tuned/loss 0.75 2", "evaluate/tuned/loss_stderr 0.25 2"],
    ]);
    assert.deepEqual([end!["run_id"], end!["status"]], ["run0", "FINISHED"]);
  }));

Deno.test("members are child runs, and those that an earlier run trained have their losses too", () =>
  withServer(() => undefined, async (address, asked) => {
    const cached = eventsOf("rank=1", "rank=4").filter((event) => event.kind !== "step");
    assert.deepEqual(await logged(address, cached), []);
    const created = asked.filter(({ path }) => path === "runs/create").map(({ body }) => body);
    assert.deepEqual(created.map((body) => body["run_name"]), ["p", "rank=1", "rank=4"]);
    const parents = created.map((body) =>
      (body["tags"] as { key: string; value: string }[]).find(({ key }) => {
        return key === "mlflow.parentRunId";
      })?.value
    );
    assert.deepEqual(parents, [undefined, "run0", "run0"]);
    const losses = asked.flatMap(({ body }) => (body["metrics"] ?? []) as { key: string; value: number }[])
      .filter(({ key }) => key === "train/tuned/loss").map(({ value }) => value);
    assert.deepEqual(losses, [2, 1, 2, 1]);
  }));

Deno.test("a run that fails or is stopped reports it to the server", async () => {
  for (const [stopped, status] of [[false, "FAILED"], [true, "KILLED"]] as const) {
    await withServer(() => undefined, async (address, asked) => {
      const failed: RunEvent = { kind: "runFailed", message: "no", stopped, refused: false };
      assert.deepEqual(await logged(address, [...eventsOf("main").slice(0, 3), failed]), []);
      assert.equal(asked.at(-1)!.body["status"], status);
    });
  }
});

Deno.test("a server that fails for a while is noted once and gets everything", () =>
  withServer(
    (_, count) => count < 4 ? new Response("busy", { status: 503 }) : undefined,
    async (address, asked) => {
      const notes: string[] = [], log = new MlflowLog(mlflowServer(address, "p"), (note) => notes.push(note), hasty);
      for (const event of eventsOf("main")) log.take(event);
      while (asked.at(-1)?.path !== "runs/update") await new Promise((resolve) => setTimeout(resolve, 5));
      await log.close();
      assert.deepEqual(notes, [`MLflow at ${address}: it answers 503; the run continues, and retries later`]);
    },
  ));

Deno.test("a server that refuses is noted once and no longer used", () =>
  withServer(
    () => Response.json({ message: "who are you?" }, { status: 401 }),
    async (address, asked) => {
      const notes: string[] = [], log = new MlflowLog(mlflowServer(address, "p"), (note) => notes.push(note), hasty);
      const [started, ready, ...others] = eventsOf("main");
      for (const event of [started!, ready!]) log.take(event);
      while (notes.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      for (const event of others) log.take(event);
      await log.close();
      assert.equal(asked.length, 1);
      assert.deepEqual(notes, [`MLflow at ${address}: it answers 401: who are you?; the run continues without it`]);
    },
  ));

Deno.test("a server that is not MLflow, or that redirects elsewhere, is no longer used", async () => {
  await withServer(() => new Response("<html>"), async (address) => {
    assert.match((await logged(address, eventsOf("main")))[0]!, /: it is not an MLflow server; /);
  });
  await withServer(() => Response.redirect("http://127.0.0.1:1/"), async (address, asked) => {
    assert.match((await logged(address, eventsOf("main")))[0]!, /: it answers 302; /);
    assert.equal(asked.length, 1);
  });
});

Deno.test("a server that is unreachable, or never answers, delays the end of a run only briefly", async () => {
  const start = performance.now();
  const nobody = `http://127.0.0.1:${freePort()}`, [absent, ...none] = await logged(nobody, eventsOf("main"));
  const why = "it can't be reached (Connection refused)";
  assert.equal(absent, `MLflow at ${nobody}: ${why}; results.json has what is missing there`);
  assert.deepEqual(none, []);
  const held = Promise.withResolvers<Response>();
  await withServer(() => held.promise, async (address) => {
    const notes = await logged(address, eventsOf("main"));
    held.resolve(Response.json({}));
    assert.deepEqual(notes, [
      `MLflow at ${address}: it does not answer in time; results.json has what is missing there`,
    ]);
  });
  assert.ok(performance.now() - start < 5000);
});

Deno.test("a password in the address is sent for authorization, and never shown", () =>
  withServer(() => new Response("", { status: 403 }), async (address, asked) => {
    const notes = await logged(address.replace("//", "//ada:s%3Acret@"), eventsOf("main"));
    assert.equal(asked[0]!.authorization, `Basic ${btoa("ada:s:cret")}`);
    assert.doesNotMatch(notes.join(), /cret/);
  }));

Deno.test("an invalid address is refused", () => {
  for (const address of ["", "mlflow", "file:///tmp/mlruns"]) {
    assert.throws(() => mlflowServer(address, "p"), /is not the address of an MLflow server; write it as http:/);
  }
});
