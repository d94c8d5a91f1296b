import assert from "node:assert/strict";
import { csvOf } from "../../../pipelines/report/csv.ts";
import type { MemberRecord } from "../../../pipelines/results/results.ts";

const member = (id: string, axes: MemberRecord["axes"], accuracy?: number): MemberRecord => ({
  id,
  axes,
  trainableParameters: 5,
  stages: [
    { name: "tuned", kind: "train", cached: false, seconds: 1.5, steps: 2, losses: [2, 0.25], stepSeconds: [] },
    ...accuracy === undefined ? [] : [
      { name: "tuned", kind: "evaluate", cached: false, seconds: 0, metrics: { accuracy }, predictions: "" } as const,
    ],
  ],
});

Deno.test("csvOf() has a line for each member, with empty fields for missing values", () => {
  const members = [member("rank=1", { rank: 1 }, 0.5), member("edit=a", { edit: "a" })];
  assert.equal(
    csvOf({ pipeline: "p", members, encode: [] }),
    [
      "member,rank,edit,trainable parameters,tuned accuracy,final loss,train seconds",
      "rank=1,1,,5,0.5,0.25,1.5",
      "edit=a,,a,5,,0.25,1.5",
      "",
    ].join("\r\n"),
  );
});

Deno.test("csvOf() quotes fields with commas, quotes and line breaks", () => {
  const [, line] = csvOf({ pipeline: "p", members: [member('a "b",\nc', {})], encode: [] }).split("\r\n");
  assert.equal(line, '"a ""b"",\nc",5,0.25,1.5');
});

Deno.test("csvOf() has the standard errors of a metric in the next column", () => {
  const [{ stages, ...rest }] = [member("main", {}, 0.5)];
  const withError = stages.map((stage) => {
    return stage.kind === "evaluate" ? { ...stage, standardErrors: { accuracy: 0.1 } } : stage;
  });
  const [header, line] = csvOf({ pipeline: "p", members: [{ ...rest, stages: withError }], encode: [] }).split("\r\n");
  assert.equal(header, "member,trainable parameters,tuned accuracy,tuned accuracy ±,final loss,train seconds");
  assert.equal(line, "main,5,0.5,0.1,0.25,1.5");
});
