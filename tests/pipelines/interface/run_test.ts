/** Running pipelines from a program. */
import assert from "node:assert/strict";
import { open, run, type RunEvent, type RunOptions } from "../../../mod.ts";
import { loadPipeline } from "../../../pipelines/cli/requests/load_pipeline.ts";
import { inScene, type PipelineParts, type Scene } from "../../support/scene.ts";

const optionsOf = (scene: Scene): RunOptions => ({ out: scene.path("out"), store: scene.path("store"), threads: 1 });

/** All events of a run, and the error that ended it, if any. */
async function eventsOf(running: ReturnType<typeof run>) {
  const events: RunEvent[] = [];
  try {
    for await (const event of running) events.push(event);
    return { events, error: undefined };
  } catch (error) {
    return { events, error };
  }
}

const swept: Partial<PipelineParts> = { rank: `sweep("rank", [1, 2])`, metrics: "[exactMatch(), loss()]" };

Deno.test("run() reports every event of a sweep in order, and returns the run's results", () =>
  inScene(swept, async (scene) => {
    const running = run(scene.pipeline, { ...optionsOf(scene), log: scene.path("log.jsonl") });
    const { events, error } = await eventsOf(running);
    assert.equal(error, undefined);
    const kinds = events.map(({ kind }) => kind).filter((kind) => kind !== "work" && kind !== "note");
    const evaluated = ["stageDone", "stageStarted", "evaluation", "stageDone", "memberDone"];
    const steps = ["step", "step", "epoch"];
    assert.deepEqual(kinds, [
      ...["runStarted", "membersReady", "stageStarted", "trainingStarted", ...steps, ...steps],
      ...evaluated,
      ...["stageStarted", ...evaluated],
      "runDone",
    ]);
    const { folder, members, results } = await running.result;
    assert.deepEqual([folder, members.map(({ id }) => id)], [scene.path("out"), ["rank=1", "rank=2"]]);
    const told = events.flatMap((event) => event.kind === "step" ? [event.members.map(({ loss }) => loss)] : []);
    const losses = results.members.map(({ stages: [training] }) => training?.kind === "train" ? training.losses : []);
    assert.deepEqual(told, losses[0]!.map((loss, at) => [loss, losses[1]![at]]));
    // The log has the same events.
    const lines = (await Deno.readTextFile(scene.path("log.jsonl"))).trimEnd().split("\n");
    const logged = lines.map((line) => JSON.parse(line)).map(({ time: _, ...event }) => event);
    assert.deepEqual(logged, JSON.parse(JSON.stringify(events)));
    assert.deepEqual((await open(folder)).results, results);
  }));

Deno.test("a pipeline object runs like its file, with the results in the store", () =>
  inScene(swept, async (scene) => {
    const options = optionsOf(scene), first = await run(scene.pipeline, options).result;
    const { pipeline } = await loadPipeline(scene.pipeline, new Map());
    const again = await run(pipeline, { ...options, set: { rank: [2] } }).result;
    assert.deepEqual(again.members.map(({ id }) => id), ["rank=2"]);
    const [tuned, evaluation] = again.member("rank=2").stages;
    assert.deepEqual([tuned?.cached, evaluation?.cached], [true, true]);
    assert.deepEqual(await again.member("rank=2").predictions(), await first.member("rank=2").predictions());
  }));

Deno.test("the last event of a failed run is its failure, and reading its events or its result throws", () =>
  inScene({ optimizer: "adamw({ learningRate: 1e30 })", epochs: "4" }, async (scene) => {
    const options = { ...optionsOf(scene), log: scene.path("log.jsonl") }, running = run(scene.pipeline, options);
    const { events, error } = await eventsOf(running);
    assert.match(String(error), /the loss of step \d of 8 is NaN; lower the learning rate/);
    const last = events.at(-1);
    assert.ok(last?.kind === "runFailed");
    assert.ok(!last.stopped && error instanceof Error && last.message === error.message);
    await assert.rejects(running.result, /lower the learning rate/);
    assert.equal(JSON.parse((await Deno.readTextFile(options.log)).trimEnd().split("\n").at(-1)!).kind, "runFailed");
  }));

