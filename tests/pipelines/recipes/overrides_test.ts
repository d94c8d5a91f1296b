import assert from "node:assert/strict";
import {
  currentLoading,
  overridesOfOptions,
  requireKnown,
  whileLoading,
} from "../../../pipelines/recipes/overrides.ts";

const overrides = overridesOfOptions(new Map([["rank", ["1", "4"]]]));

Deno.test("overrides of options are texts, with the option as their location", () => {
  assert.deepEqual(overrides.get("rank"), {
    values: ["1", "4"],
    isList: true,
    isText: true,
    location: { file: "--set rank" },
  });
});

Deno.test("overrides apply only to existing axes and settings", () => {
  requireKnown(overrides, [{ name: "rank" }], new Map());
  requireKnown(overrides, [], new Map([["rank", 2]]));
  assert.throws(
    () => requireKnown(overrides, [{ name: "ranks" }], new Map()),
    /^RequestError: --set rank: there is no such axis or setting; did you mean "ranks"/,
  );
  assert.throws(() => requireKnown(overrides, [], new Map()), /; the pipeline has none$/);
  const ofRecipe = new Map([["rank", { ...overrides.get("rank")!, location: { file: "a.yaml", line: 3 } }]]);
  assert.throws(() => requireKnown(ofRecipe, [], new Map()), /^RequestError: a\.yaml:3: there is no such .* as rank; /);
});

Deno.test("an axis and a setting do not share a name", () => {
  assert.throws(
    () => requireKnown(new Map(), [{ name: "rank" }], new Map([["rank", 2]])),
    /rank is both an axis and a setting; rename one of them/,
  );
});

Deno.test("the loading in progress is known until it ends, even if it fails", async () => {
  const loading = { overrides, settings: new Map() };
  assert.equal(await whileLoading(loading, () => Promise.resolve(currentLoading())), loading);
  await assert.rejects(whileLoading(loading, () => Promise.reject(new TypeError("broken"))), /broken/);
  assert.equal(currentLoading(), undefined);
});
