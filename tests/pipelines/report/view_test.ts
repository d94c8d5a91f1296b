import assert from "node:assert/strict";
import { csvOf } from "../../../pipelines/report/csv.ts";
import { pageOf } from "../../../pipelines/report/html.ts";
import type { MemberRecord, Results } from "../../../pipelines/results/results.ts";
import { type ReportPrediction, viewOf } from "../../../pipelines/report/view.ts";

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
  predictions: (path: string) => rows[path] ?? [],
};

Deno.test("the view tells trained metrics first, and what the untrained model has", () => {
  const { metrics, untrained, axes, members, repeats, time, saved } = viewOf(source);
  assert.deepEqual(metrics, ["tuned exactMatch", "base exactMatch"]);
  assert.deepEqual(untrained, { "tuned exactMatch": { name: "base", value: 0.1 } });
  assert.deepEqual(axes, [{ name: "rank", values: [1, 4] }, { name: "seed", values: [1, 2] }]);
  assert.deepEqual(members.map(({ repeated }) => repeated), ["rank=1", "rank=1", "rank=4,seed=1"]);
  assert.deepEqual(repeats.map(({ id, count }) => [id, count]), [["rank=1", 2]]);
  assert.deepEqual(time, [
    { name: "encode", seconds: 4 },
    { name: "train", seconds: 6 },
    { name: "evaluate", seconds: 9 },
  ]);
  assert.equal(saved.at(-1), "3 of 9 stages were in the store.");
});

Deno.test("the view thins long curves and tells their stride", () => {
  const [{ losses, gradientNorms, stride, finalLoss }] = viewOf(source).members as [
    ReturnType<typeof viewOf>["members"][number],
  ];
  assert.deepEqual([losses.length, stride], [334, 3]);
  assert.equal(losses[1], 0.75);
  assert.deepEqual([gradientNorms.length, gradientNorms[1]], [334, 1.5]);
  assert.equal(finalLoss, 3 / 1000);
});

Deno.test("samples are of the best member, what it alone has right first", () => {
  const { samples } = viewOf(source);
  assert.deepEqual(samples.map(({ prompt }) => prompt), ["c", "a", "b"]);
  assert.deepEqual(samples[0]!.answers, [{ stage: "base", text: " y" }, { stage: "tuned", text: " x" }]);
});

Deno.test("less of an error is better, whatever its name", () => {
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
  assert.equal(found.samplesOf, "Rows of the evaluation of rank=4,seed=1.");
  assert.deepEqual(viewOf(source).lowerIsBetter, []);
});

Deno.test("the page holds all it needs, and no text of a row is read as markup", async () => {
  const evil = "</script><script>alert(1)</script>";
  const page = await pageOf(viewOf({ ...source, manifest: evil, results: { ...results, pipeline: "$& $1" } }));
  assert.ok(!page.includes(evil) && page.includes("\\u003c/script>"));
  assert.ok(page.includes('"pipeline":"$& $1"'));
  assert.deepEqual([...page.matchAll(/(src|href)="(?!data:|#)/g)], []);
  assert.ok(!/https?:\/\/(?!www\.w3\.org\/2000\/svg)/.test(page));
});

Deno.test("a run that goes on has its trainings as members", () => {
  const { isRunning, now, members } = viewOf({ ...source, now: "train tuned 3/9" });
  assert.deepEqual([isRunning, now, members.length], [true, "train tuned 3/9", 3]);
});

Deno.test("results.csv has a line for each member, and quotes what it has to", () => {
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