Deno.test("a stopped run continues with the same call, and so does its log", () =>
  inScene({ epochs: "3" }, async (scene) => {
    const stop = new AbortController(), options = { ...optionsOf(scene), log: scene.path("log.jsonl") };
    const events: RunEvent[] = [];
    await assert.rejects(async () => {
      for await (const event of run(scene.pipeline, { ...options, signal: stop.signal })) {
        events.push(event);
        if (event.kind === "step" && event.step === 2) stop.abort();
      }
    }, /^StoppedError: stopped at step \d of 6 of loreft; /);
    const last = events.at(-1);
    assert.ok(last?.kind === "runFailed" && last.stopped);
    const { events: later } = await eventsOf(run(scene.pipeline, options));
    const started = later.find((event) => event.kind === "trainingStarted");
    assert.ok(started?.kind === "trainingStarted" && started.stepsDone >= 2, JSON.stringify(started));
    const kinds = (await Deno.readTextFile(options.log)).trimEnd().split("\n").map((line) => JSON.parse(line).kind);
    assert.deepEqual(kinds.filter((kind) => kind.startsWith("run")), [
      ...["runStarted", "runFailed", "runStarted", "runDone"],
    ]);
    assert.equal(kinds.filter((kind) => kind === "step").length, 6, "no step is taken twice");
  }));

Deno.test("a run continues and returns its result after the reader of its events stops", () =>
  inScene({}, async (scene) => {
    const running = run(scene.pipeline, optionsOf(scene));
    for await (const { kind } of running) if (kind === "membersReady") break;
    assert.equal((await running.result).members.length, 1);
  }));

Deno.test("runs that start together have separate settings", () =>
  inScene({
    preamble: "const { epochs: chosen } = refract.settings({ epochs: { default: 1, least: 1, whole: true } });",
    epochs: "chosen",
  }, async (scene) => {
    // A second file, since a module is imported once per process.
    await scene.write("other.ts", await Deno.readTextFile(scene.pipeline));
    const runs = [scene.pipeline, scene.path("other.ts")].map((path, at) => {
      return run(path, { ...optionsOf(scene), out: scene.path(`out${at}`), set: { epochs: 2 + at } }).result;
    });
    const found = (await Promise.all(runs)).map(({ members: [member] }) => member?.stages[0]);
    assert.deepEqual(found.map((stage) => stage?.kind === "train" ? stage.steps : 0), [4, 6]);
  }));

Deno.test("invalid options are refused immediately, invalid requests when the result is read", () =>
  inScene({}, async (scene) => {
    const call = (options: object) => () => run(scene.pipeline, options);
    assert.throws(call({ thread: 1 }), /run has no setting "thread"; did you mean "threads"/);
    assert.throws(call({ threads: 0 }), /threads is 0; give a whole number from 1 to 1024/);
    assert.throws(call({ set: [1] }), /set is a list; give values by name/);
    assert.throws(call({ set: null }), /set is null; give values by name, as in \{ rank: \[1, 4\] \}$/);
    assert.throws(call({ set: { rank: {} } }), /set\.rank/);
    assert.throws(call({ provider: "gpu" }), /provider is "gpu"; give "cpu"/);
    // @ts-expect-error: the pipeline is missing.
    assert.throws(() => run(), /the first argument of run is missing; give a pipeline, or the path of its file, as in/);
    await assert.rejects(run("absent.ts").result, /there is no such pipeline file/);
    await assert.rejects(run(scene.pipeline, { set: { rnk: 1 } }).result, /there is no such axis or setting/);
    await assert.rejects(run(scene.pipeline, { ...optionsOf(scene), log: scene.folder }).result, /can't be written/);
    await assert.rejects(open(scene.path("absent")), /absent: there is no such folder; check the path/);
    await assert.rejects(open(scene.pipeline), /pipeline\.ts: is a file; give the folder of a finished run/);
    await assert.rejects(open(scene.folder), /there is no results\.json; give the folder of a finished run/);
  }));

Deno.test("an open run that is asked for a missing member or evaluation lists those it has", () =>
  inScene(swept, async (scene) => {
    const opened = await run(scene.pipeline, optionsOf(scene)).result;
    assert.throws(() => opened.member("rank=3"), /has no member "rank=3"; did you mean "rank=1"/);
    await assert.rejects(opened.member("rank=1").predictions("tune"), /no evaluation "tune"; did you mean "tuned"/);
  }));
