import assert from "node:assert/strict";
import { differences, type Recorded } from "../../../pipelines/recipes/recorded.ts";

const recorded: Recorded = {
  folder: "/runs/a",
  pipeline: { name: "p", digest: "1111111111111111" },
  members: [{ id: "rank=1", digest: "a" }, { id: "rank=2", digest: "b" }],
  models: [{ source: "m", name: "m", at: "/m", weights: "w1", tokenizer: "t1", config: "c1" }],
  files: [{ path: "./rows.jsonl", digest: "f1" }],
  seeds: [1],
  versions: { refract: "0.1.0" },
};
const sentences = (found: Recorded, isSet = false) => {
  return differences(recorded, found, isSet).map(({ says, isInput }) => [says, isInput]);
};

Deno.test("a run that matches the recorded results reports no difference, wherever its folder is", () => {
  assert.deepEqual(sentences({ ...recorded, folder: "/runs/b" }), []);
});

const changed: Readonly<Record<string, readonly [found: Partial<Recorded>, says: string, isInput: boolean]>> = {
  "the pipeline file": [
    { pipeline: { name: "p", digest: "2222222222222222" } },
    "the pipeline file is 222222222222…, but 111111111111… was recorded",
    true,
  ],
  "a file": [
    { files: [{ path: "./rows.jsonl", digest: "f2" }] },
    "the file ./rows.jsonl is f2, but f1 was recorded",
    true,
  ],
  "the weights": [
    { models: [{ ...recorded.models[0]!, weights: "w2" }] },
    "the weights of m are w2, but w1 was recorded",
    true,
  ],
  "a version": [{ versions: { refract: "0.2.0" } }, "the version of refract is 0.2.0, but 0.1.0 was recorded", false],
};

for (const [name, [found, says, isInput]] of Object.entries(changed)) {
  Deno.test(`a change of ${name} is found, and ${isInput ? "may change results" : "only their last digits"}`, () => {
    assert.deepEqual(sentences({ ...recorded, ...found }), [[says, isInput]]);
  });
}

Deno.test("changed, added and removed members are named, unless an option sets another value", () => {
  const members = [{ id: "rank=1", digest: "c" }, { id: "rank=4", digest: "d" }];
  assert.deepEqual(sentences({ ...recorded, members }).map(([says]) => says), [
    "what is declared for rank=1 differs, in a setting or in a file that the pipeline imports",
    "rank=4 was not among the recorded members",
    "rank=2 is no longer among the members",
  ]);
  assert.deepEqual(sentences({ ...recorded, members }, true), []);
});

Deno.test("provider and threads are compared where both are known", () => {
  const found = { ...recorded, provider: "webgpu", threads: 2 };
  assert.deepEqual(
    differences({ ...recorded, provider: "cpu" }, found, false).map(({ says }) => says),
    ["the provider is webgpu, but cpu was recorded"],
  );
});
