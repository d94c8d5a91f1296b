import assert from "node:assert/strict";
import { join } from "node:path";
import { noteRate, Rates, type Work } from "../../../../pipelines/schedule/context/rates.ts";
import { Store } from "../../../../pipelines/store/store.ts";
import { test } from "../../store/support.ts";

const contextOf = (folder: string, threads = 1) => {
  return { store: new Store(folder), machine: ["runtime", "cpu", threads] as const };
};

/** Ten steps, each with the given number of operations. */
const steps = (each: number, shape = "small", detail = ""): Work => {
  return { kind: "train", shape, detail, runs: 10, flops: 10 * each };
};

test("without measurements a speed is assumed", async (folder) => {
  const { seconds, basis } = (await Rates.read(contextOf(folder))).expected(steps(5e10));
  assert.equal(basis, "assumed");
  assert.ok(seconds > 10 && seconds < 10.1, String(seconds));
});

test("estimates repeat measurements, including the time before the first run, and the newest has half of the weight", async (folder) => {
  const context = contextOf(folder);
  await noteRate(context, steps(1e9), 20, 3);
  assert.deepEqual((await Rates.read(context)).expected(steps(1e9)), { seconds: 23, basis: "model" });
  assert.deepEqual((await Rates.read(context)).expected({ ...steps(1e9), runs: 5, flops: 5e9 }), {
    seconds: 13,
    basis: "model",
  });
  await noteRate(context, steps(1e9), 10, 1);
  assert.deepEqual((await Rates.read(context)).expected(steps(1e9)), { seconds: 17, basis: "model" });
  assert.equal((await Rates.read(contextOf(folder, 2))).expected(steps(1e9)).basis, "assumed");
});

test("a small run does not predict one that is many times as large, and runs in between are interpolated", async (folder) => {
  const context = contextOf(folder);
  await noteRate(context, steps(1e6, "tiny"), 1);
  const rates = await Rates.read(context);
  assert.deepEqual(rates.expected(steps(1e6, "other")), { seconds: 1, basis: "machine" });
  assert.equal(rates.expected(steps(1e9, "other")).basis, "assumed");
  await noteRate(context, steps(4e6, "tiny"), 2);
  const { seconds } = (await Rates.read(context)).expected(steps(2e6, "tiny"));
  assert.ok(Math.abs(seconds - Math.SQRT2) < 1e-9, String(seconds));
});

test("work is expected to take as long as work with the same edits, or else as long as any of its model's", async (folder) => {
  const context = contextOf(folder);
  await noteRate(context, steps(1e9, "small", "loreft"), 20);
  await noteRate(context, steps(1e9, "small", "lora"), 40);
  const rates = await Rates.read(context), secondsOf = (detail: string) => rates.expected(steps(1e9, "small", detail));
  assert.deepEqual([secondsOf("loreft").seconds, secondsOf("lora").seconds], [20, 40]);
  assert.equal(secondsOf("direft").basis, "model");
});

test("an evaluation that is repeated takes as long as the first until one has been measured", async (folder) => {
  const context = contextOf(folder), evaluation = (kind: Work["kind"]) => ({ ...steps(1e9), kind });
  await noteRate(context, evaluation("evaluate"), 20);
  const seconds = async () => (await Rates.read(context)).expected(evaluation("evaluateAgain")).seconds;
  assert.equal(await seconds(), 20);
  await noteRate(context, evaluation("evaluateAgain"), 5);
  assert.equal(await seconds(), 5);
});

test("work that took no time is not recorded, and a damaged or outdated file is ignored", async (folder) => {
  const context = contextOf(folder);
  await noteRate(context, steps(0), 0);
  assert.equal((await Rates.read(context)).expected(steps(1e9)).basis, "assumed");
  for (const text of ["{", '{"runtime cpu 1": {"train": 5}}']) {
    await Deno.writeTextFile(join(folder, "rates.json"), text);
    assert.equal((await Rates.read(context)).expected(steps(1e9)).basis, "assumed");
  }
});
