/** A plan as text and as a graph. @module */
import assert from "node:assert/strict";
import { formatDot } from "../../../../pipelines/cli/commands/plan_dot.ts";
import { formatPlan } from "../../../../pipelines/cli/commands/plan_text.ts";
import type { Plan } from "../../../../pipelines/schedule/plan/plan.ts";

const member = { id: "rank=1", axes: { rank: 1 }, trainableParameters: 1028, share: 0.0013 };
const program = { members: ["rank=1"], operations: 12, flops: 2.5e9, isEstimate: false };
const entry = { members: ["rank=1"], key: "k", bytes: 600_000 };
const frontier = {
  members: ["rank=1"],
  reason: "block 3",
  level: "hidden states",
  bytes: 1000,
  kept: [],
  recomputed: 0,
};

const plan: Plan = {
  pipeline: "scene",
  members: [member],
  goesOn: false,
  programs: [{ ...program, name: "encode" }, { ...program, name: "train" }],
  cache: [{ ...entry, kind: "encode", cached: true }, { ...entry, kind: "train", cached: false }],
  frontiers: [{ ...frontier, level: "hidden states", recomputedBlocks: 0 }],
  samples: [{ members: ["a"], rows: 8192, of: 450000 }],
  advice: ["choose l7"],
  budgets: { memory: 50e9, activations: 2e9, disk: null },
  estimate: {
    ...{
      steps: 1200,
      validations: 3,
      evaluations: 1,
      flops: 2.5e9,
      bytes: 1e6,
      memory: 3e6,
      resident: 5e8,
      seconds: 14,
    },
    ...{ parts: { encode: 1, train: 5, evaluate: 8, activations: 0 }, range: { from: 2.8, to: 70 }, basis: "assumed" },
  },
};

Deno.test("a plan lists members, frontiers, advice, programs and the estimate", () => {
  assert.equal(
    formatPlan(plan),
    [
      "pipeline scene",
      "",
      "member  trainable  share of base",
      "──────  ─────────  ─────────────",
      "rank=1      1,028       0.1300 %",
      "",
      "frontier: block 3",
      "kept: hidden states, 1.00 kB of at most 50.0 GB",
      "",
      "advice: choose l7",
      "",
      "program  members  operations  GFLOP  in the store    MB",
      "───────  ───────  ──────────  ─────  ────────────  ────",
      "encode   rank=1           12    2.5  yes           0.60",
      "train    rank=1           12    2.5  no            0.60",
      "",
      "estimated from a sample of 8,192 of 450,000 rows",
      "",
      "the store may hold: unlimited",
      "to run: 1,200 steps, 3 validations, 1 evaluation; 2.5 GFLOP to encode and train, 1.0 MB to store, " +
      "3 MB of activations, 500 MB of memory in total",
      "about 14.0 s (encode 1.00 s, train 5.00 s, evaluate 8.00 s), likely 2.80 s to 70.0 s, from an assumed speed, because nothing similar has " +
      "run here yet",
      "",
    ].join("\n"),
  );
});

Deno.test("a plan shows what is recomputed, estimated, quantized and still to be computed", () => {
  const text = formatPlan({
    ...plan,
    goesOn: true,
    programs: [{ ...program, name: "train", members: ["a", "b", "c", "d", "e"], isEstimate: true }],
    cache: [{ ...entry, kind: "quantize", key: null, cached: false }],
    frontiers: [{ ...frontier, level: "hidden states", recomputedBlocks: 2 }],
    estimate: { ...plan.estimate, basis: "model", parts: { encode: 0, train: 14, evaluate: 0, activations: 0 } },
  });
  assert.match(text, /\nand then the stages that continue with the best of these\n/);
  assert.match(text, /\nquantized base: 600 kB, to be computed unless the store has it\n/);
  assert.match(text, /\nrecomputed: 2 blocks in each step, so that the longest row takes at most 2\.00 GB\n/);
  assert.match(text, /\ntrain +5 members +~12 +~2\.5 /);
  assert.match(
    text,
    /\nabout 14\.0 s for these members, likely 2\.80 s to 70\.0 s, from runs of models of this shape here\n$/,
  );
});

Deno.test("a plan names the members of each frontier, and reports what remains to run", () => {
  const members = ["a", "b", "c", "d", "e"].map((id) => ({ ...member, id }));
  const of = (ids: readonly string[], reason: string) => {
    return { ...plan.frontiers[0]!, members: ids, reason };
  };
  const none = { steps: 0, validations: 0, evaluations: 0, seconds: 0 };
  const text = formatPlan({
    ...plan,
    members,
    frontiers: [of(["a"], "first"), of(["b"], "second"), of(["c", "d", "e"], "first")],
    estimate: { ...plan.estimate, ...none },
  });
  assert.match(text, /\nfrontier of a, c, d, e: first\nkept: .*\nfrontier of b: second\n/);
  assert.match(text, /\nto run: nothing, everything is in the store\n$/);
  const alike = formatPlan({ ...plan, members, frontiers: [of(members.map(({ id }) => id), "first")] });
  assert.match(alike, /\nfrontier of 5 members, a to e: first\n/);
});

Deno.test("a plan explains its terms on request", () => {
  assert.doesNotMatch(formatPlan(plan), /where the program is cut/);
  assert.match(formatPlan(plan, true), /\nfrontier {6}where the program is cut: /);
});

Deno.test("a plan of many members lists the first of them", () => {
  const members = Array.from({ length: 1234 }, (_, at) => ({ ...member, id: `seed=${at}` }));
  assert.match(formatPlan({ ...plan, members }), /\nseed=19 .*\n… and 1,214 more members\n/);
});

Deno.test("a plan's graph leads from the rows through its programs to the evaluations", () => {
  assert.equal(
    formatDot(plan),
    [
      'digraph "scene" {',
      "  rankdir=LR;",
      "  node [shape=box];",
      '  p0 [label="encode\\nrank=1\\n2.5 GFLOP", style=filled];',
      '  p1 [label="train\\nrank=1\\n2.5 GFLOP"];',
      "  rows -> p0;",
      "  p0 -> p1;",
      "  p1 -> evaluations;",
      "}",
      "",
    ].join("\n"),
  );
});
