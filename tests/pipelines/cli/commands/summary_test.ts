/** The summary at the end of a run. @module */
import assert from "node:assert/strict";
import { summarize } from "../../../../pipelines/cli/commands/summary.ts";
import type { MemberRecord, Results } from "../../../../pipelines/results/results.ts";

const prepared = {
  baseParameters: 2000,
  stages: [
    { kind: "train", name: "tuned", settings: { epochs: 3 } },
    { kind: "evaluate", name: "tuned", settings: {} },
  ],
} as const;

function recordOf(id: string, cached: boolean): MemberRecord {
  const common = { name: "tuned", cached };
  return {
    id,
    axes: {},
    trainableParameters: 1028,
    stages: [
      { ...common, kind: "train", seconds: 0.46, steps: 3, losses: [], stepSeconds: [1, 0.002, 3] },
      { ...common, kind: "evaluate", seconds: 1, metrics: { loss: 0.1234 }, predictions: "" },
    ],
  };
}

const encode = { key: "k", cached: false, seconds: 0.1, examples: 80, tokens: 1208, bytes: 600_000 };
const results: Results = { pipeline: "p", members: [recordOf("main", false)], encode: [encode] };

Deno.test("a summary has a line per member, and the time saved by encoding once", () => {
  assert.equal(
    summarize(results, [prepared], 1.38),
    [
      "member  tuned loss  trainable  of base   train    step",
      "──────  ──────────  ─────────  ───────  ──────  ──────",
      "main         0.123      1,028   51.4 %  0.46 s  1.00 s",
      "",
      "encode  80 examples, 1,208 tokens, 0.6 MB, computed once in 0.10 s for 3 epochs, which saved about 0.20 s",
      "total  1.38 s",
      "",
    ].join("\n"),
  );
});

Deno.test("a summary shows what came from the store", () => {
  const fresh = { ...results, encode: [{ ...encode, cached: true }] };
  assert.match(summarize(fresh, [prepared], 1), /\nencode {2}80 examples, .* read from the store for 3 epochs\n/);
  const cached = { ...results, members: [recordOf("main", true)] }, text = summarize(cached, [prepared], 1);
  assert.match(text, /main .* cached {2}1\.00 s\n/);
  assert.match(text, /\nencode {2}80 examples, .* in the store; nothing needed to read it\n/);
});

Deno.test("a summary of several encodings claims no saving, and shows repetitions with their deviation", () => {
  const metrics = { loss: { mean: 0.5, deviation: 0.25, count: 2 } };
  const summaries = [{ id: "rank=1", axes: {}, members: ["a", "b"], stages: [{ name: "tuned", metrics }] }];
  const members = [recordOf("a", false), recordOf("b", false)];
  const text = summarize({ ...results, members, encode: [encode, encode], summaries }, [prepared, prepared], 1);
  assert.match(text, /\nrepeated {2}tuned loss {5}members\n─+ {2}─+ {2}─+\nrank=1 {4}0\.500 ± 0\.250 {8}2\n/);
  assert.match(text, /2\n± is the standard deviation over members here, and the standard error over rows above\n\n/);
  assert.equal(text.match(/computed once in 0\.10 s for 6 epochs\n/g)?.length, 2);
});

Deno.test("a summary has a metric's standard error and unit", () => {
  const { stages, ...rest } = recordOf("main", false);
  const measured = stages.map((stage) => {
    return stage.kind === "evaluate" ? { ...stage, standardErrors: { loss: 0.01 }, units: { loss: "nats" } } : stage;
  });
  const text = summarize({ ...results, members: [{ ...rest, stages: measured }] }, [prepared], 1);
  assert.match(text, /^member {2}tuned loss \(nats\) /);
  assert.match(text, /\nmain {4}0\.123 ± 0\.010 /);
});

Deno.test("a summary shows small numbers with the decimals that they need", () => {
  const { stages, ...rest } = recordOf("main", false);
  const shown = (loss: number, error: number) => {
    const measured = stages.map((stage) => {
      return stage.kind === "evaluate" ? { ...stage, metrics: { loss }, standardErrors: { loss: error } } : stage;
    });
    return /main {4}(.*?) {2}/.exec(
      summarize({ ...results, members: [{ ...rest, stages: measured }] }, [prepared], 1),
    )![1];
  };
  assert.equal(shown(0.002, 0.00031), "0.0020 ± 0.0003");
  assert.equal(shown(0.00000215, 0), "0.000002 ± 0.000000");
  assert.equal(shown(1, 0), "1.000 ± 0.000");
  assert.equal(shown(-0.5, 1e-30), "-0.500 ± 0.000");
});

Deno.test("a summary shows the prediction, and the basis of an uncertain one", () => {
  const time = { seconds: 1.2, expectedSeconds: 1.5, basis: "model" } as const;
  assert.match(
    summarize({ ...results, time }, [prepared], 2),
    /\ntotal {2}2\.00 s, stages 1\.20 s \(1\.50 s predicted\)\n$/,
  );
  const assumed = summarize({ ...results, time: { ...time, basis: "assumed" } }, [prepared], 2);
  assert.match(assumed, /predicted at an assumed speed; the actual times are recorded for the next plan\)\n$/);
  assert.match(
    summarize({ ...results, time: { ...time, expectedSeconds: 0 } }, [prepared], 2),
    /\ntotal {2}2\.00 s\n$/,
  );
});
