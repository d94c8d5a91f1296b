import assert from "node:assert/strict";
import { csvOf } from "../../../pipelines/report/csv.ts";
import { pageOf } from "../../../pipelines/report/html.ts";
import type { MemberRecord, Results, StageRecord } from "../../../pipelines/results/results.ts";
import { type ReportPrediction, ReportPredictions } from "../../../pipelines/report/report_predictions.ts";
import { viewOf } from "../../../pipelines/report/view.ts";

function member(rank: number, seed: number, exactMatch: number): MemberRecord {
  const losses = Array.from({ length: 1000 }, (_, step) => 3 / (1 + step * rank));
  return {
    id: `rank=${rank},seed=${seed}`,
    axes: { rank, seed },
    trainableParameters: 100 * rank,
    stages: [
      { name: "base", kind: "evaluate", cached: true, seconds: 1, metrics: { exactMatch: 0.1 }, predictions: "base" },
      {
        name: "tuned",
        kind: "train",
        cached: false,
        seconds: 2,
        steps: 1000,
        losses,
        gradientNorms: losses.map((loss) => 2 * loss),
        stepSeconds: [],
      },
      {
        name: "tuned",
        kind: "evaluate",
        cached: false,
        seconds: 3,
        metrics: { exactMatch },
        predictions: `tuned ${rank}`,
      },
    ],
  };
}

const results: Results = {
  pipeline: "sweep",
  members: [member(1, 1, 0.2), member(1, 2, 0.4), member(4, 1, 0.8)],
  encode: [{ key: "k", cached: false, seconds: 4, examples: 8, tokens: 100, bytes: 1e6 }],
  summaries: [{
    id: "rank=1",
    axes: { rank: 1 },
    members: ["rank=1,seed=1", "rank=1,seed=2"],
    stages: [{ name: "tuned", metrics: { exactMatch: { mean: 0.3, deviation: 0.14, count: 2 } } }],
  }],
};

const rows: Readonly<Record<string, readonly ReportPrediction[]>> = {
  "base": [
    { prompt: "a", completion: " x", prediction: " y" },
    { prompt: "b", completion: " x", prediction: " x" },
    { prompt: "c", completion: " x", prediction: " y" },
  ],
  "tuned 4": [
    { prompt: "a", completion: " x", prediction: " y" },
    { prompt: "b", completion: " x", prediction: " x" },
    { prompt: "c", completion: " x", prediction: " x" },
  ],
};

const source = {
  results,
  made: "2026-01-01 00:00:00Z",
  machine: ["cpu"],
  manifest: "pipeline: x\n",
  pipelineText: "export default 1;\n",
  predictions: (path: string) => predictionsOf(rows[path]),
};

function predictionsOf(rows: readonly ReportPrediction[] = []): ReportPredictions {
  const found = new ReportPredictions();
  for (const row of rows) found.add(row);
  return found;
}

Deno.test("the view has trained metrics first, then those of the untrained model", () => {
  const { metrics, untrained, untrainedMetrics, axes, members, experiments, time, saved } = viewOf(source);
  assert.deepEqual(metrics, ["tuned exactMatch", "base exactMatch"]);
  assert.deepEqual(untrainedMetrics, ["base exactMatch"]);
  assert.deepEqual(untrained, {});
  assert.deepEqual(axes, [{ name: "rank", values: [1, 4] }, { name: "seed", values: [1, 2] }]);
  assert.deepEqual(members.map(({ repeated }) => repeated), ["rank=1", "rank=1", "rank=4,seed=1"]);
  assert.deepEqual(experiments.map(({ id, members }) => [id, members.length]), [["rank=1", 2], ["rank=4,seed=1", 1]]);
  const { mean, repetitions } = experiments[0]!.metrics["tuned exactMatch"]!;
  assert.deepEqual([mean.toFixed(3), repetitions], ["0.300", 2]);
  assert.deepEqual(time.slice(0, 3), [
    { name: "encode", seconds: 4 },
    { name: "train", seconds: 6 },
    { name: "evaluate", seconds: 9 },
  ]);
  assert.equal(saved.at(-1), "3 of 9 stages were in the store.");
});

