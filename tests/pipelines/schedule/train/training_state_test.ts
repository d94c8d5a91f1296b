import assert from "node:assert/strict";
import type { HostTensor } from "../../../../pipelines/common/host_tensor.ts";
import { TrainingState } from "../../../../pipelines/schedule/train/training_state.ts";
import { inPreparedScene } from "../prepared.ts";

const tensor = (number: number): HostTensor => ({ data: Float32Array.of(number), shape: [1] });
const next = (value: number) => ({
  "next.0.bias": tensor(value),
  "next.first.0.bias": tensor(10 * value),
  "next.second.0.bias": tensor(100 * value),
});

/** A state of one parameter that starts at 1. */
async function inState(test: (make: (resumed?: Readonly<Record<string, HostTensor>>) => TrainingState) => void) {
  await inPreparedScene({}, ({ trainings: [training] }) => {
    const optimizer = { ...training!.spec.optimizer, schedule: { kind: "linear", warmup: 0.25 } } as const;
    const job = {
      programs: {
        parameters: [{ name: "0.bias", shape: [1] }],
        state: ["first.0.bias", "second.0.bias"].map((name) => ({ name, shape: [1] })),
      },
      spec: { optimizer },
      initial: { "0.bias": tensor(1) },
      fixed: { base: tensor(7) },
    };
    test((resumed) => new TrainingState(job, resumed));
  });
}

const numberOf = (feeds: Readonly<Record<string, HostTensor>>, name: string) => Number(feeds[name]?.data[0]);

Deno.test("a training starts at its initial values, with moments and gradients of 0", () =>
  inState((make) => {
    const feeds = make().feeds(2, 8, 5);
    const names = ["base", "0.bias", "first.0.bias", "second.0.bias", "gradient.0.bias"];
    assert.deepEqual(names.map((name) => numberOf(feeds, name)), [7, 1, 0, 0, 0]);
    const settings = ["index", "totalSteps", "warmupSteps", "learningRate", "lossScale"];
    assert.deepEqual(
      settings.map((name) => numberOf(feeds, `step.${name}`)),
      [2, 8, 2, Math.fround(0.01), Math.fround(1 / 5)],
    );
  }));

Deno.test("gradients accumulate until the optimizer steps", () =>
  inState((make) => {
    const state = make();
    state.take({ "next.gradient.0.bias": tensor(3), loss: tensor(1) });
    assert.equal(numberOf(state.feeds(0, 1, 1), "gradient.0.bias"), 3);
    assert.equal(numberOf(state.feeds(0, 1, 1), "0.bias"), 1);
    state.take(next(2));
    assert.equal(numberOf(state.feeds(1, 2, 1), "gradient.0.bias"), 0);
    assert.deepEqual(state.parameters(), { "0.bias": tensor(2) });
  }));

Deno.test("the last good parameters are those before the newest step", () =>
  inState((make) => {
    const state = make();
    assert.deepEqual(state.lastGood(), { "0.bias": tensor(1) });
    state.take(next(2));
    state.take(next(3));
    assert.deepEqual(state.lastGood(), { "0.bias": tensor(2) });
  }));

Deno.test("a resumed training has its previous parameters, moments and last good parameters", () =>
  inState((make) => {
    const state = make();
    state.take(next(2));
    state.take(next(3));
    const resumed = make(state.whole());
    const numbersOf = (each: TrainingState) => {
      const feeds = each.feeds(2, 3, 1);
      return ["0.bias", "first.0.bias", "second.0.bias"].map((name) => numberOf(feeds, name));
    };
    assert.deepEqual(numbersOf(resumed), numbersOf(state));
    assert.deepEqual(resumed.lastGood(), state.lastGood());
  }));

Deno.test("a state is incomplete while a run holds part of it", () =>
  inState((make) => {
    const state = make(), taken = next(2), { buffer } = taken["next.0.bias"].data;
    state.take(taken);
    structuredClone(buffer, { transfer: [buffer] });
    assert.equal(state.whole(), undefined);
  }));
