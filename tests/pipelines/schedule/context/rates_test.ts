import assert from "node:assert/strict";
import { join } from "node:path";
import { noteRate, ratesOf } from "../../../../pipelines/schedule/context/rates.ts";
import { Store } from "../../../../pipelines/store/store.ts";
import { test } from "../../store/support.ts";

const contextOf = (folder: string, threads = 1) => {
  return { store: new Store(folder), machine: ["runtime", "cpu", threads] as const };
};

test("rates are known by stage and machine, the newest for a half", async (folder) => {
  const context = contextOf(folder);
  assert.deepEqual(await ratesOf(context), {});
  await noteRate(context, "train", 100, 1);
  await noteRate(context, "train", 300, 1);
  await noteRate(context, "encode", 50, 2);
  assert.deepEqual(await ratesOf(context), { train: 200, encode: 25 });
  assert.deepEqual(await ratesOf(contextOf(folder, 2)), {});
});

test("what took no time is not noted, and a damaged file is as good as none", async (folder) => {
  const context = contextOf(folder);
  await noteRate(context, "train", 0, 0);
  assert.deepEqual(await ratesOf(context), {});
  await Deno.writeTextFile(join(folder, "rates.json"), "{");
  assert.deepEqual(await ratesOf(context), {});
});