Deno.test("a base is compared on the same rows, never on others", () => {
  const same = viewOf({ ...source, results: { ...results, members: [member(4, 1, 2 / 3)], summaries: [] } });
  const { name, mean, values, rowsKey } = same.untrained["tuned exactMatch"]!;
  assert.deepEqual([name, mean, values], ["base", 0.1, undefined]);
  assert.equal(rowsKey, undefined, "predictions without measured values can't be compared");
  const measured = (path: string) => {
    return (rows[path] ?? []).map((row) => {
      return { ...row, measured: { exactMatch: Number(row.prediction === row.completion) } };
    });
  };
  const predictions = (path: string) => predictionsOf(measured(path));
  const known = viewOf({
    ...source,
    predictions,
    results: { ...results, members: [member(4, 1, 2 / 3)], summaries: [] },
  });
  assert.deepEqual(known.untrained["tuned exactMatch"]!.values, [[0, 1, 0]]);
  assert.deepEqual(known.experiments[0]!.metrics["tuned exactMatch"]!.values, [[0, 1, 1]]);
  const other = (path: string) => predictionsOf(measured(path).slice(path === "base" ? 1 : 0));
  assert.deepEqual(
    viewOf({ ...source, predictions: other, results: { ...results, members: [member(4, 1, 1)] } }).untrained,
    {},
  );
});

Deno.test("members whose settings differ only in seeds repeat one experiment, however their seeds are swept", () => {
  const set = (rank: number, seed: number): MemberRecord => ({
    ...member(rank, seed, rank / 10),
    settings: { "train tuned": { "edit.rank": rank, seed, "optimizer.learningRate": 0.1 } },
  });
  const found = viewOf({
    ...source,
    results: { pipeline: "p", members: [set(1, 1), set(1, 2), set(4, 1)], encode: [] },
  });
  assert.deepEqual(found.experiments.map(({ id, members }) => [id, members.length]), [["rank=1", 2], [
    "rank=4,seed=1",
    1,
  ]]);
});

Deno.test("an evaluation that names its training is not a base, even if all members agree", () => {
  const named = (training: string | undefined): MemberRecord => {
    const { stages, ...rest } = member(1, 1, 0.5);
    return {
      ...rest,
      stages: stages.filter(({ kind, name }) => kind === "train" || name !== "base").map((stage): StageRecord => {
        if (stage.kind !== "evaluate") return stage;
        return { ...stage, name: "score", rows: 3, ...training === undefined ? {} : { training } };
      }),
    };
  };
  const of = (training: string | undefined) =>
    viewOf({ ...source, results: { ...results, members: [named(training)] } });
  assert.deepEqual(of("tuned").untrainedMetrics, []);
  assert.deepEqual(of(undefined).untrainedMetrics, ["score exactMatch"]);
});

Deno.test("the view thins long curves and reports their stride", () => {
  const [{ losses, gradientNorms, stride, finalLoss }] = viewOf(source).members as [
    ReturnType<typeof viewOf>["members"][number],
  ];
  assert.deepEqual([losses.length, stride], [334, 3]);
  assert.equal(losses[1], 0.75);
  assert.deepEqual([gradientNorms.length, gradientNorms[1]], [334, 1.5]);
  assert.equal(finalLoss, 3 / 1000);
});

Deno.test("rows have the answers of the base and of members, the best first", () => {
  const [found, ...others] = viewOf(source).rows;
  assert.deepEqual([found?.stage, found?.total, others], ["tuned", 3, []]);
  assert.deepEqual(found?.rows.map(({ prompt }) => prompt), ["a", "b", "c"]);
  assert.deepEqual(found?.answers.map(({ name, isBase, texts }) => [name, isBase, texts]), [
    ["base", true, [" y", " x", " y"]],
    ["rank=4,seed=1", false, [" y", " x", " x"]],
  ]);
});

Deno.test("lower is better for errors, whatever their stage is called", () => {
  const erring = (rank: number, mse: number): MemberRecord => {
    const { stages, ...rest } = member(rank, 1, 0);
    const measured = stages.map((stage) => stage.kind !== "evaluate" ? stage : { ...stage, metrics: { mse } });
    return { ...rest, stages: measured };
  };
  const found = viewOf({
    ...source,
    results: { ...results, members: [erring(1, 0.9), erring(4, 0.3), erring(2, 0.5)] },
  });
  assert.deepEqual([...found.lowerIsBetter].sort(), ["base mse", "tuned mse"]);
  assert.equal(found.rows.find(({ stage }) => stage === "tuned")?.answers[0]?.name, "rank=4,seed=1");
  assert.deepEqual(viewOf(source).lowerIsBetter, []);
});

Deno.test("the page contains everything it needs, and no text of a row is read as markup", async () => {
  const evil = "</script><script>alert(1)</script>";
  const page = await pageOf(viewOf({ ...source, manifest: evil, results: { ...results, pipeline: "$& $1" } }));
  assert.ok(!page.includes(evil) && page.includes("\\u003c/script>"));
  assert.ok(page.includes('"pipeline":"$& $1"'));
  assert.deepEqual([...page.matchAll(/(src|href)="(?!data:|#)/g)], []);
  assert.ok(!/https?:\/\/(?!www\.w3\.org\/2000\/svg)/.test(page));
});

Deno.test("while the first member trains, the view has all members, their parameters and their progress", () => {
  const outline = { axes: { rank: 4 }, trainableParameters: 400, baseParameters: 10_000 };
  const planned = ["rank=4,seed=1", "rank=4,seed=2"].map((id) => ({ id, repeated: "rank=4", ...outline }));
  const trainings = [{ member: "rank=4,seed=1", stage: "tuned", losses: [3, 2, 1], validation: [] }];
  const { state, members, time, saved, experiments } = viewOf({
    ...source,
    results: { pipeline: "p", members: [], encode: [] },
    state: { kind: "running", now: "train tuned 3/9" },
    unfinished: { planned, trainings },
  });
  assert.deepEqual(state, { kind: "running", now: "train tuned 3/9" });
  assert.deepEqual(members.map(({ id, state, parameters, share, losses }) => [id, state, parameters, share, losses]), [
    ["rank=4,seed=1", "at work", 400, 0.04, [3, 2, 1]],
    ["rank=4,seed=2", "waiting", 400, 0.04, []],
  ]);
  assert.deepEqual([experiments, saved, time.filter(({ seconds }) => seconds > 0)], [[], [], []]);
});

Deno.test("curves are kept for the best members, not for the first", () => {
  const many = Array.from({ length: 70 }, (_, at) => member(at + 1, 1, at / 100));
  const { members } = viewOf({ ...source, results: { ...results, summaries: [], members: many } });
  const drawn = members.filter(({ losses }) => losses.length > 0).map(({ axes }) => axes["rank"]);
  assert.deepEqual([drawn.length, drawn[0], drawn.at(-1)], [60, 11, 70]);
});

Deno.test("results.csv has a line for each member, and quotes where necessary", () => {
  const odd = { ...member(1, 1, 0.5), id: 'a "b", c', axes: { method: "x\ny" } };
  const lines = csvOf({ ...results, members: [odd, member(4, 1, 0.8)] }).split("\r\n");
  assert.equal(
    lines[0],
    "member,method,rank,seed,trainable parameters,base exactMatch,tuned exactMatch,final loss,train seconds",
  );
  assert.equal(lines[1], '"a ""b"", c","x\ny",,,100,0.1,0.5,0.003,2');
  assert.equal(lines[2], `"rank=4,seed=1",,4,1,400,0.1,0.8,${3 / (1 + 999 * 4)},2`);
  assert.equal(lines[3], "");
});
